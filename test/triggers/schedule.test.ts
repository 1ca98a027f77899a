import { expect, test } from "vitest";
import { missedRules, overlapRules } from "../../src/run/trigger-store.ts";
import { schedule, type ScheduleOptions } from "../../src/triggers/schedule.ts";
import { scheduleRunId } from "../../src/triggers/schedule-id.ts";

const nightly = {
  id: "nightly",
  agent: "cleaner",
  cron: "0 2 * * *",
  message: "Look what is old.",
};

test("a schedule that says the least is in UTC, is skipped where the one before has not ended, and made up for once", () => {
  expect(schedule(nightly)).toEqual({
    kind: "schedule",
    ...nightly,
    timezone: "UTC",
    userId: null,
    sessionId: null,
    overlap: "skip",
    missed: "run_once",
  });
});

test("what is said is kept, by every rule that the database knows", () => {
  const said = { timezone: "Europe/Berlin", userId: "ann", sessionId: "nights" };
  for (const overlap of overlapRules)
    for (const missed of missedRules)
      expect(schedule({ ...nightly, ...said, overlap, missed })).toEqual({
        kind: "schedule",
        ...nightly,
        ...said,
        overlap,
        missed,
      });
});

test.each<[Record<string, unknown>, RegExp]>([
  [{ id: "" }, /'' cannot be a schedule's id: give 1 to 63/],
  [{ id: "Nightly" }, /'Nightly' cannot be/],
  [{ id: "-a" }, /'-a' cannot be/],
  [{ id: "a".repeat(64) }, /cannot be a schedule's id/],
  [{ id: undefined }, /cannot be a schedule's id/],
  [{ agent: "" }, /Schedule 'nightly': 'agent' must be/],
  [{ message: " \n" }, /Schedule 'nightly': 'message' must not be empty/],
  [{ message: undefined }, /'message' must not be empty/],
  [{ message: "\uD800" }, /'message' holds half of a surrogate pair/],
  [{ message: "漢".repeat(5462) }, /'message' is larger than 16 KiB/],
  [{ userId: "" }, /'userId' must be text of 1 to 255 characters/],
  [{ sessionId: "s".repeat(256) }, /'sessionId' must be text/],
  [{ overlap: "wait" }, /'overlap' is one of queue, skip, allow, not 'wait'/],
  [{ missed: "all" }, /'missed' is one of run_once, skip, not 'all'/],
  [{ cron: "0 2 30 2 *" }, /Schedule 'nightly': Invalid cron '0 2 30 2 \*': there is no such day/],
  [{ cron: undefined }, /Schedule 'nightly': Invalid cron/],
  [{ timezone: "Berlin" }, /Schedule 'nightly': Unknown time zone 'Berlin'/],
])("%j is refused, and named", (odd, says) => {
  const options = { ...nightly, ...odd } as ScheduleOptions;
  expect(() => schedule(options)).toThrow(TypeError);
  expect(() => schedule(options)).toThrow(says);
});

test("the longest id and message pass", () => {
  schedule({ ...nightly, id: "a".repeat(63), message: "m".repeat(16 * 1024) });
});

test("a run's id is the same in every release, and another for each schedule and time", () => {
  expect(scheduleRunId("nightly", 1_793_491_200_000)).toBe("srn_861fa6c2c816f93a97c25fccd5b53a20");
  const ids = ["a", "a1", "b"].flatMap((id) => [1, 11].map((due) => scheduleRunId(id, due)));
  expect(new Set(ids).size).toBe(6);
});
