import { expect, test } from "vitest";
import { fromNow, hourOf } from "../../src/panel/moment.tsx";

const nowMs = Date.UTC(2026, 10, 20, 12);
const [minute, hour, day] = [60, 3_600, 86_400];

test.each([
  [0, "just now"],
  [40, "in less than a minute"],
  [hour - 20, "in 1 hour"],
  [3 * hour - 1, "in 3 hours"],
  [7 * day - 90, "in 7 days"],
  [-59, "just now"],
  [-(2 * minute - 1), "1 minute ago"],
  [-(2 * day - 1), "1 day ago"],
])("%d seconds from now is %s", (seconds, words) => {
  expect(fromNow(nowMs / 1000 + seconds, nowMs)).toBe(words);
});

test("a moment of another day is told with its date", () => {
  expect(hourOf(nowMs / 1000 + 2 * hour, nowMs)).toBe("14:00 UTC");
  expect(hourOf(nowMs / 1000 + 13 * hour, nowMs)).toBe("2026-11-21 01:00 UTC");
});
