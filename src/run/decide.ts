import { createHash } from "node:crypto";
import { type Arguments, checkArguments } from "../agent/gate.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { type Decider, type Decision, nameOf, noteOf, rule } from "../approval/decision.ts";
import { ineligible } from "../approval/eligible.ts";
import type { ApprovalStatus } from "../approval/record.ts";
import type { Tool } from "../tools/tool.ts";
import { fillIn, handedIn, type Invalid } from "./answer.ts";
import type { Entry } from "./entry.ts";
import type { Refusal } from "./messages.ts";
import { requestersOf } from "./policy.ts";
import { ended, hashOf, lapse, turnDown } from "./question.ts";
import { withoutMasks } from "./secrets.ts";
import { type ApprovalState, type CallState, known, type RunState } from "./state.ts";

/** What an answer comes to: entries to store, or why there are none. */
export type Answer =
  | { kind: "accepted"; entries: Entry[] }
  | { kind: "repeated" }
  | { kind: "lapsed"; entries: Entry[] }
  | { kind: "taken"; status: ApprovalStatus }
  | { kind: "forbidden"; message: string }
  | Invalid;

interface DecisionSetting {
  nowMs: number;
  tools: ReadonlyMap<string, Tool>;
  /** Who may decide on other arguments, where a decision changes them and only code can say; null: nobody was asked. */
  approversOfChanged?: readonly string[] | null;
}

/** An approval is answered. Nothing here waits: the answer is judged and stored in one turn. */
export function answer(
  state: RunState,
  approval: ApprovalState,
  decision: Decision,
  decider: Decider,
  setting: DecisionSetting,
): Answer {
  const { data } = decision;
  const call = known(state.calls, approval.callId);
  const consent: Consent =
    decision.status === "approved"
      ? consentTo(state, call, approval, data ?? {}, setting)
      : reasonedNo(approval, data ?? {});
  const argsHash = (consent.kind === "run" && consent.argsHash) || approval.argsHash;
  const standing = { ...approval, requesters: requestersOf(state) };
  const action: unknown = approval.reason === "unknown_outcome" ? data?.["action"] : undefined;
  const said = { argsHash: meaningOf(argsHash, consent, action), nowMs: setting.nowMs };
  const ruling = rule(standing, decision, decider, said);
  if (ruling.kind === "repeat") return { kind: "repeated" };
  if (ruling.kind === "taken") return ruling;
  if (ruling.kind === "lapse") return { kind: "lapsed", entries: lapse(state, approval) };
  if (ruling.kind === "forbidden") return { kind: "forbidden", message: ruling.reason };
  if (consent.kind === "invalid") return consent;
  const voted: Entry[] =
    ruling.vote === null
      ? []
      : [{ kind: "approval_voted", approvalId: approval.id, vote: ruling.vote }];
  if (ruling.kind === "count") return { kind: "accepted", entries: voted };
  const resolved = {
    kind: "approval_resolved",
    approvalId: approval.id,
    status: ruling.status,
    principal: decider.principal,
    resolvedBy: ruling.resolvedBy,
    data,
  } as const;
  if (ruling.status === "rejected")
    return {
      kind: "accepted",
      entries: [...voted, resolved, turnDown(approval, call, noteOf(data))],
    };
  if (consent.kind === "result")
    return {
      kind: "accepted",
      entries: [...voted, resolved, ended(call, "succeeded", consent.result)],
    };
  const { args } = consent;
  const { key, toolVersion } = approval;
  return {
    kind: "accepted",
    entries: [
      ...voted,
      { ...resolved, ...(args !== undefined && { args, argsHash }) },
      { kind: "call_released", callId: call.id, key, args: args ?? approval.args, toolVersion },
    ],
  };
}

type Consent =
  | { kind: "run"; args?: Arguments; argsHash?: string }
  | { kind: "result"; result: string }
  | Invalid;

/**
 * What a decision is for, by which votes are told apart: the arguments, and, where nothing is executed or it is said what became
 * of an earlier attempt, that as well. Two who hand in different results do not want the same.
 */
function meaningOf(argsHash: string, consent: Consent, action: unknown): string {
  const result = consent.kind === "result" ? consent.result : undefined;
  if (result === undefined && action === undefined) return argsHash;
  return createHash("sha256")
    .update(`kern.vote.v1\n${canonicalJson({ argsHash, action, result })}`)
    .digest("hex");
}

/** A rejection says why, where there are reasons to choose from. */
function reasonedNo({ rules }: ApprovalState, data: Record<string, unknown>): Consent {
  const { reasons } = rules;
  const { reason } = data;
  if (reasons === null || reasons.some((one) => one === reason)) return { kind: "run" };
  const message = `Rejecting this needs resolution_data.reason: one of ${reasons.map((reason) => `'${reason}'`).join(", ")}.`;
  return { kind: "invalid", message };
}

