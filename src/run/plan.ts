import type { Agent } from "../agent/agent.ts";
import { type Candidate, judge, permit, type Verdict } from "../agent/gate.ts";
import { callHash } from "../approval/call-hash.ts";
import { rejectionText } from "../approval/decision.ts";
import type { ModelReply } from "../models/model.ts";
import type { ApprovalPolicy, Tool } from "../tools/tool.ts";
import { type AskedCall, type AskReason, type Entry } from "./entry.ts";
import { approvalIdOf, maxApprovals } from "./ids.ts";
import {
  apply,
  applyAll,
  type ApprovalState,
  type CallState,
  currentCalls,
  known,
  sizeOf,
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
}

/** Work to be begun once the entries that announce it are stored. */
export type Launch =
  | { kind: "model"; step: number; attempt: number }
  | { kind: "tool"; callId: string; attempt: number; reconcile: boolean };

export interface Plan {
  entries: Entry[];
  launches: Launch[];
  state: RunState;
}

/** The name of a piece of work: a call's id, or the number of a model step. */
export function workOf(launch: Launch): string {
  return launch.kind === "tool" ? launch.callId : `step ${launch.step}`;
}

/** The most characters that a run may hold: it is kept in memory, and goes whole to whoever reads it. */
const maxRunSize = 6 * 1024 * 1024;
const tooLarge = `${maxRunSize / 1024 / 1024} million characters`;

/** The most characters of a call's id and of a tool's name that are kept of what a model writes. */
const maxNameLength = 128;

/** A step that was interrupted this often is not tried again. */
const maxAttempts = 20;

const defaultPolicy: ApprovalPolicy = {
  type: "required",
  expiresInMs: 7 * 86_400_000,
  useWithinMs: 86_400_000,
};

/** Everything that may happen now, `first` included: the entries to store in one row, and the work to begin after. */
export function plan(state: RunState | null, first: Entry[], setting: Setting): Plan {
  const entries: Entry[] = [];
  const launches: Launch[] = [];
  const row = { seq: (state?.seq ?? 0) + 1, atMs: setting.nowMs };
  let current = state;
  const take = (more: Entry[]): RunState => {
    for (const entry of more) current = apply(current, entry, row);
    entries.push(...more);
    if (current === null) throw new Error("The run has not been started.");
    return current;
  };
  let now = take(first);
  const alive = new Set(setting.alive);
  const moment = { ...setting, alive };
  for (let move = next(now, moment); move !== null; move = next(now, moment)) {
    now = take(move.entries);
    if (move.launch === undefined) continue;
    launches.push(move.launch);
    alive.add(workOf(move.launch));
  }
  return { entries, launches, state: now };
}

interface Move {
  entries: Entry[];
  launch?: Launch;
}

