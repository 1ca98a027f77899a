import { expect, test } from "vitest";
import { apply } from "../../src/run/fold.ts";
import { type Exchange, fitting } from "../../src/run/history.ts";
import { maxRowBytes } from "../../src/run/journal.ts";

const exchange = (n: number, text = ""): Exchange => ({ input: `${n}${text}`, output: text });
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

test("a history of the longest texts there are fits beside the longest message", () => {
  const long = "漢".repeat((16 * 1024) / 3);
  const history = Array.from({ length: 20 }, (_, n) => exchange(n, long));
  expect(fitting(history, "m".repeat(256 * 1024))).toEqual(history);
  expect(fitting([], "m")).toEqual([]);
});

test("of one that takes more as JSON than a row of the journal the newest are kept, in their order", () => {
  const history = Array.from({ length: 20 }, (_, n) => exchange(n, "\u0001".repeat(16 * 1024)));
  for (const message of ["m", "\u0001".repeat(256 * 1024)]) {
    const kept = fitting(history, message);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(history.slice(-kept.length));
    expect(bytesOf({ kept, message })).toBeLessThan(maxRowBytes - 40_000);
    const more = history.slice(-kept.length - 1);
    expect(bytesOf({ more, message })).toBeGreaterThan(maxRowBytes - 60_000);
  }
});

test("a history counts in the run's size", () => {
  const started = {
    kind: "started",
    runId: "r",
    agentId: "a",
    agentName: "a",
    sessionId: "s",
    userId: null,
    requestedBy: "root",
    message: "hello",
    fingerprint: "f",
    local: false,
  } as const;
  const row = { seq: 1, atMs: 1 };
  const history = [{ input: "12", output: "345" }];
  expect(apply(null, { ...started, history }, row).size).toBe(10);
  expect(apply(null, started, row).size).toBe(5);
});
