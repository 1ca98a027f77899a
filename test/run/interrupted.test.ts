import { describe, expect, test } from "vitest";
import { approvals, asks, call, calls, decide, runThatAsks, told } from "./simulation/stage.ts";
import { checkStory } from "./simulation/story.ts";
import { expiresInMs } from "./simulation/toolbox.ts";

const unknown =
  "The outcome of this call is unknown: it was interrupted, and may or may not have taken effect.";

/** A gated call of class once that was approved, was at work, and was interrupted. */
function interrupted() {
  const simulation = runThatAsks(["pay_once"]);
  decide(simulation, "approved");
  simulation.crash();
  return simulation;
}

describe("a call that was at work when the instance went away", () => {
  test("is repeated under the same key where it is idempotent", () => {
    const simulation = runThatAsks(["look_idem"], ["pay_idem"]);
    decide(simulation, "approved");
    simulation.crash();
    const [free, gated] = calls(simulation);
    const keys = simulation.executions.map(({ key }) => key);
    expect(keys).toEqual([free?.key, gated?.key, free?.key, gated?.key]);
    expect([free?.attempt, gated?.attempt]).toEqual([2, 2]);
  });

  test("is asked after first where it can be, and repeated under the same key only where it was not done", () => {
    for (const name of ["look_veri", "pay_veri"]) {
      const simulation = runThatAsks([name, { n: 1 }], [name, { n: 2 }]);
      for (const at of approvals(simulation).keys()) decide(simulation, "approved", null, at);
      simulation.crash();
      expect(simulation.executions).toHaveLength(2);
      const [done, lost] = calls(simulation);
      simulation.report(done?.id ?? "", "succeeded");
      simulation.report(lost?.id ?? "", "not done");
      expect(simulation.executions.map(({ key }) => key)).toEqual([done?.id, lost?.id, lost?.id]);
      expect(calls(simulation).map(({ outcome }) => outcome)).toEqual(["succeeded", "succeeded"]);
    }
  });

  test("is told to the model as unknown where it may happen only once and nobody was asked", () => {
    const simulation = runThatAsks(["look_once"], ["look_veri"]);
    simulation.crash();
    expect(told(simulation)[0]).toBe(unknown);
    simulation.report(call(simulation, 1).id, "late");
    expect(told(simulation)).toEqual([unknown, unknown]);
    expect(simulation.executions).toHaveLength(2);
    expect(simulation.state.approvals.size).toBe(0);
  });

  test("leaves its record where it is audited", () => {
    const simulation = runThatAsks(["log"]);
    simulation.crash();
    expect(approvals(simulation)).toMatchObject([{ type: "audit", status: "approved" }]);
    expect(call(simulation).outcome).toBe("unknown");
  });

  test("is not repeated where the tool has changed, is gone, or promises something else by now", () => {
    for (const deployment of ["changed", "gone", "other effects"] as const) {
      const simulation = runThatAsks(["look_idem"], ["look_veri"]);
      simulation.crash(deployment);
      expect(told(simulation)).toEqual([unknown, unknown]);
      expect(simulation.executions).toHaveLength(2);
    }
  });

  test("is given up after twenty interruptions", () => {
    const simulation = runThatAsks(["look_idem"]);
    for (let died = 0; died < 25; died++) simulation.crash();
    expect(simulation.executions).toHaveLength(20);
    expect(told(simulation)).toEqual([unknown]);
  });
});

describe("a gated call of class once that was interrupted", () => {
  test("is put to a person under a new record, and not executed", () => {
    const simulation = interrupted();
    const { id, key } = call(simulation);
    expect(approvals(simulation)).toMatchObject([
      { key: id, reason: null, status: "approved", consumedBy: id },
      { key: `${id}~1`, reason: "unknown_outcome", status: "pending", consumedBy: null },
    ]);
    expect([key, simulation.executions.length]).toEqual([id, 1]);
  });

  test("cannot be approved without saying what to do", () => {
    const simulation = interrupted();
    for (const data of [
      null,
      {},
      { action: "again" },
      { action: "done" },
      { result: "x" },
      { note: "retry" },
    ])
      expect(decide(simulation, "approved", data)).toBe("invalid");
    expect(approvals(simulation)[1]?.status).toBe("pending");
  });

  test("runs again when a person says so, under a key of its own, and once", () => {
    const simulation = interrupted();
    expect(decide(simulation, "approved", { action: "retry" })).toBe("accepted");
    const { id } = call(simulation);
    expect(simulation.executions.map(({ key }) => key)).toEqual([id, `${id}~1`]);
    simulation.crash();
    expect(simulation.executions).toHaveLength(2);
    expect(approvals(simulation)[2]).toMatchObject({ key: `${id}~2`, reason: "unknown_outcome" });
  });

  test("has the result that a person gives, where it was done", () => {
    const simulation = interrupted();
    decide(simulation, "approved", { action: "done", result: { paid: true } });
    expect(call(simulation)).toMatchObject({ outcome: "succeeded", result: '{"paid":true}' });
    expect(simulation.executions).toHaveLength(1);
  });

  test("stays unknown when it is turned down, with the note", () => {
    const simulation = interrupted();
    decide(simulation, "rejected", { note: "ask the bank" });
    expect(call(simulation).outcome).toBe("unknown");
    expect(told(simulation)).toEqual([`${unknown} Note: ask the bank`]);
    checkStory(settled(simulation));
  });

  test("stays unknown when nobody answers in time", () => {
    const simulation = interrupted();
    simulation.nowMs += expiresInMs;
    simulation.advance();
    expect([call(simulation).outcome, told(simulation)]).toEqual(["unknown", [unknown]]);
    expect(approvals(simulation)[1]?.status).toBe("expired");
  });

  test("stays unknown when the run is cancelled", () => {
    const simulation = interrupted();
    simulation.cancel();
    expect([call(simulation).outcome, told(simulation)]).toEqual(["unknown", [unknown]]);
    expect(approvals(simulation)[1]?.status).toBe("cancelled");
    checkStory(simulation);
  });

  test("stays unknown when its retry is asked about anew, and that is turned down", () => {
    const simulation = interrupted();
    simulation.crash("changed");
    decide(simulation, "approved", { action: "retry" });
    expect(approvals(simulation).at(-1)).toMatchObject({
      reason: "tool_changed",
      status: "pending",
    });
    decide(simulation, "rejected");
    expect(call(simulation).outcome).toBe("unknown");
    expect(simulation.executions).toHaveLength(1);
  });

  test("is the same for a tool that did not answer in time", () => {
    const simulation = runThatAsks(["pay_once"], ["look_once"], ["pay_idem"]);
    decide(simulation, "approved", null, 0);
    decide(simulation, "approved", null, 1);
    for (const { id } of calls(simulation)) simulation.report(id, "late");
    expect(approvals(simulation).at(-1)?.reason).toBe("unknown_outcome");
    expect(told(simulation)).toEqual([null, unknown, "late"]);
  });
});

function settled(simulation: ReturnType<typeof interrupted>) {
  asks(simulation);
  return simulation;
}
