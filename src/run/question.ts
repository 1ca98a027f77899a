import type { Agent } from "../agent/agent.ts";
import type { Candidate, Verdict } from "../agent/gate.ts";
import { callHash, canonicalJson } from "../approval/call-hash.ts";
import { rejectionText } from "../approval/decision.ts";
import { type InputField, inputFields } from "../tools/input-fields.ts";
import { type ApprovalPolicy, openRules, type Rules } from "../tools/policy.ts";
import type { Tool } from "../tools/tool.ts";
import type { AskReason, Entry } from "./entry.ts";
import { applyAll } from "./fold.ts";
import { approvalIdOf, maxApprovals } from "./ids.ts";
import type { SwitchReading } from "./kill-switch.ts";
import {
  type ApprovalState,
  type CallState,
  known,
  pendingApprovals,
  type RunState,
} from "./state.ts";

/** What planning needs beside the run itself: it has no clock and no identity of its own. */
export interface Setting {
  nowMs: number;
  /** The instance that plans. */
  boot: string;
  /** The work that this instance has under way, by `workOf`: whatever else the journal calls running was interrupted. */
  alive: ReadonlySet<string>;
  /** Undefined where the agent is no longer configured: then the run waits for it. */
  agent: Agent | undefined;
  killSwitch: SwitchReading;
  /** What the policies of calls that are put to people anew have just said, by the calls' ids. */
  findings?: ReadonlyMap<string, Findings>;
}

const defaultPolicy: ApprovalPolicy = {
  type: "required",
  expiresInMs: 7 * 86_400_000,
  useWithinMs: 86_400_000,
  rules: openRules,
  when: null,
  preview: null,
  approversOf: null,
};

/** What a policy's functions found about a call. */
export interface Findings {
  /** True where no approval is needed: only what said so clearly counts. */
  waived: boolean;
  approvers: string[] | null;
  preview: string | null;
}

/** A call as the gate looks at it before it starts. */
export function candidateOf(state: RunState, call: CallState): Candidate {
  const { key, toolName, userConfirmed } = call;
  const approval = call.approvalId === null ? null : known(state.approvals, call.approvalId);
  return {
    runId: state.id,
    key,
    toolName,
    toolVersion: call.toolVersion ?? "",
    args: call.args ?? {},
    userConfirmed,
    waived: call.waived === true,
    approval,
  };
}

/** What a person is, or was, asked to fill in: as it was then, where that was noted. */
export function askedFields(call: CallState, tool: Tool | undefined): readonly InputField[] {
  return call.inputFields ?? (tool === undefined ? [] : inputFields(tool));
}

/** Puts a call to a person: to those who may approve, or, where the tool has no approval, to the run's own user. */
export function ask(
  state: RunState,
  call: CallState,
  verdict: Verdict & { kind: "ask" },
  setting: Setting,
  reason: AskReason | null,
  found?: Findings,
): Entry[] {
  const { args, pauseType, policy, toolVersion } = verdict;
  const tool = pauseType === "user_input" ? setting.agent?.tools.get(call.toolName) : undefined;
  const waits = {
    kind: "call_waits",
    callId: call.id,
    pauseType,
    ...(toolVersion !== call.toolVersion && { args, toolVersion }),
    ...(tool !== undefined && { inputFields: inputFields(tool) }),
  } as const;
  if (policy === null) return [{ ...waits, approvalId: null }];
  const n = state.approvals.size;
  if (n >= maxApprovals)
    return [ended(call, "refused", `A run may ask for ${maxApprovals} approvals at most.`)];
  const approvalId = approvalIdOf(state.id, n);
  const key = keyFor(state, call, reason);
  return [
    {
      kind: "approval_asked",
      approvalId,
      callId: call.id,
      key,
      type: "required",
      pauseType,
      reason,
      args,
      argsHash: hashOf(state, call, { key, toolVersion, args }),
      toolVersion,
      expiresAtMs: setting.nowMs + policy.expiresInMs,
      useWithinMs: policy.useWithinMs,
      ...asked(state, call, policy, args, found),
    },
    { ...waits, approvalId },
  ];
}

