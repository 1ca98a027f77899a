import { within } from "../run/deadline.ts";
import { isLast, isPause, type RunEvent } from "../run/events.ts";
import type { MemberEvents } from "../run/messages.ts";
import { type OpenEvents, runEvents } from "./run-events.ts";

/** How the events of a team's members are read. */
export interface TeamEvents {
  open: (runId: string) => OpenEvents;
  /** The members at work when the stream is taken up, each with the index of its first event that is news. */
  atWork: MemberEvents[];
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
  /** Each resolves when its run has said that it has ended. */
  const open = new Map<string, PromiseWithResolvers<void>>();
  const relay = async (runId: string, from: number): Promise<void> => {
    try {
      for await (const told of runEvents(team.open(runId), { from, retryMs, signal })) {
        const { event_index, ...event } = told;
        await send(
          event_index === undefined ? event : { ...event, member_event_index: event_index },
        );
        after(told);
        if (isLast(event.event)) open.get(runId)?.resolve();
        if (isPause(event.event) || isLast(event.event)) running.get(runId)?.resolve();
        else if (event.event.endsWith("RunContinued")) running.set(runId, Promise.withResolvers());
      }
    } catch {
      // The reader has gone, or the member is out of reach: its own stream can be taken up.
    }
    open.get(runId)?.resolve();
    running.get(runId)?.resolve();
  };
  const begin = ({ from, rests, runId }: MemberEvents): void => {
    if (running.has(runId)) return;
    open.set(runId, Promise.withResolvers());
    running.set(runId, Promise.withResolvers());
    if (rests) running.get(runId)?.resolve();
    void relay(runId, from);
  };
  const after = (event: RunEvent): void => {
    const runId = memberOf(event, "ToolCallStarted");
    if (runId !== null) begin({ runId, from: 0, rests: false });
  };
  for (const member of team.atWork) begin(member);
  return {
    /** A member is followed from its beginning. */
    after,
    /** What a member says of itself is told before what the team makes of it. */
    before: async (event: RunEvent): Promise<void> => {
      const runId = memberOf(event, "ToolCallCompleted") ?? memberOf(event, "ToolCallError");
      const relayed = runId === null ? undefined : open.get(runId);
      if (relayed !== undefined) await within(maxWaitMs, relayed.promise);
      if (!isPause(event.event) && !isLast(event.event)) return;
      // A pause that was told before is no rest any more where the team has ended.
      const awaited = isPause(event.event) ? running : open;
      await within(maxWaitMs, Promise.all([...awaited.values()].map(({ promise }) => promise)));
    },
  };
}

/** The run of the member that such an event of a team's is about. */
function memberOf({ event, tool }: RunEvent, name: string): string | null {
  if (event !== `Team${name}`) return null;
  return (tool as { child_run_id?: string | null } | undefined)?.child_run_id ?? null;
}
