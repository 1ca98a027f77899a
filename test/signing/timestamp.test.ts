import { expect, test } from "vitest";
import { isRecent } from "../../src/signing/timestamp.ts";
import { notTimes } from "./flips.ts";

const atMs = 1_614_265_330_000;

test("a time within five minutes is recent, either way, and one beyond is not", () => {
  for (const seconds of [-300, -1, 0, 1, 300])
    expect(isRecent("1614265330", atMs + seconds * 1000)).toBe(true);
  for (const ms of [-86_400_000, -301_000, -300_001, 300_001, 301_000, 86_400_000])
    expect(isRecent("1614265330", atMs + ms)).toBe(false);
});

test.each(notTimes)("%j is no time", (text) => expect(isRecent(text, atMs)).toBe(false));

test("what is not there is no time, not even at the epoch", () => {
  for (const nothing of [null, undefined, "", " ", "-0", "0e0"])
    expect(isRecent(nothing, 0)).toBe(false);
  expect(isRecent("0", 0)).toBe(true);
});
