import type { Agent } from "../agent/agent.ts";
import { judge } from "../agent/gate.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import type { CallOutcome } from "../approval/record.ts";
import type { ModelReply } from "../models/model.ts";
import type { Tool } from "../tools/tool.ts";
import type { AskedCall, Entry, Refusals } from "./entry.ts";
import { ask, close, ended, type Findings, type Setting, stop } from "./question.ts";
import { applyAll } from "./fold.ts";
import { type CallState, known, type RunState, sizeOf } from "./state.ts";

/** The most characters that a run may hold: it is kept in memory, and goes whole to whoever reads it. */
const maxRunSize = 6 * 1024 * 1024;
const tooLarge = `${maxRunSize / 1024 / 1024} million characters`;

/** What is known of the other runs of the team. */
export interface Elsewhere {
  refusals: Refusals;
  /** Tools of which nobody can say whether people turned them down, though this agent would ask nobody. */
  doubtful: ReadonlySet<string>;
}

const nowhere: Elsewhere = { refusals: [], doubtful: new Set() };
const doubt =
  "It could not be found out whether somebody turned this down elsewhere in the team. Try again later.";

/** The most characters of a call's id and of a tool's name that are kept of what a model writes. */
const maxNameLength = 128;

/** What a tool's policy found about a call, and the arguments, as canonical JSON, that it was asked about. */
export type Found = Findings & { of: string };

/**
 * What follows from the model's answer: the calls as asked, each with the gate's verdict, all in one row. `findings` are those
 * of the calls in their order.
 */
export function receive(
  state: RunState,
  reply: ModelReply,
  agent: Agent,
  setting: Setting,
  { doubtful, refusals: others }: Elsewhere = nowhere,
  findings: readonly Found[] = [],
): Entry[] {
  if (state.size + sizeOf(reply.content, asRaw(reply)) > maxRunSize) {
    return stop(state, { kind: "failed", error: `The run has grown beyond ${tooLarge}.` });
  }
  const n = state.steps.at(-1)?.n ?? 1;
  const seen = new Set<string>();
  const refusals = new Map(
    [...others, ...state.refusals].map(([question, { answer }]) => [question, answer]),
  );
  const judged = reply.toolCalls.map((raw, index) => {
    const id = `${state.id}.${n}.${index}`;
    // An id that looks like one of kern's own could be taken for another call's.
    const given = raw.id !== null && raw.id.length <= maxNameLength ? raw.id : id;
    const toolCallId = seen.has(given) || given.startsWith(`${state.id}.`) ? id : given;
    seen.add(toolCallId);
    const judged = judge(agent.tools, raw, refusals);
    const verdict =
      judged.kind === "run" && doubtful.has(raw.name)
        ? ({ kind: "refuse", reason: doubt } as const)
        : judged;
    const held = verdict.kind !== "refuse";
    const found = findings[index];
    const isWaived =
      verdict.kind === "ask" &&
      found?.waived === true &&
      found.of === canonicalJson(verdict.args) &&
      !doubtful.has(raw.name);
    const policy = agent.tools.get(raw.name)?.approval ?? null;
    const secret = policy?.rules.secret ?? [];
    // What is refused for its size must not come back with every later request.
    const rawArguments = raw.arguments.length > 2 * 131_072 ? "{}" : raw.arguments;
    const asked: AskedCall = {
      id,
      toolCallId,
      toolName: raw.name.slice(0, maxNameLength).toWellFormed(),
      rawArguments,
      args: held ? verdict.args : null,
      toolVersion: held ? verdict.toolVersion : null,
      ...(secret.length > 0 && { secret }),
      ...(isWaived && { waived: true as const }),
      ...(held && policy?.type === "audit" && { audited: true }),
    };
    return { asked, verdict, found };
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
  for (const { asked, found, verdict } of judged) {
    if (verdict.kind === "run" || asked.waived === true) continue;
    const call = known(now.calls, asked.id);
    const more =
      verdict.kind === "ask"
        ? ask(now, call, verdict, setting, null, found)
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
  return close(state, call, tool, endedWith(state, call, outcome, result));
}

/** The call's end, as long as its result fits into the run. */
export function endedWith(
  state: RunState,
  call: CallState,
  outcome: CallOutcome,
  result: string,
): Entry {
  if (state.size + result.length <= maxRunSize) return ended(call, outcome, result);
  const text = `The tool was executed, but its result was dropped: the run has grown beyond ${tooLarge}.`;
  return ended(call, "failed", text);
}

function asRaw(reply: ModelReply): { rawArguments: string; args: null }[] {
  return reply.toolCalls.map((call) => ({ rawArguments: call.arguments, args: null }));
}
