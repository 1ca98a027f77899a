import { jsonLines } from "./json-lines.ts";
import { type Sent, unsent } from "./unsent.ts";
import type { RunEvent } from "../run/events.ts";

/** Gives the events from an index on, as JSON lines; null where the run, or the event before, is not there. */
export type OpenEvents = (fromIndex: number) => Promise<ReadableStream<Uint8Array> | null>;

interface StreamOptions {
  /** The index of the first event to send. */
  from?: number;
  /** The events from there on, where they are open already. */
  opened?: ReadableStream<Uint8Array>;
  heartbeatMs?: number;
  /** How long to wait before the first new attempt; the next ones wait longer and longer, 5 s at most. */
  retryMs?: number;
}

/** How often the run may be out of reach in a row; with the waits in between, this is half a minute. */
const maxFailures = 10;
const maxRetryMs = 5_000;

/**
 * The events as a server-sent stream, with a comment now and then that keeps it open. The run is asked again where its
 * object was reset in the middle, and the stream goes on where it stopped; where that does not help, the connection is
 * broken off, so that nobody takes it for the end.
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
  { from = 0, opened, heartbeatMs = 15_000, retryMs = 100 }: StreamOptions,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  void writer.closed.then(leave, leave);
  const write = async (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  const heartbeat = setInterval(() => {
    // A reader who has not taken the last thing yet needs no sign of life.
    if ((writer.desiredSize ?? 0) > 0) write(": keep-alive\n\n").catch(leave);
  }, heartbeatMs);
  let sent: Sent = { next: from, text: "" };
  let first = opened;
  try {
    for (let failures = 0; failures < maxFailures && !gone.signal.aborted; failures++) {
      const askedMs = Date.now();
      try {
        const events = first ?? (await found(open(sent.next)));
        first = undefined;
        for await (const line of jsonLines(events, gone.signal)) {
          if (line === "") return await writer.close();
          failures = 0;
          const told = unsent(sent, JSON.parse(line) as RunEvent);
          sent = told.sent;
          if (told.event !== null) await write(formatEvent(told.event));
        }
      } catch {
        // The reader has gone, or the object was reset.
      }
      // A pause may be long and quiet: what lasted was no failure.
      if (Date.now() - askedMs > heartbeatMs) failures = 0;
      if (!gone.signal.aborted) await pause(Math.min(maxRetryMs, retryMs * 2 ** failures));
    }
    await write(`: out of reach, go on after event ${sent.next - 1}\n\n`);
    await writer.abort(new Error("The run is out of reach."));
  } catch {
    // The reader has gone.
  } finally {
    clearInterval(heartbeat);
  }
}

async function found<T>(opening: Promise<T | null>): Promise<T> {
  const opened = await opening;
  if (opened === null) throw new Error("There is no run here.");
  return opened;
}

async function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One event as it goes over the wire. */
function formatEvent(event: RunEvent): string {
  return `event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}
