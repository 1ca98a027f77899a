import type { Agent } from "../agent/agent.ts";
import { permit } from "../agent/gate.ts";
import { type ApprovalPolicy, isGated, type Tool } from "../tools/tool.ts";
import { delegate, isDelegation } from "./delegation.ts";
import type { Entry } from "./entry.ts";
import { dueEvents } from "./policy.ts";
import {
  ask,
  asksAgain,
  candidateOf,
  close,
  ended,
  type Findings,
  lapse,
  type Setting,
  stop,
  unknown,
} from "./question.ts";
import { apply } from "./fold.ts";
import { type CallState, currentCalls, pendingApprovals, type RunState } from "./state.ts";

/** Work to be begun once the entries that announce it are stored. */
export type Launch =
  | { kind: "model"; step: number; attempt: number }
  | { kind: "tool"; callId: string; attempt: number; reconcile: boolean }
  /** A policy's functions are asked about a call that is put to people anew. */
  | { kind: "policy"; callId: string }
  /** The kill switch is read, because a gated call could start. */
  | { kind: "switch" };

export interface Plan {
  entries: Entry[];
  launches: Launch[];
  state: RunState;
}

/** What the model or a tool does. */
export type Task = Extract<Launch, { kind: "model" | "tool" }>;

/** The name of a piece of work: a call's id, its policy's, the number of a model step, or the switch. */
export function workOf(launch: Launch): string {
  if (launch.kind === "switch") return "switch";
  if (launch.kind === "policy") return `policy ${launch.callId}`;
  return launch.kind === "tool" ? launch.callId : `step ${launch.step}`;
}

/** A step that was interrupted this often is not tried again. */
const maxAttempts = 20;

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
  const calls = [...state.calls.values()];
  const interrupted = calls.filter(
    ({ id, phase }) => phase === "running" && !setting.alive.has(id),
  );
  if (state.ended !== null) {
    const [call] = interrupted;
    return call === undefined ? null : { entries: unknown(state, call, setting) };
  }
  const overdue = pendingApprovals(state).find(
    ({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= setting.nowMs,
  );
  if (overdue !== undefined) return { entries: lapse(state, overdue) };
  const events = dueEvents(state, setting.nowMs);
  if (events.length > 0) return { entries: events };
  const { agent } = setting;
  if (agent === undefined) return null;
  for (const call of interrupted) {
    const move = recover(state, call, agent, setting);
    if (move !== null) return move;
  }
  for (const call of calls.filter(({ phase }) => phase === "ready")) {
    const move = begin(state, call, agent, setting);
    if (move !== null) return move;
  }
  return step(state, agent, setting);
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

/** A call that may start asks the gate once more, by the tool as it is now; null where the kill switch holds it. */
function begin(state: RunState, call: CallState, agent: Agent, setting: Setting): Move | null {
  const verdict = permit(agent.tools, candidateOf(state, call), setting.nowMs);
  if (verdict.kind === "refuse") {
    const tool = agent.tools.get(call.toolName);
    return { entries: close(state, call, tool, ended(call, "refused", verdict.reason)) };
  }
  if (verdict.kind === "ask") {
    const { reason, verdict: asked } = verdict;
    return anew(call, asked.policy, setting, (found) =>
      ask(state, call, asked, setting, reason, found),
    );
  }
  const { tool } = verdict;
  return guarded(call, tool, setting, () =>
    isDelegation(agent, tool)
      ? { entries: delegate(call, agent) }
      : start(call, tool, setting, 1, false),
  );
}

/** Puts a call to people anew, once the functions of its policy as it is now have said to whom; null while they are asked. */
function anew(
  { id: callId }: CallState,
  policy: ApprovalPolicy | null,
  { alive, findings }: Setting,
  put: (found?: Findings) => Entry[],
): Move | null {
  const { approversOf = null, preview = null } = policy ?? {};
  if (approversOf === null && preview === null) return { entries: put() };
  const found = findings?.get(callId);
  if (found !== undefined) return { entries: put(found) };
  const launch = { kind: "policy", callId } as const;
  return alive.has(workOf(launch)) ? null : { entries: [], launch };
}

/** Does this where the call needs no approval, or the kill switch was read in this very turn and is off. */
function guarded(
  call: CallState,
  tool: Tool,
  { alive, killSwitch }: Setting,
  go: () => Move,
): Move | null {
  const wasAsked = call.approvalId !== null || call.userConfirmed;
  if (killSwitch === "off" || !(isGated(tool) || wasAsked)) return go();
  if (killSwitch === "on" || alive.has("switch")) return null;
  return { entries: [], launch: { kind: "switch" } };
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

/**
 * What becomes of a call whose instance went away while the tool was at work: it depends on what the tool promised. Null
 * where the kill switch keeps it from being tried again.
 */
function recover(state: RunState, call: CallState, agent: Agent, setting: Setting): Move | null {
  const tool = agent.tools.get(call.toolName);
  // What may have taken effect under one key must not be asked about anew: it would then run under another.
  const allowed = permit(agent.tools, candidateOf(state, call), setting.nowMs).kind === "go";
  const repeatable =
    tool !== undefined &&
    call.effect === tool.effect &&
    (tool.effect === "verifiable" || (tool.effect === "idempotent" && allowed)) &&
    tool.version === call.toolVersion;
  if (!repeatable || call.attempt >= maxAttempts)
    return anew(call, asksAgain(call, tool), setting, (found) =>
      unknown(state, call, setting, found),
    );
  const { effect } = tool;
  return guarded(call, tool, setting, () =>
    start(call, tool, setting, call.attempt + 1, effect === "verifiable"),
  );
}
