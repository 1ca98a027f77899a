import type { Tool } from "../tools/tool.ts";
import type { Entry } from "./entry.ts";
import { apply, draft, type Row } from "./fold.ts";
import { currentCalls, known, parentOf, type RunState, statusOf } from "./state.ts";
import { requirements, seconds, toolExecution } from "./view.ts";

/** An event as clients of a stream see it. `event_index` counts the committed ones from 0; a live piece of text has none. */
export interface RunEvent {
  event: string;
  created_at: number;
  /** Of an agent's run; a team's has `team_id` and `team_name`. */
  agent_id?: string;
  agent_name?: string;
  run_id: string;
  session_id: string;
  event_index?: number;
  [field: string]: unknown;
}

/** What one row of the journal means, and where the run stands after it. */
export interface ToldRow {
  seq: number;
  /** Each with its index, the numbers growing from 0 over the whole run. */
  events: RunEvent[];
  state: RunState;
}

/**
 * Reads a journal row by row, from its first: the same rows always mean the same events. A journal that grows is read on from
 * where this stopped.
 */
export function eventReader(
  tools: ReadonlyMap<string, Tool>,
): (row: Row & { entries: readonly Entry[] }) => ToldRow {
  const own = draft();
  let before: RunState | null = null;
  let count = 0;
  return (row) => {
    const { after, events } = tell(before, row.entries, row, tools, own);
    before = after;
    return {
      seq: row.seq,
      events: events.map((event) => ({ ...event, event_index: count++ })),
      state: after,
    };
  };
}

function tell(
  before: RunState | null,
  entries: readonly Entry[],
  row: Row,
  tools: ReadonlyMap<string, Tool>,
  own: ReturnType<typeof draft>,
): { events: RunEvent[]; after: RunState } {
  const events: RunEvent[] = [];
  const was = before === null ? "PENDING" : statusOf(before);
  let state = before;
  for (const entry of entries) {
    state = apply(state, entry, row, own);
    events.push(...ofEntry(entry, state, tools));
  }
  if (state === null) throw new Error("A journal begins with a start.");
  // The end is the last event: what a tool still reports afterwards is in the run, and in no stream.
  if (before !== null && before.ended !== null) return { events: [], after: state };
  if (state.ended !== null) return { events, after: state };
  const is = statusOf(state);
  if (was === "PAUSED" && is !== "PAUSED") events.unshift(header(state, "RunContinued"));
  if (was !== "PAUSED" && is === "PAUSED") events.push(pausedEvent(state, tools));
  return { events, after: state };
}

/** The pause, and everything that the run waits for. */
export function pausedEvent(state: RunState, tools: ReadonlyMap<string, Tool>): RunEvent {
  return {
    ...header(state, "RunPaused"),
    content: state.steps.at(-1)?.content ?? "",
    // The calls of this step: with all of the run's, what a reader is sent would grow with the square of the run.
    tools: currentCalls(state).map((call) => toolExecution(state, call, tools)),
    requirements: requirements(state, tools),
  };
}

function ofEntry(entry: Entry, after: RunState, tools: ReadonlyMap<string, Tool>): RunEvent[] {
  const event = (name: string, fields: Record<string, unknown> = {}): RunEvent => ({
    ...header(after, name),
    ...fields,
  });
  switch (entry.kind) {
    case "started":
      return [event("RunStarted")];
    case "step_ended":
      if (entry.content === "") return [];
      return [
        event("RunContent", { content: entry.content, content_type: "str" }),
        event("RunContentCompleted", { content: entry.content }),
      ];
    case "call_started":
    case "call_delegated":
      if (entry.kind === "call_started" && entry.attempt > 1) return [];
      return [
        event("ToolCallStarted", {
          tool: toolExecution(after, known(after.calls, entry.callId), tools),
        }),
      ];
    case "call_ended": {
      const tool = toolExecution(after, known(after.calls, entry.callId), tools);
      return entry.outcome === "succeeded"
        ? [event("ToolCallCompleted", { tool, content: entry.result })]
        : [event("ToolCallError", { tool, content: entry.result, error: entry.result })];
    }
    case "completed":
      return [
        event("RunCompleted", {
          content: entry.content,
          content_type: "str",
          tools: [...after.calls.values()].map((call) => toolExecution(after, call, tools)),
          requirements: [],
        }),
      ];
    case "failed":
      return [event("RunError", { content: entry.error })];
    case "cancelled":
      return [event("RunCancelled", { reason: "The run was cancelled." })];
    default:
      return [];
  }
}

/** Whether nothing comes after this event. */
export function isLast(event: string): boolean {
  return /^(Team)?Run(Completed|Error|Cancelled)$/.test(event);
}

export function isPause(event: string): boolean {
  return /^(Team)?RunPaused$/.test(event);
}

/** A live piece of the model's text, before its step is committed. */
export function textEvent(state: RunState, nowMs: number, text: string): RunEvent {
  return {
    ...header(state, "RunContent"),
    created_at: seconds(nowMs),
    content: text,
    content_type: "str",
  };
}

function header(state: RunState, event: string): RunEvent {
  const { agentId, agentName, id, isTeam, sessionId } = state;
  const parent = parentOf(state);
  return {
    event: isTeam ? `Team${event}` : event,
    created_at: seconds(state.updatedAtMs),
    ...(isTeam
      ? { team_id: agentId, team_name: agentName }
      : { agent_id: agentId, agent_name: agentName }),
    run_id: id,
    session_id: sessionId,
    ...(parent !== null && { parent_run_id: parent.runId }),
  };
}