/** What an approval of these arguments of a call is bound to; `key` is what that question, or attempt, is known by. */
export function hashOf(
  { id: runId }: RunState,
  { toolName }: CallState,
  { args, key: callId, toolVersion }: Pick<ApprovalState, "args" | "key" | "toolVersion">,
): string {
  return callHash({ runId, callId, toolName, toolVersion, args });
}

/**
 * What is asked of those who decide, and what they read: as it was found for these arguments, or, where a call is put to a
 * person anew, as it was found before. Where only code can say who may decide, and it has not, nobody may.
 */
/** Every approval that was asked for of this call, in their order. */
function questionsOf(state: RunState, call: CallState): ApprovalState[] {
  return [...state.approvals.values()].filter(({ callId }) => callId === call.id);
}

function asked(
  state: RunState,
  call: CallState,
  { approversOf, rules }: ApprovalPolicy,
  args: Record<string, unknown>,
  found?: Findings,
): { rules: Rules; preview?: string } {
  const before = questionsOf(state, call).at(-1);
  const isSame = before !== undefined && canonicalJson(before.args) === canonicalJson(args);
  const preview = found === undefined ? (isSame ? before.preview : null) : found.preview;
  const approvers =
    approversOf === null ? rules.approvers : (found?.approvers ?? before?.rules.approvers ?? []);
  return { rules: { ...rules, approvers }, ...(preview != null && { preview }) };
}

/** A key that no question about this call had before, nor an attempt of unknown outcome: a retry is a call of its own. */
function keyFor(state: RunState, call: CallState, reason: AskReason | null): string {
  const asked = [...state.approvals.values()].filter(({ callId }) => callId === call.id);
  if (asked.length === 0 && reason !== "unknown_outcome") return call.id;
  const used = new Set(asked.map(({ key }) => key));
  let n = 1;
  while (used.has(`${call.id}~${n}`)) n += 1;
  return `${call.id}~${n}`;
}

/** An approval's end without a decision. */
function closedByNobody({ id }: ApprovalState, status: "expired" | "cancelled"): Entry {
  return {
    kind: "approval_resolved",
    approvalId: id,
    status,
    principal: null,
    resolvedBy: null,
    data: null,
  };
}

/** The approval's time is up: nothing is executed, and the model is told, or the run ends with it. */
export function lapse(state: RunState, approval: ApprovalState): Entry[] {
  const call = known(state.calls, approval.callId);
  const lapsed: Entry[] = [
    closedByNobody(approval, "expired"),
    approval.reason === "unknown_outcome"
      ? ended(call, "unknown", unknownText)
      : ended(
          call,
          "expired",
          "Function call was not executed: its approval expired before anyone decided.",
        ),
  ];
  if (approval.rules.onExpire === "reject") return lapsed;
  const after = applyAll(state, lapsed, { seq: state.seq, atMs: state.updatedAtMs });
  return [...lapsed, ...stop(after, { kind: "cancelled" })];
}

/** A person said no: nothing is executed, and the model is told why. */
export function turnDown(
  approval: ApprovalState | null,
  call: CallState,
  note: string | null,
): Entry {
  if (approval?.reason === "unknown_outcome") {
    return ended(call, "unknown", note === null ? unknownText : `${unknownText} Note: ${note}`);
  }
  return ended(call, "rejected", rejectionText(note));
}

/** The run ends before its work does: what waits is cancelled; a call that is at work is left to report. */
export function stop(state: RunState, last: Entry & { kind: "failed" | "cancelled" }): Entry[] {
  const entries = pendingApprovals(state).map((approval) => closedByNobody(approval, "cancelled"));
  let records = 0;
  for (const call of state.calls.values()) {
    if (call.phase === "running" || call.phase === "ended") continue;
    const approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
    const end =
      approval?.reason === "unknown_outcome"
        ? ended(call, "unknown", unknownText)
        : ended(call, "cancelled", call.phase === "delegated" ? memberText : cancelledText);
    const [closed = end, ...record] = close(state, call, undefined, end, records);
    entries.push(closed, ...record);
    if (record.length > 0) records += 1;
  }
  return [...entries, last];
}

