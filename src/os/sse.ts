import type { RunEvent } from "../run/events.ts";

/** Reads a stream of JSON lines, one event each. */
async function* readEvents(lines: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of lines) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield JSON.parse(part) as RunEvent;
  }
}

/** One event as it goes over the wire. */
function formatEvent(event: RunEvent): string {
  return `event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}

const heartbeatMs = 15_000;

/**
 * The events as a server-sent stream, with a comment now and then that keeps it open. `open` gives the events from an
 * index on; it is asked again where the run's object was reset in the middle, and the stream goes on where it stopped.
 */
export function eventStream(
  open: (fromIndex: number) => Promise<ReadableStream<Uint8Array> | null>,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void pump(open, writable.getWriter());
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

async function pump(
  open: (fromIndex: number) => Promise<ReadableStream<Uint8Array> | null>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const encoder = new TextEncoder();
  const heartbeat = setInterval(
    () => void writer.write(encoder.encode(": keep-alive\n\n")).catch(() => undefined),
    heartbeatMs,
  );
  let next = 0;
  let last = "";
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        const lines = await open(next);
        if (lines === null) break;
        for await (const event of readEvents(lines)) {
          attempt = 0;
          last = event.event;
          if (event.event_index !== undefined) next = event.event_index + 1;
          await writer.write(encoder.encode(formatEvent(event)));
        }
        if (closing.has(last)) return;
      } catch {
        // The reader has gone, and then writing fails for good; or the object was reset, and is asked again.
        if (await hasGone(writer)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * (attempt + 1)));
    }
  } finally {
    clearInterval(heartbeat);
    await writer.close().catch(() => undefined);
  }
}

/** What a stream ends with: the run has paused or ended. */
const closing = new Set(["RunPaused", "RunCompleted", "RunError", "RunCancelled"]);

async function hasGone(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<boolean> {
  return Promise.race([
    writer.closed.then(
      () => true,
      () => true,
    ),
    Promise.resolve().then(() => false),
  ]);
}
