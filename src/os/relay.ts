import { within } from "../run/deadline.ts";
import { isLast, isPause, type RunEvent } from "../run/events.ts";
import { type OpenEvents, runEvents } from "./run-events.ts";

/** How the events of a team's members are read. */
export interface TeamEvents {
  open: (runId: string) => OpenEvents;
  /** The members at work when the stream is taken up, each with the index of its first event that is news. */
  atWork: { runId: string; from: number }[];
}

interface RelayOptions {
  send: (event: RunEvent) => Promise<void>;
  retryMs: number;
  signal: AbortSignal;
}

/** How long the team's own event waits for what its members said before. */
const maxWaitMs = 2_000;

/**
 * Tells the events of members, and of theirs, among those of their team. They have no index in the team's stream: where they
 * stand in the member's own is their `member_event_index`.
 */
export function relays(team: TeamEvents, { send, retryMs, signal }: RelayOptions) {
  /** Each resolves when its run has said that it rests. */
  const running = new Map<string, PromiseWithResolvers<void>>();
  const relay = async (runId: string, from: number): Promise<void> => {
    try {
      for await (const told of runEvents(team.open(runId), { from, retryMs, signal })) {
        const { event_index, ...event } = told;
        await send(
          event_index === undefined ? event : { ...event, member_event_index: event_index },
        );
        after(told);
        if (isPause(event.event) || isLast(event.event)) running.get(runId)?.resolve();
        else if (event.event.endsWith("RunContinued")) running.set(runId, Promise.withResolvers());
      }
    } catch {
      // The reader has gone, or the member is out of reach: its own stream can be taken up.
    }
    running.get(runId)?.resolve();
  };
  const begin = (runId: string, from: number): void => {
    if (running.has(runId)) return;
    running.set(runId, Promise.withResolvers());
    void relay(runId, from);
  };
  const after = (event: RunEvent): void => {
    const runId = memberOf(event, "ToolCallStarted");
    if (runId !== null) begin(runId, 0);
  };
  for (const { from, runId } of team.atWork) begin(runId, from);
  return {
    /** A member is followed from its beginning. */
    after,
    /** A member's end is told by itself before the team tells what it made of it. */
    before: async (event: RunEvent): Promise<void> => {
      const runId = memberOf(event, "ToolCallCompleted") ?? memberOf(event, "ToolCallError");
      const relayed = runId === null ? undefined : running.get(runId);
      if (relayed !== undefined) await within(maxWaitMs, relayed.promise);
    },
    /** Resolves when every member has said that it rests. */
    rest: async (): Promise<void> => {
      await within(maxWaitMs, Promise.all([...running.values()].map(({ promise }) => promise)));
    },
  };
}

/** The run of the member that such an event of a team's is about. */
function memberOf({ event, tool }: RunEvent, name: string): string | null {
  if (event !== `Team${name}`) return null;
  return (tool as { child_run_id?: string | null } | undefined)?.child_run_id ?? null;
}