/** What an approval of this kind needs beside the yes. */
function consentTo(
  state: RunState,
  call: CallState,
  approval: ApprovalState,
  data: Record<string, unknown>,
  setting: DecisionSetting,
): Consent {
  const tool = setting.tools.get(call.toolName);
  if (approval.reason === "unknown_outcome") {
    if (data["action"] === "retry") return { kind: "run" };
    if (data["action"] === "done" && data["result"] !== undefined) return handedIn(data);
    const message =
      "The outcome of this call is unknown. To approve, give resolution_data.action: 'retry' to run it again, or 'done' with 'result' if it took effect.";
    return { kind: "invalid", message };
  }
  if (approval.pauseType === "external_execution") {
    if (data["result"] !== undefined) return handedIn(data);
    return {
      kind: "invalid",
      message:
        "Approving an external execution needs resolution_data.result: what the tool returned.",
    };
  }
  if (approval.pauseType === "user_input") {
    const filled = fillIn(call, approval.args, data, tool);
    if (filled.kind === "invalid") return filled;
    if (isForOthers(approval, tool, setting)) return { kind: "invalid", message: forOthers };
    return withArguments(state, call, approval, filled.args);
  }
  if (data["args"] === undefined) return { kind: "run" };
  const edited = editedBy(approval, data["args"], tool);
  if ("kind" in edited) return edited;
  if (isForOthers(approval, tool, setting)) return { kind: "invalid", message: forOthers };
  return withArguments(state, call, approval, edited.args);
}

/** Whether the tool's code names others for the arguments as this decision would have them than for those that were asked about. */
function isForOthers(
  { rules }: ApprovalState,
  tool: Tool | undefined,
  { approversOfChanged }: DecisionSetting,
): boolean {
  if ((tool?.approval?.approversOf ?? null) === null) return false;
  return !isSameSet(approversOfChanged ?? [], rules.approvers ?? []);
}

const forOthers = "With these arguments others would have to decide: reject the call, and say so.";

function withArguments(
  state: RunState,
  call: CallState,
  { key, toolVersion }: ApprovalState,
  args: Arguments,
): Consent {
  return { kind: "run", args, argsHash: hashOf(state, call, { key, toolVersion, args }) };
}

/** The arguments as an approver would have them: only those that may be changed are, and the tool takes them. */
export function editedBy(
  { args, rules }: ApprovalState,
  said: unknown,
  tool: Tool | undefined,
): Invalid | { args: Arguments } {
  const invalid = (message: string): Invalid => ({ kind: "invalid", message });
  if (rules.edit.length === 0)
    return invalid(
      "This approval does not allow the arguments to be changed: leave out resolution_data.args.",
    );
  if (typeof said !== "object" || said === null || Array.isArray(said))
    return invalid("resolution_data.args must be an object: the arguments to change.");
  const given = withoutMasks(said as Arguments, rules.secret);
  if (tool === undefined) return invalid("The tool no longer exists.");
  const stranger = Object.entries(given).find(
    ([name, value]) =>
      !rules.edit.includes(name) &&
      (rules.secret.includes(name) ||
        !Object.hasOwn(args, name) ||
        canonicalJson(value) !== canonicalJson(args[name])),
  );
  if (stranger !== undefined)
    return invalid(
      `'${stranger[0]}' is not an argument that may be changed. Those are: ${rules.edit.join(", ")}.`,
    );
  const checked = checkArguments(tool, { ...args, ...given });
  if (!checked.ok) return invalid(checked.message);
  // Reading them anew may change others as well.
  const edited = Object.entries(checked.value).filter(([name]) => rules.edit.includes(name));
  return { args: { ...args, ...Object.fromEntries(edited) } };
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return canonicalJson(some.toSorted()) === canonicalJson(others.toSorted());
}

/** The longest that an approval may be made to wait from now on. */
const maxExtensionMs = 365 * 86_400_000;

const notLess = "An approval can be given more time, not less: to end it, decide on it.";

type Prolonged =
  | { kind: "prolonged" | "lapsed"; entries: Entry[] }
  | { kind: "refused"; refusal: Refusal };

/** A pending approval is given more time by who may decide on it; the same time again is nothing new. Less would be a decision. */
export function prolong(
  state: RunState,
  approval: ApprovalState,
  { decider, expiresAtMs, nowMs }: { decider: Decider; expiresAtMs: number; nowMs: number },
): Prolonged {
  const refuse = (refusal: Refusal): Prolonged => ({ kind: "refused", refusal });
  if (approval.status !== "pending")
    return refuse({ ok: false, reason: "taken", status: approval.status });
  if (approval.expiresAtMs !== null && nowMs >= approval.expiresAtMs)
    return { kind: "lapsed", entries: lapse(state, approval) };
  const reason = ineligible(decider, { ...approval, requesters: requestersOf(state) });
  if (reason !== null) return refuse({ ok: false, reason: "forbidden", message: reason });
  if (expiresAtMs <= nowMs || expiresAtMs > nowMs + maxExtensionMs) {
    const message = "Give a time from now on, at most a year ahead.";
    return refuse({ ok: false, reason: "invalid", message });
  }
  if (expiresAtMs === approval.expiresAtMs) return { kind: "prolonged", entries: [] };
  if (expiresAtMs < (approval.expiresAtMs ?? Number.POSITIVE_INFINITY))
    return refuse({ ok: false, reason: "invalid", message: notLess });
  const by = nameOf(decider);
  return {
    kind: "prolonged",
    entries: [{ kind: "approval_extended", approvalId: approval.id, expiresAtMs, by }],
  };
}