export const cancelledText = "The run ended before this call was executed.";
const memberText = "The run ended before this member had answered.";

const unknownText =
  "The outcome of this call is unknown: it was interrupted, and may or may not have taken effect.";

/** A call of which kern cannot know whether it took effect: a gated one is put to a person, any other is told to the model. */
export function unknown(
  state: RunState,
  call: CallState,
  setting: Setting,
  found?: Findings,
): Entry[] {
  const tool = setting.agent?.tools.get(call.toolName);
  if (!wasGated(call, tool) || state.ended !== null) {
    return close(state, call, tool, ended(call, "unknown", unknownText));
  }
  // A tool that is gone, or asks for nothing any more, does not open what was asked of few.
  const rules = questionsOf(state, call).at(-1)?.rules ?? openRules;
  const policy = tool?.approval ?? { ...defaultPolicy, rules };
  const verdict: Verdict & { kind: "ask" } = {
    kind: "ask",
    args: call.args ?? {},
    toolVersion: call.toolVersion ?? "",
    pauseType: "confirmation",
    policy: { ...policy, type: "required" },
  };
  return ask(state, call, verdict, setting, "unknown_outcome", found);
}

/** The policy by which a call whose outcome is not known is put to people; null where it is not, or none is left. */
export function asksAgain(call: CallState, tool: Tool | undefined): ApprovalPolicy | null {
  return wasGated(call, tool) ? (tool?.approval ?? null) : null;
}

/** Somebody was asked before it ran: its approvers, or the run's own user. */
function wasGated(call: CallState, tool: Tool | undefined): boolean {
  return call.approvalId !== null || (call.userConfirmed && !isAudited(tool, call));
}

/** A call that ran under an approval has its record, whatever its tool asks for by now. */
function isAudited(tool: Tool | undefined, { approvalId, audited }: CallState): boolean {
  return approvalId === null && (audited === true || tool?.approval?.type === "audit");
}

/**
 * The end of a call, and with it, in the same row, the record that an audited one leaves. `before` counts the records that
 * this row has left already.
 */
export function close(
  state: RunState,
  call: CallState,
  tool: Tool | undefined,
  end: Entry,
  before = 0,
): Entry[] {
  // Where nobody has decided and nothing was begun, there is nothing to be told of.
  const happened = call.userConfirmed || call.effect !== null;
  if (!happened || !isAudited(tool, call)) return [end];
  return [end, ...auditRecord(state, call, state.approvals.size + before)];
}

/** The record of an audit tool's call: closed from the start, with what the run's own user said where they were asked. */
function auditRecord(state: RunState, call: CallState, n: number): Entry[] {
  const approvalId = approvalIdOf(state.id, n);
  const args = call.args ?? {};
  const toolVersion = call.toolVersion ?? "";
  return [
    {
      kind: "approval_asked",
      approvalId,
      callId: call.id,
      key: call.key,
      type: "audit",
      pauseType: call.pauseType ?? "confirmation",
      reason: null,
      args,
      argsHash: hashOf(state, call, { key: call.key, toolVersion, args }),
      toolVersion,
      expiresAtMs: null,
      useWithinMs: 0,
    },
    {
      kind: "approval_resolved",
      approvalId,
      status: call.userConfirmed && call.confirmed === false ? "rejected" : "approved",
      principal: null,
      resolvedBy: call.userConfirmed ? call.answeredAs : null,
      data: call.note === null ? null : { note: call.note },
    },
  ];
}

export function ended(
  call: CallState,
  outcome: Extract<Entry, { kind: "call_ended" }>["outcome"],
  result: string,
): Entry {
  // Of a call that was at work before, nobody can say that it was not executed.
  const doubtful = call.effect !== null && !["succeeded", "failed", "unknown"].includes(outcome);
  const end = doubtful
    ? ({ outcome: "unknown", result: `${unknownText} ${result}` } as const)
    : { outcome, result };
  return { kind: "call_ended", callId: call.id, ...end };
}
