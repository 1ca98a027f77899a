import type { RunEvent } from "../run/events.ts";
import { jsonLines } from "./json-lines.ts";
import { type Sent, unsent } from "./unsent.ts";

/** Gives the events from an index on, as JSON lines; null where the run, or the event before, is not there. */
export type OpenEvents = (fromIndex: number) => Promise<ReadableStream<Uint8Array> | null>;

export interface ReadOptions {
  /** The index of the first event. */
  from: number;
  /** The events from there on, where they are open already. */
  opened?: ReadableStream<Uint8Array> | undefined;
  /** How long to wait before the first new attempt; the next ones wait longer and longer, 5 s at most. */
  retryMs: number;
  /** Ends the reading. */
  signal: AbortSignal;
}

/** How often the run may be out of reach in a row; with the waits in between, this is half a minute. */
const maxFailures = 10;
const maxRetryMs = 5_000;
/** What lasted so long was no failure: a pause may be long and quiet. */
const lastingMs = 15_000;

/** The run stayed out of reach: whoever reads must not take it for the end. */
export class OutOfReach extends Error {}

/**
 * A run's events until there are no more. The run is asked again where its object was reset in the middle, and each event
 * comes once; throws `OutOfReach` where that does not help.
 */
export async function* runEvents(
  open: OpenEvents,
  { from, opened, retryMs, signal }: ReadOptions,
): AsyncGenerator<RunEvent, void> {
  let sent: Sent = { next: from, text: "" };
  let first = opened;
  for (let failures = 0; failures < maxFailures && !signal.aborted; failures++) {
    const askedMs = Date.now();
    try {
      const events = first ?? (await found(open(sent.next)));
      first = undefined;
      for await (const line of jsonLines(events, signal)) {
        if (line === "") return;
        failures = 0;
        const told = unsent(sent, JSON.parse(line) as RunEvent);
        sent = told.sent;
        if (told.event !== null) yield told.event;
      }
    } catch {
      // The object was reset, or is not there yet.
    }
    if (Date.now() - askedMs > lastingMs) failures = 0;
    if (!signal.aborted) await pause(Math.min(maxRetryMs, retryMs * 2 ** failures), signal);
  }
  if (!signal.aborted) throw new OutOfReach(`out of reach, go on after event ${sent.next - 1}`);
}

async function found<T>(opening: Promise<T | null>): Promise<T> {
  const opened = await opening;
  if (opened === null) throw new Error("There is no run here.");
  return opened;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve());
  await promise;
  clearTimeout(timer);
}
