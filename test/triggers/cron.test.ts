import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkCron, nextAfter } from "../../src/triggers/cron.ts";
import { patterns } from "./patterns.ts";
import { dueAmong, minutesOf, textOf } from "./wall-clock.ts";

const hourMs = 3_600_000;
/** KERN_SEEDS=1000 looks at as many patterns in each place; the suite looks at a slice. */
const numRuns = Number((env as { KERN_SEEDS?: string }).KERN_SEEDS) || 12;

/** The times from one on at which it is due, as they are asked for one after the other. */
function timesFrom(cron: string, timezone: string, from: string, count: number): string[] {
  let atMs = Date.parse(from);
  return Array.from({ length: count }, () => {
    const next = nextAfter(cron, timezone, atMs);
    if (next === null) throw new Error("It is never due again.");
    atMs = next;
    return new Date(next).toISOString().replace(":00.000Z", "Z");
  });
}

describe("when a pattern is due next", () => {
  test.each([
    ["Europe/Berlin", "2026-03-28T00:00Z", 72],
    ["Europe/Berlin", "2026-10-24T00:00Z", 72],
    ["America/New_York", "2026-03-07T00:00Z", 72],
    ["America/New_York", "2026-10-31T00:00Z", 72],
    ["Australia/Lord_Howe", "2026-10-03T00:00Z", 48],
    ["Australia/Lord_Howe", "2026-04-04T00:00Z", 48],
    ["America/Sao_Paulo", "2026-11-01T00:00Z", 48],
    ["America/Sao_Paulo", "2018-11-03T00:00Z", 48],
    ["America/Sao_Paulo", "2018-02-17T00:00Z", 48],
    ["Pacific/Apia", "2011-12-29T00:00Z", 72],
    ["America/Nuuk", "2026-03-28T00:00Z", 48],
    ["UTC", "2028-02-28T00:00Z", 72],
  ])(
    "is in %s around %s what a look at each minute's clocks says",
    (timezone, from, hours) => {
      const fromMs = Date.parse(from);
      const toMs = fromMs + hours * hourMs;
      const minutes = minutesOf(timezone, fromMs, toMs);
      const starts = fc.array(fc.integer({ min: fromMs, max: toMs - 1 }), { minLength: 9 });
      fc.assert(
        fc.property(patterns, starts, (pattern, starts) => {
          const due = dueAmong(minutes, pattern);
          const some = due.slice(0, 20);
          for (const afterMs of [...starts, ...some, ...some.map((atMs) => atMs - 1)]) {
            const expected = due.find((atMs) => atMs > afterMs) ?? null;
            const next = nextAfter(textOf(pattern), timezone, afterMs);
            const within = next !== null && next < toMs ? next : null;
            // The first minute has none before it, so that what was left out there is not known.
            if (within !== fromMs)
              expect([textOf(pattern), afterMs, within]).toEqual([
                textOf(pattern),
                afterMs,
                expected,
              ]);
          }
        }),
        { numRuns },
      );
    },
    60_000,
  );

  test("is a whole minute, strictly later", () => {
    const atMs = Date.parse("2026-11-01T09:00Z");
    for (const [afterMs, next] of [
      [atMs - 1, atMs],
      [atMs, atMs + 60_000],
      [atMs + 1, atMs + 60_000],
      [atMs + 59_999, atMs + 60_000],
    ] as const)
      expect(nextAfter("* * * * *", "UTC", afterMs)).toBe(next);
  });

  test.each([
    // A time that is left out is due once, at the first moment after the gap.
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    [
      "0,30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00Z",
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z",
    ],
    [
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T00:00Z",
      "2026-10-03T15:30Z",
      "2026-10-04T15:15Z",
    ],
    [
      "0 0 * * *",
      "America/Sao_Paulo",
      "2018-11-03T12:00Z",
      "2018-11-04T03:00Z",
      "2018-11-05T02:00Z",
    ],
    // One that comes twice is due the first time.
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    [
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00Z",
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ],
    [
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2026-04-04T00:00Z",
      "2026-04-04T14:45Z",
      "2026-04-05T15:15Z",
    ],
    // Every half hour goes on through both.
    [
      "*/30 * * * *",
      "Europe/Berlin",
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
    ],
    [
      "*/30 * * * *",
      "Europe/Berlin",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
    ],
    // A day that was left out passes without it.
    ["0 9 * * *", "Pacific/Apia", "2011-12-29T12:00Z", "2011-12-29T19:00Z", "2011-12-30T19:00Z"],
    ["30 23 * * *", "America/Nuuk", "2026-03-27T12:00Z", "2026-03-28T01:30Z", "2026-03-30T00:30Z"],
    // Where both days are given, one of them suffices; with a plus it takes both.
    ["0 0 13 * FRI", "UTC", "2026-11-10T00:00Z", "2026-11-13T00:00Z", "2026-11-20T00:00Z"],
    ["0 0 13 * +FRI", "UTC", "2026-11-10T00:00Z", "2026-11-13T00:00Z", "2027-08-13T00:00Z"],
    ["0 0 29 2 *", "UTC", "2026-11-10T00:00Z", "2028-02-29T00:00Z", "2032-02-29T00:00Z"],
    ["0 9 L * *", "UTC", "2027-01-31T10:00Z", "2027-02-28T09:00Z", "2027-03-31T09:00Z"],
  ])("%s in %s after %s is %s, then %s", (cron, timezone, from, first, second) => {
    expect(timesFrom(cron, timezone, from, 2)).toEqual([first, second]);
  });
});

