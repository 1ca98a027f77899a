import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextAfter } from "../../src/triggers/cron.ts";
import { graceMs, mostCounted, occasionsOf } from "../../src/triggers/due.ts";
import { patterns } from "./patterns.ts";
import { dueAmong, minutesOf, textOf } from "./wall-clock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const noon = Date.parse("2026-11-01T12:00Z");

describe("what is due", () => {
  test("over any ticks nothing runs twice, early or out of order, and nothing on time is lost", () => {
    const timezone = "Europe/Berlin";
    // Clocks are set back on the second day, whose first minute is no start of a gap.
    const fromMs = Date.parse("2026-10-24T00:00Z");
    const minutes = minutesOf(timezone, fromMs, fromMs + 3 * dayMs);
    const gap = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 90_000 }) },
      { weight: 3, arbitrary: fc.integer({ min: minuteMs, max: 11 * minuteMs }) },
      fc.integer({ min: hourMs, max: 9 * hourMs }),
    );
    fc.assert(
      fc.property(
        patterns,
        fc.constantFrom("run_once" as const, "skip" as const),
        fc.array(gap, { minLength: 5, maxLength: 60 }),
        (pattern, missed, gaps) => {
          const due = dueAmong(minutes, pattern);
          const cron = textOf(pattern);
          let beforeMs = fromMs;
          let nextAtMs = nextAfter(cron, timezone, fromMs);
          const ran: number[] = [];
          for (const gap of gaps) {
            const nowMs = beforeMs + gap;
            if (nowMs >= fromMs + 3 * dayMs) break;
            const passed = due.filter((atMs) => atMs > beforeMs && atMs <= nowMs);
            const last = passed.at(-1) ?? null;
            const isRun = last !== null && (missed === "run_once" || nowMs - last <= 10 * minuteMs);
            const found = occasionsOf({ cron, timezone, missed, nextAtMs }, nowMs);
            expect(found).toEqual({
              run: isRun ? last : null,
              skipped: Math.min(passed.length - (isRun ? 1 : 0), mostCounted),
              nextAtMs: nextAfter(cron, timezone, nowMs),
            });
            if (found.run !== null) ran.push(found.run);
            beforeMs = nowMs;
            ({ nextAtMs } = found);
          }
          expect(ran).toEqual([...new Set(ran)].toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  test("a tick that comes every five minutes, or ten minutes late, loses nothing of every quarter of an hour", () => {
    for (const everyMs of [minuteMs, 5 * minuteMs, graceMs]) {
      const due = { cron: "*/15 * * * *", timezone: "UTC", missed: "skip" as const };
      let nextAtMs: number | null = noon;
      const ran: number[] = [];
      for (let nowMs = noon + 7; nowMs < noon + dayMs; nowMs += everyMs) {
        const found = occasionsOf({ ...due, nextAtMs }, nowMs);
        if (found.run !== null) ran.push(found.run);
        expect(found.skipped).toBe(0);
        ({ nextAtMs } = found);
      }
      expect(ran).toEqual(Array.from({ length: 96 }, (_, n) => noon + n * 15 * minuteMs));
    }
  });

  test.each([
    ["an hour", "*/20 * * * *", "2026-11-01T12:59Z", "2026-11-01T12:40Z", 2],
    ["a day", "0 * * * *", "2026-11-02T11:59Z", "2026-11-02T11:00Z", 23],
    ["a day", "0-40 * * * *", "2026-11-02T11:59Z", "2026-11-02T11:40Z", mostCounted],
    ["a year", "0-40 * * * *", "2027-11-01T11:59Z", "2027-11-01T11:40Z", mostCounted],
    ["a year", "* 3 * 11 1", "2027-11-01T11:59Z", "2027-11-01T03:59Z", mostCounted],
    ["a year", "0 0 1 * *", "2027-11-01T11:59Z", "2027-11-01T00:00Z", 11],
    ["a hundred years", "* * * * 1", "2126-11-02T11:59Z", "2126-10-28T23:59Z", mostCounted],
  ])(
    "after an outage of %s the last one of %s is run, or none, and the others are counted",
    (_name, cron, now, last, skipped) => {
      const nowMs = Date.parse(now);
      const due = { cron, timezone: "UTC", nextAtMs: nextAfter(cron, "UTC", noon - 1) };
      const nextAtMs = nextAfter(cron, "UTC", nowMs);
      expect(occasionsOf({ ...due, missed: "run_once" }, nowMs)).toEqual({
        run: Date.parse(last),
        skipped,
        nextAtMs,
      });
      expect(occasionsOf({ ...due, missed: "skip" }, nowMs)).toEqual({
        run: null,
        skipped: Math.min(skipped + 1, mostCounted),
        nextAtMs,
      });
    },
  );

  test("however long the outage, what is on time is run, and many such schedules take no time to speak of", () => {
    const nowMs = noon + 365 * dayMs;
    for (const timezone of ["UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"])
      for (const missed of ["run_once", "skip"] as const)
        expect(
          occasionsOf({ cron: "* * * * *", timezone, missed, nextAtMs: noon }, nowMs + 7),
        ).toEqual({ run: nowMs, skipped: mostCounted, nextAtMs: nowMs + minuteMs });
  });

  test("what is not due yet, or never again, is left as it is", () => {
    const due = { cron: "* * * * *", timezone: "UTC", missed: "run_once" } as const;
    for (const nextAtMs of [noon + 1, null])
      expect(occasionsOf({ ...due, nextAtMs }, noon)).toEqual({ run: null, skipped: 0, nextAtMs });
    expect(occasionsOf({ ...due, nextAtMs: noon }, noon).run).toBe(noon);
  });
});
