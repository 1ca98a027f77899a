import { beforeEach, expect, test, vi } from "vitest";
import { simulate } from "../attack/simulate.ts";
import { approve, crash, door, pending, ring, start } from "../client.ts";
import { faults, healAll, script } from "../world.ts";

beforeEach(healAll);

const deletion = { calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] };

test("a run that pauses, is decided and ends is told to the database three times, its own row twice", async () => {
  const told: (string | null)[] = [];
  faults.beforeProject = (_, run) => void told.push(run?.status ?? null);
  const { run_id } = await start(script(deletion));
  await approve((await pending(run_id)).id);
  expect(told).toEqual(["PAUSED", null, "COMPLETED"]);
});

test("a run that somebody waits for is told to be moving once it lasts a second", async () => {
  await simulate(async (make, turn) => {
    vi.useFakeTimers();
    try {
      const sim = make();
      await sim.start(false);
      await turn();
      expect(sim.told).toEqual([]);
      sim.nowMs += 1_000;
      vi.advanceTimersByTime(1_000);
      await turn();
      expect(sim.told).toEqual(["RUNNING"]);
    } finally {
      vi.useRealTimers();
    }
  });
});

test.each([
  ["stands still", 0],
  ["is set back", -3_600_000],
])(
  "a run that went on after a decision is told to be moving, also where its clock %s",
  async (_, movedMs) => {
    await simulate(async (make, turn) => {
      vi.useFakeTimers();
      try {
        const sim = make();
        await sim.start(false);
        await turn();
        const toolCalls = [{ id: null, name: "pay", arguments: '{"a":1}' }];
        sim.waiting.shift()?.answer({ content: "", usage: null, toolCalls });
        await turn();
        const [id = ""] = sim.state?.approvals.keys() ?? [];
        await sim.resolve(id, "approved", false);
        await turn();
        expect(sim.told).toEqual(["PAUSED"]);
        sim.nowMs += movedMs;
        vi.advanceTimersByTime(1_000);
        await turn();
        expect(sim.told).toEqual(["PAUSED", "RUNNING"]);
      } finally {
        vi.useRealTimers();
      }
    });
  },
);

test("a run that nobody waits for is told at its start", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start(true);
    await turn();
    expect(sim.told).toEqual(["RUNNING"]);
  });
});

test("an alarm that rings just when the database was told leaves nothing behind that nobody would tell", async () => {
  const { run_id } = await start(script());
  // Within the time after which it would have been noted, and with it the last alarm is spent.
  expect(await ring(run_id)).toBe(true);
  await crash(run_id);
  expect(await door(run_id).inspect()).toMatchObject({ inspection: { outbox: { behind: 0 } } });
});
