import { expect, test, vi } from "vitest";
import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulation.ts";

/** The model asks for one call. */
function reply(sim: Simulation, name: string): void {
  const toolCalls = [{ id: null, name, arguments: '{"a":1}' }];
  sim.waiting.shift()?.answer({ content: "", usage: null, toolCalls });
}

test("a live feed that never answers does not keep the database's copy from being done", async () => {
  await simulate(async (make, turn) => {
    vi.useFakeTimers();
    try {
      const sim = make();
      sim.feedHangs = true;
      await sim.start();
      await turn();
      vi.advanceTimersByTime(500);
      expect(sim.behind).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("an approved call that succeeded says so, although its tool is only audited by then", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start();
    reply(sim, "set");
    await turn();
    const [id = ""] = sim.state?.approvals.keys() ?? [];
    sim.release = 1;
    await sim.resolve(id, "approved", false);
    await turn();
    sim.waiting.shift()?.answer("done");
    await turn();
    expect(sim.effects).toMatchObject([{ tool: "set", approvalId: id }]);
    expect(await sim.record(id)).toMatchObject({ status: "approved", call_outcome: "succeeded" });
  });
});

test("an answer whose reply was lost, sent once more, answers no question that was asked since", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start();
    reply(sim, "say");
    await turn();
    // The tool has changed by now, so that the answer leads to a new question about the same call.
    sim.release = 1;
    const first = await sim.answer(true, "one");
    sim.crash();
    const again = await sim.answer(true, "one");
    await turn();
    expect(sim.effects).toEqual([]);
    expect(again).toMatchObject({ ok: true, run: { status: "PAUSED" } });
    expect(again).toEqual(first);
    await sim.answer(true, "two");
    await turn();
    expect(sim.effects).toMatchObject([{ tool: "say", args: '{"a":1,"c":3}' }]);
  });
});

test("an answer that led to an approval is answered alike when it is sent once more", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start();
    reply(sim, "say");
    await turn();
    sim.release = 2;
    const first = await sim.answer(true, "one");
    expect(first).toMatchObject({ ok: true, run: { status: "PAUSED" } });
    expect(await sim.answer(true, "one")).toEqual(first);
    expect(await sim.answer(true, "two")).toMatchObject({ ok: false, reason: "pending" });
    await turn();
    expect(sim.effects).toEqual([]);
  });
});

test("a run whose agent is gone waits for it without ringing every few seconds for ever", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start();
    reply(sim, "pay");
    await turn();
    const [id = ""] = sim.state?.approvals.keys() ?? [];
    sim.release = 7;
    await sim.resolve(id, "approved", false);
    await turn();
    const until = sim.nowMs + 24 * 3_600_000;
    let rang = 0;
    while (sim.alarmMs !== null && sim.alarmMs < until && rang < 10_000) {
      sim.nowMs = sim.alarmMs;
      if (sim.ring()) rang += 1;
      await turn();
    }
    expect(rang).toBeLessThan(500);
    sim.release = 0;
    sim.crash();
    await sim.view();
    await turn();
    expect(sim.effects).toMatchObject([{ tool: "pay", approvalId: id }]);
  });
});

test("the record of an audited call says of nobody that they confirmed it", async () => {
  await simulate(async (make, turn) => {
    const sim = make();
    await sim.start();
    reply(sim, "free");
    await turn();
    sim.waiting.shift()?.answer("done");
    await turn();
    const [id = ""] = sim.state?.approvals.keys() ?? [];
    const record = await sim.record(id);
    expect(record).toMatchObject({ approval_type: "audit", call_outcome: "succeeded" });
    expect(record?.requirements[0]?.tool_execution.confirmed).toBeNull();
  });
});
