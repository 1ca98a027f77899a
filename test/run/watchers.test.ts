import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { statusOf } from "../../src/run/state.ts";
import { Watchers } from "../../src/run/watchers.ts";
import { decide, runThatAsks } from "./simulation/stage.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("who waited for as long as they said is forgotten, though nothing has happened", async () => {
  const { state } = runThatAsks(["pay_once"]);
  const watchers = new Watchers();
  const polls = Array.from({ length: 100 }, () => watchers.until(state, () => false, 30_000));
  expect(watchers.size).toBe(100);
  await vi.advanceTimersByTimeAsync(30_000);
  await Promise.all(polls);
  expect(watchers.size).toBe(0);
});

test("who waits is told after the row that makes it so, and is forgotten", async () => {
  const simulation = runThatAsks(["pay_once"]);
  const watchers = new Watchers();
  const moved = vi.fn();
  const waiting = watchers
    .until(simulation.state, (state) => statusOf(state) !== "PAUSED", 30_000)
    .then(moved);
  watchers.tell(simulation.state);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(moved).not.toHaveBeenCalled();
  decide(simulation, "approved");
  watchers.tell(simulation.state);
  await waiting;
  expect(watchers.size).toBe(0);
});

test("who waits for what is so already does not wait", async () => {
  const watchers = new Watchers();
  await watchers.until(runThatAsks(["pay_once"]).state, () => true, 30_000);
  expect(watchers.size).toBe(0);
});