describe("a pattern is checked", () => {
  test("what fits passes", () => {
    for (const cron of [
      "* * * * *",
      " 0  9 1,15 JAN-jun MON-FRI ",
      "*/5 0-23/2 L * 5#2",
      "0 0 15W * *",
      "0 0 * * FRI#L,MON#2",
    ])
      checkCron(cron, "America/Argentina/Buenos_Aires");
    fc.assert(
      fc.property(patterns, (pattern) => {
        const ends = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        const first = Math.min(...pattern.day.values);
        const isEver =
          pattern.weekday.text !== "*" ||
          [...pattern.month.values].some((month) => first <= (ends[month - 1] ?? 0));
        if (isEver) checkCron(textOf(pattern), "UTC");
        else expect(() => checkCron(textOf(pattern), "UTC")).toThrow(/never be due/);
      }),
    );
  });

  test.each([
    ["", /give five fields/],
    ["* * * *", /give five fields/],
    ["0 * * * * *", /give five fields/],
    ["@daily", /give five fields/],
    [`${"0,".repeat(250)}0 * * * *`, /give five fields/],
    [7, /give five fields/],
    ["60 * * * *", /'60' is no minute. It takes \*, 0-59; lists/],
    ["*/0 * * * *", /'\*\/0' is no minute/],
    ["5/5 * * * *", /'5\/5' is no minute/],
    ["0 24 * * *", /'24' is no hour/],
    ["0 0 0 * *", /'0' is no day of the month/],
    ["0 0 * 13 *", /'13' is no month. It takes \*, 1-12 or JAN-DEC/],
    ["0 0 * * 8", /'8' is no weekday/],
    ["0 0 * * MON-", /'MON-' is no weekday/],
    ["0 22-2 * * *", /'22-2' is no hour/],
    ["a b c d e", /'a' is no minute/],
    ["@daily * * * *", /'@daily' is no minute/],
    ["1 Jan 2030 00:00:00 GMT", /'Jan' is no hour/],
    ["* * 2030-01-01T00:00:00Z * *", /'2030-01-01T00:00:00Z' is no day of the month/],
    ["0 0 30 2 *", /no such day/],
    ["0 0 31 4,6,9,11 *", /no such day/],
  ])("%j is refused, with what is wrong with it", (cron, says) => {
    expect(() => checkCron(cron as string, "UTC")).toThrow(TypeError);
    expect(() => checkCron(cron as string, "UTC")).toThrow(says);
  });

  test("what was not checked and is none is not taken for a date either", () => {
    for (const cron of ["2030-01-01T00:00:00", "2030-01-01T00:00:00Z", "* * * * * *", "* * * *"])
      expect(() => nextAfter(cron, "UTC", 0)).toThrow(/\w/);
  });

  test.each(["", "Mars/Base", "+01:00", "Europe/Berlin ", "\u0000", "local"])(
    "%j is no time zone",
    (timezone) => {
      for (const ask of [checkCron, (cron: string) => nextAfter(cron, timezone, 0)])
        expect(() => ask("* * * * *", timezone)).toThrow(/Unknown time zone/);
    },
  );
});
