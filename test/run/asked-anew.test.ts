import { describe, expect, test } from "vitest";
import { runView } from "../../src/run/view.ts";
import { approvals, asks, call, calls, decide, runThatAsks, told } from "./simulation/stage.ts";
import { agentAfter, type Deployment, useWithinMs } from "./simulation/toolbox.ts";

/** A call that was approved while its agent was away, so that it is still to start when the next deployment comes. */
function approvedBefore(deployment: Deployment, afterMs = 0) {
  const simulation = runThatAsks(["pay_once"]);
  simulation.crash("no agent");
  decide(simulation, "approved");
  simulation.nowMs += afterMs;
  simulation.crash(deployment);
  return simulation;
}

describe("an approval of a tool that has changed since", () => {
  test("is asked anew, with the arguments as the tool reads them now", () => {
    const simulation = approvedBefore("changed");
    expect(simulation.executions).toEqual([]);
    const { id } = call(simulation);
    expect(approvals(simulation)[1]).toMatchObject({
      reason: "tool_changed",
      status: "pending",
      key: `${id}~1`,
      args: { n: 1, extra: "x" },
    });
    decide(simulation, "approved");
    expect(simulation.executions).toMatchObject([{ key: `${id}~1`, args: '{"extra":"x","n":1}' }]);
    expect(approvals(simulation).map(({ consumedBy }) => consumedBy)).toEqual([null, `${id}~1`]);
  });

  test("shows the same arguments in the run as in the record", () => {
    const simulation = approvedBefore("changed");
    const { tools, requirements } = runView(
      simulation.state,
      agentAfter("changed")?.tools ?? new Map(),
    );
    expect(tools[0]?.tool_args).toEqual({ n: 1, extra: "x" });
    expect(requirements[0]?.tool_execution.tool_args).toEqual({ n: 1, extra: "x" });
  });

  test("when that is turned down, the model is not let ask the same again", () => {
    const simulation = approvedBefore("changed");
    decide(simulation, "rejected", { note: "no" });
    asks(simulation, ["pay_once"], ["pay_once", { n: 1, extra: "y" }]);
    expect(told(simulation)).toEqual(["Function call was rejected by the user: no", null]);
    expect(approvals(simulation)).toHaveLength(3);
  });

  test("is of no use where the tool is gone", () => {
    const simulation = approvedBefore("gone");
    expect(told(simulation)).toEqual(["The tool 'pay_once' no longer exists."]);
    expect(simulation.executions).toEqual([]);
  });
});

test("the run's own user is asked anew about a tool that has changed, once, and then it runs", () => {
  const simulation = runThatAsks(["confirm"]);
  simulation.crash("changed");
  const yes = () =>
    simulation.answerAsUser([{ tool_call_id: call(simulation).id, confirmed: true }]);
  yes();
  expect(simulation.executions).toEqual([]);
  expect(call(simulation)).toMatchObject({ phase: "waiting", args: { n: 1, extra: "x" } });
  yes();
  expect(simulation.executions).toMatchObject([{ args: '{"extra":"x","n":1}' }]);
});

test("an approval that was not used in time is asked anew, and one that was just in time is not", () => {
  expect(approvedBefore("as it was", useWithinMs).executions).toHaveLength(1);
  const late = approvedBefore("as it was", useWithinMs + 1);
  expect(late.executions).toEqual([]);
  expect(approvals(late)[1]).toMatchObject({ reason: "approval_stale", args: { n: 1 } });
  decide(late, "approved");
  expect(late.executions).toHaveLength(1);
});

test("a call that was interrupted is not repeated without the approval that its tool wants by now", () => {
  const simulation = runThatAsks(["look_idem"], ["look_veri"]);
  simulation.crash("all gated");
  expect(told(simulation)[0]).toContain("The outcome of this call is unknown");
  simulation.report(call(simulation, 1).id, "not done");
  expect(simulation.executions).toHaveLength(2);
  expect(approvals(simulation)).toMatchObject([
    { reason: "approval_required", callId: call(simulation, 1).id },
  ]);
  decide(simulation, "approved");
  expect(simulation.executions).toHaveLength(3);
});

test("a call that the run's own user said yes to is asked about where its tool wants an approval by now", () => {
  const simulation = runThatAsks(["confirm"]);
  simulation.crash("all gated");
  simulation.answerAsUser([{ tool_call_id: call(simulation).id, confirmed: true }]);
  expect(simulation.executions).toEqual([]);
  expect(approvals(simulation)).toMatchObject([{ reason: "approval_required", status: "pending" }]);
  decide(simulation, "approved");
  expect(simulation.executions).toHaveLength(1);
});

test("a call that was asked about still needs its yes where its tool wants none any more", () => {
  const simulation = runThatAsks(["pay_once"], ["pay_idem"]);
  simulation.crash("none gated");
  expect(simulation.executions).toEqual([]);
  decide(simulation, "approved", null, 0);
  decide(simulation, "rejected", null, 1);
  expect(simulation.executions.map(({ toolName }) => toolName)).toEqual(["pay_once"]);
  expect(calls(simulation)[1]?.outcome).toBe("rejected");
});