function next(state: RunState, setting: Setting): Move | null {
  const interrupted = [...state.calls.values()].find(
    (call) => call.phase === "running" && !setting.alive.has(call.id),
  );
  if (state.ended !== null) {
    return interrupted === undefined ? null : { entries: unknown(state, interrupted, setting) };
  }
  const overdue = pendingApprovals(state).find(
    ({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= setting.nowMs,
  );
  if (overdue !== undefined) return { entries: lapse(state, overdue) };
  if (setting.agent === undefined) return null;
  if (interrupted !== undefined) return recover(state, interrupted, setting.agent, setting);
  const ready = [...state.calls.values()].find((call) => call.phase === "ready");
  if (ready !== undefined) return begin(state, ready, setting.agent, setting);
  return step(state, setting.agent, setting);
}

/** The model is asked: for the first time, for the next step, or again. */
function step(state: RunState, agent: Agent, { alive, boot, nowMs }: Setting): Move | null {
  const last = state.steps.at(-1);
  const ask = (n: number, attempt: number): Move =>
    attempt > maxAttempts
      ? {
          entries: stop(state, {
            kind: "failed",
            error: `The model was interrupted ${maxAttempts} times; giving up.`,
          }),
        }
      : {
          entries: [{ kind: "step_started", step: n, attempt, boot }],
          launch: { kind: "model", step: n, attempt },
        };
  if (last === undefined) return ask(1, 1);
  if (last.phase === "open")
    return alive.has(`step ${last.n}`) ? null : ask(last.n, last.attempt + 1);
  if (last.phase === "failed") {
    if (last.retryAtMs === null)
      return { entries: stop(state, { kind: "failed", error: last.error ?? "The model failed." }) };
    return last.retryAtMs <= nowMs ? ask(last.n, last.attempt + 1) : null;
  }
  if (currentCalls(state).some((call) => call.phase !== "ended")) return null;
  if (last.callIds.length === 0) return { entries: [{ kind: "completed", content: last.content }] };
  if (last.n >= agent.maxSteps) {
    const error = `The run was stopped after ${agent.maxSteps} steps (maxSteps) without an answer.`;
    return { entries: stop(state, { kind: "failed", error }) };
  }
  return ask(last.n + 1, 1);
}

/** A call that may start asks the gate once more, by the tool as it is now. */
function begin(state: RunState, call: CallState, agent: Agent, setting: Setting): Move {
  const verdict = permit(agent.tools, candidateOf(state, call), setting.nowMs);
  if (verdict.kind === "refuse") return { entries: [ended(call, "refused", verdict.reason)] };
  if (verdict.kind === "ask")
    return { entries: ask(state, call, verdict.verdict, setting, verdict.reason) };
  return start(call, verdict.tool, setting, 1, false);
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
    approval,
  };
}

function start(
  call: CallState,
  tool: Tool,
  { boot }: Setting,
  attempt: number,
  reconcile: boolean,
): Move {
  return {
    entries: [{ kind: "call_started", callId: call.id, attempt, boot, effect: tool.effect }],
    launch: { kind: "tool", callId: call.id, attempt, reconcile },
  };
}

/** What becomes of a call whose instance went away while the tool was at work: it depends on what the tool promised. */
function recover(state: RunState, call: CallState, agent: Agent, setting: Setting): Move {
  const tool = agent.tools.get(call.toolName);
  // What may have taken effect under one key must not be asked about anew: it would then run under another.
  const allowed = permit(agent.tools, candidateOf(state, call), setting.nowMs).kind === "go";
  const repeatable =
    tool !== undefined &&
    call.effect === tool.effect &&
    (tool.effect === "verifiable" || (tool.effect === "idempotent" && allowed)) &&
    tool.version === call.toolVersion;
  if (!repeatable || call.attempt >= maxAttempts) return { entries: unknown(state, call, setting) };
  return start(call, tool, setting, call.attempt + 1, tool.effect === "verifiable");
}

const unknownText =
  "The outcome of this call is unknown: it was interrupted, and may or may not have taken effect.";

/** A call of which kern cannot know whether it took effect: a gated one is put to a person, any other is told to the model. */
export function unknown(state: RunState, call: CallState, setting: Setting): Entry[] {
  const approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
  const tool = setting.agent?.tools.get(call.toolName);
  if (approval === undefined || state.ended !== null) {
    return [
      ended(call, "unknown", unknownText),
      ...(isAudited(tool, call) ? auditRecord(state, call, call.userConfirmed) : []),
    ];
  }
  const policy = tool?.approval ?? defaultPolicy;
  const verdict: Verdict & { kind: "ask" } = {
    kind: "ask",
    args: call.args ?? {},
    toolVersion: call.toolVersion ?? "",
    pauseType: "confirmation",
    policy: { ...policy, type: "required" },
  };
  return ask(state, call, verdict, setting, "unknown_outcome");
}

/** Puts a call to a person: to those who may approve, or, where the tool has no approval, to the run's own user. */
export function ask(
  state: RunState,
  call: CallState,
  verdict: Verdict & { kind: "ask" },
  setting: Setting,
  reason: AskReason | null,
): Entry[] {
  const { args, pauseType, policy, toolVersion } = verdict;
  const waits = {
    kind: "call_waits",
    callId: call.id,
    pauseType,
    ...(toolVersion !== call.toolVersion && { args, toolVersion }),
  } as const;
  if (policy === null) return [{ ...waits, approvalId: null }];
  const n = state.approvals.size;
  if (n >= maxApprovals)
    return [ended(call, "refused", `A run may ask for ${maxApprovals} approvals at most.`)];
  const approvalId = approvalIdOf(state.id, n);
  const earlier = [...state.approvals.values()].filter(
    (approval) => approval.callId === call.id,
  ).length;
  const key = earlier === 0 ? call.id : `${call.id}~${earlier}`;
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
      argsHash: callHash({
        runId: state.id,
        callId: key,
        toolName: call.toolName,
        toolVersion,
        args,
      }),
      toolVersion,
      expiresAtMs: setting.nowMs + policy.expiresInMs,
      useWithinMs: policy.useWithinMs,
    },
    { ...waits, approvalId },
  ];
}

