import type { RunEvent } from "../run/events.ts";
import { relays, type TeamEvents } from "./relay.ts";
import { type OpenEvents, OutOfReach, runEvents } from "./run-events.ts";

export type { OpenEvents } from "./run-events.ts";

interface StreamOptions {
  /** The index of the first event to send. */
  from?: number;
  /** The events from there on, where they are open already. */
  opened?: ReadableStream<Uint8Array>;
  /** Of the events before this index nothing is sent: they are read for the text that comes in. */
  newsFrom?: number;
  /** How the events of a team's members are read, which are told among its own. */
  team?: TeamEvents;
  heartbeatMs?: number;
  retryMs?: number;
}

/**
 * The events as a server-sent stream, with a comment now and then that keeps it open. Where the run stays out of reach, the
 * connection is broken off, so that nobody takes it for the end.
 */
export function eventStream(open: OpenEvents, options: StreamOptions = {}): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void pump(open, writable.getWriter(), options);
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

async function pump(
  open: OpenEvents,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { from = 0, newsFrom = 0, opened, team, heartbeatMs = 15_000, retryMs = 100 }: StreamOptions,
): Promise<void> {
  const gone = new AbortController();
  const { signal } = gone;
  const leave = (): void => gone.abort();
  void writer.closed.then(leave, leave);
  const write = async (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  const heartbeat = setInterval(() => {
    // A reader who has not taken the last thing yet needs no sign of life.
    if ((writer.desiredSize ?? 0) > 0) write(": keep-alive\n\n").catch(leave);
  }, heartbeatMs);
  const send = async (event: RunEvent): Promise<void> => write(formatEvent(event));
  const members = team === undefined ? null : relays(team, { send, retryMs, signal });
  try {
    for await (const event of runEvents(open, { from, opened, retryMs, signal })) {
      if ((event.event_index ?? newsFrom) < newsFrom) continue;
      await members?.before(event);
      await send(event);
      members?.after(event);
    }
    if (!signal.aborted) await writer.close();
  } catch (error) {
    if (error instanceof OutOfReach) await breakOff(writer, error);
  } finally {
    clearInterval(heartbeat);
    leave();
  }
}

async function breakOff(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  reason: OutOfReach,
): Promise<void> {
  try {
    await writer.write(new TextEncoder().encode(`: ${reason.message}\n\n`));
    await writer.abort(new Error("The run is out of reach."));
  } catch {
    // The reader has gone.
  }
}

/** One event as it goes over the wire. */
export function formatEvent(event: RunEvent): string {
  return `event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}
