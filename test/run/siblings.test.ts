import { expect, test } from "vitest";
import { approvals, asks, call, calls, decide, runThatAsks, told } from "./simulation/stage.ts";
import { checkStory } from "./simulation/story.ts";

const five = [0, 1, 2, 3, 4];
const rejection = "Function call was rejected by the user";

function ordersOf(items: number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    ordersOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

const orders = ordersOf(five);

test("five gated calls of one turn, approved in any of the 120 orders, run once each, and only when approved", () => {
  expect(orders).toHaveLength(120);
  for (const order of orders) {
    const simulation = runThatAsks(...five.map((n) => ["pay_once", { n }] as [string, unknown]));
    expect(simulation.state.approvals.size).toBe(5);
    for (const [done, at] of order.entries()) {
      decide(simulation, "approved", null, at);
      expect(simulation.executions.map(({ args }) => args)).toEqual(
        order.slice(0, done + 1).map((n) => `{"n":${n}}`),
      );
      expect(simulation.work.size).toBe(done + 1);
    }
    for (const { id } of calls(simulation)) simulation.report(id, "succeeded");
    simulation.reply({ content: "Done.", toolCalls: [], usage: null });
    expect(simulation.state.ended?.status).toBe("COMPLETED");
    checkStory(simulation);
  }
});

test("in any of the orders and with any of them rejected, the others are not touched", () => {
  for (const [turn, order] of orders.entries()) {
    const simulation = runThatAsks(...five.map((n) => ["pay_idem", { n }] as [string, unknown]));
    const rejects = (at: number) => ((turn % 32) >> at) % 2 === 1;
    for (const at of order) {
      const before = calls(simulation);
      decide(simulation, rejects(at) ? "rejected" : "approved", null, at);
      expect(calls(simulation).toSpliced(at, 1)).toEqual(before.toSpliced(at, 1));
      simulation.report(call(simulation, at).id, "succeeded");
    }
    expect(told(simulation)).toEqual(five.map((at) => (rejects(at) ? rejection : "succeeded")));
    expect(simulation.executions).toHaveLength(five.filter((at) => !rejects(at)).length);
    expect(simulation.work.keys().next().value).toBe("step 2");
  }
});

test("two calls with the same arguments are two questions, decided each by itself", () => {
  const simulation = runThatAsks(["pay_once"], ["pay_once"]);
  decide(simulation, "rejected", null, 0);
  expect(approvals(simulation).map(({ status }) => status)).toEqual(["rejected", "pending"]);
  decide(simulation, "approved", null, 1);
  expect(simulation.executions).toHaveLength(1);
  simulation.report(call(simulation, 1).id, "succeeded");
  asks(simulation, ["pay_once"]);
  expect(told(simulation)).toEqual([rejection]);
});

test("an ungated sibling does not wait, and a gated one that follows in the next turn gets a record of its own", () => {
  const simulation = runThatAsks(["look_once"], ["pay_once"], ["log"]);
  expect(simulation.executions.map(({ toolName }) => toolName)).toEqual(["look_once", "log"]);
  decide(simulation, "approved");
  for (const { id } of calls(simulation)) simulation.report(id, "succeeded");
  asks(simulation, ["pay_once", { n: 2 }]);
  const types = approvals(simulation).map(({ type, callId }) => [type, callId.split(".").slice(1)]);
  expect(types).toEqual([
    ["required", ["1", "1"]],
    ["audit", ["1", "2"]],
    ["required", ["2", "0"]],
  ]);
});
