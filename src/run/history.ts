import { maxRowBytes } from "./journal.ts";

/** An earlier run as later runs of its session see it. */
export interface Exchange {
  input: string;
  output: string;
}

/** What the first row of a journal holds beside the message and the history. */
const restBytes = 50_000;

/** Of a history, oldest first, the newest that fits into the first row of a journal together with the message. */
export function fitting(history: readonly Exchange[], message: string): Exchange[] {
  let bytes = restBytes + bytesOf(message);
  const first = history.findLastIndex((exchange) => (bytes += bytesOf(exchange)) > maxRowBytes);
  return history.slice(first + 1);
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