/** What follows from the model's answer: the calls as asked, each with the gate's verdict, all in one row. */
export function receive(
  state: RunState,
  reply: ModelReply,
  agent: Agent,
  setting: Setting,
): Entry[] {
  if (state.size + sizeOf(reply.content, asRaw(reply)) > maxRunSize) {
    return stop(state, { kind: "failed", error: `The run has grown beyond ${tooLarge}.` });
  }
  const n = state.steps.at(-1)?.n ?? 1;
  const seen = new Set<string>();
  const judged = reply.toolCalls.map((raw, index) => {
    const id = `${state.id}.${n}.${index}`;
    // An id that looks like one of kern's own could be taken for another call's.
    const given = raw.id !== null && raw.id.length <= maxNameLength ? raw.id : id;
    const toolCallId = seen.has(given) || given.startsWith(`${state.id}.`) ? id : given;
    seen.add(toolCallId);
    const verdict = judge(agent.tools, raw, state.refusals);
    const held = verdict.kind !== "refuse";
    // What is refused for its size must not come back with every later request.
    const rawArguments = raw.arguments.length > 2 * 131_072 ? "{}" : raw.arguments;
    const asked: AskedCall = {
      id,
      toolCallId,
      toolName: raw.name.slice(0, maxNameLength).toWellFormed(),
      rawArguments,
      args: held ? verdict.args : null,
      toolVersion: held ? verdict.toolVersion : null,
    };
    return { asked, verdict };
  });
  const entries: Entry[] = [
    {
      kind: "step_ended",
      content: reply.content,
      calls: judged.map(({ asked }) => asked),
      usage: reply.usage,
    },
  ];
  const row = { seq: state.seq + 1, atMs: setting.nowMs };
  let now = applyAll(state, entries, row);
  for (const { asked, verdict } of judged) {
    if (verdict.kind === "run") continue;
    const call = known(now.calls, asked.id);
    const more =
      verdict.kind === "ask"
        ? ask(now, call, verdict, setting, null)
        : [ended(call, "refused", verdict.reason)];
    now = applyAll(now, more, row);
    entries.push(...more);
  }
  return entries;
}

/** What follows from the end of a tool's call; an audit tool leaves its record in the same row. */
export function finish(
  state: RunState,
  call: CallState,
  tool: Tool,
  outcome: "succeeded" | "failed",
  result: string,
): Entry[] {
  const fits = state.size + result.length <= maxRunSize;
  const text = `The tool was executed, but its result was dropped: the run has grown beyond ${tooLarge}.`;
  return [
    fits ? ended(call, outcome, result) : ended(call, "failed", text),
    ...(isAudited(tool, call) ? auditRecord(state, call, call.userConfirmed) : []),
  ];
}

/** A call that ran under an approval has its record, whatever its tool asks for by now. */
function isAudited(tool: Tool | undefined, call: CallState): boolean {
  return tool?.approval?.type === "audit" && call.approvalId === null;
}

/** The record of an audit tool's call: closed from the start, with what the run's own user said where they were asked. */
export function auditRecord(state: RunState, call: CallState, answered: boolean): Entry[] {
  const approvalId = approvalIdOf(state.id, state.approvals.size);
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
      argsHash: callHash({
        runId: state.id,
        callId: call.key,
        toolName: call.toolName,
        toolVersion,
        args,
      }),
      toolVersion,
      expiresAtMs: null,
      useWithinMs: 0,
    },
    {
      kind: "approval_resolved",
      approvalId,
      status: answered && call.confirmed === false ? "rejected" : "approved",
      principal: null,
      resolvedBy: answered ? state.userId : null,
      data: call.note === null ? null : { note: call.note },
    },
  ];
}

/** The approval's time is up: nothing is executed, and the model is told. */
export function lapse(state: RunState, approval: ApprovalState): Entry[] {
  const call = known(state.calls, approval.callId);
  return [
    {
      kind: "approval_resolved",
      approvalId: approval.id,
      status: "expired",
      principal: null,
      resolvedBy: null,
      data: null,
    },
    approval.reason === "unknown_outcome"
      ? ended(call, "unknown", unknownText)
      : ended(
          call,
          "expired",
          "Function call was not executed: its approval expired before anyone decided.",
        ),
  ];
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
  const resolved = pendingApprovals(state).map((approval): Entry => {
    return {
      kind: "approval_resolved",
      approvalId: approval.id,
      status: "cancelled",
      principal: null,
      resolvedBy: null,
      data: null,
    };
  });
  const idle = [...state.calls.values()].filter(
    (call) => call.phase === "ready" || call.phase === "waiting",
  );
  return [
    ...resolved,
    ...idle.map((call) => {
      const approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
      return approval?.reason === "unknown_outcome"
        ? ended(call, "unknown", unknownText)
        : ended(call, "cancelled", "The run ended before this call was executed.");
    }),
    last,
  ];
}

function asRaw(reply: ModelReply): { rawArguments: string; args: null }[] {
  return reply.toolCalls.map((call) => ({ rawArguments: call.arguments, args: null }));
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
