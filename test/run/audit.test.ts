import { describe, expect, test } from "vitest";
import { Agent } from "../../src/agent/agent.ts";
import type { Model } from "../../src/models/model.ts";
import { answerAsUser } from "../../src/run/answer.ts";
import { plan } from "../../src/run/plan.ts";
import { stop } from "../../src/run/question.ts";
import { approvals, call, runThatAsks, told } from "./simulation/stage.ts";
import { checkStory } from "./simulation/story.ts";
import { agentAfter } from "./simulation/toolbox.ts";

const model: Model = {
  id: "m",
  provider: "test",
  complete: async () => ({ content: "", toolCalls: [], usage: null }),
};

/** What the run's own user says to each kind of pause. */
const yes = {
  audited: { confirmed: true },
  audited_enter: { user_input_schema: [{ name: "n", value: 5 }] },
  audited_elsewhere: { result: "done" },
};
type Kind = keyof typeof yes;
const kinds = Object.keys(yes) as Kind[];
const running = ["audited", "audited_enter"] as const;

function answered(kind: Kind, answer: object = yes[kind]) {
  const simulation = runThatAsks([kind, kind === "audited_enter" ? {} : { n: 1 }, "mine"]);
  expect(approvals(simulation)).toEqual([]);
  simulation.answerAsUser([{ tool_call_id: "mine", ...answer }]);
  return simulation;
}

/** The user's yes comes while the agent is not configured, so that the call is still to start. */
function confirmedWithoutAgent() {
  const simulation = runThatAsks(["audited", { n: 1 }, "mine"]);
  simulation.crash("no agent");
  const answers = [{ tool_call_id: "mine", confirmed: true }];
  const setting = { nowMs: simulation.nowMs, tools: agentAfter("as it was")?.tools ?? new Map() };
  const given = answerAsUser(simulation.state, { answers }, setting);
  if ("entries" in given) simulation.advance(given.entries);
  return simulation;
}

/** The one record that the call has left, with the call's outcome; the whole story is checked. */
function left(simulation: ReturnType<typeof answered>) {
  const [record, ...others] = approvals(simulation);
  expect(others).toEqual([]);
  const { outcome } = call(simulation);
  simulation.reply({ content: "Done.", toolCalls: [], usage: null });
  simulation.cancel();
  checkStory(simulation);
  return { ...record, outcome };
}

describe("a call that its user is asked about leaves one record, in the row that ends it", () => {
  test.each(kinds)("%s: once it has been done", (kind) => {
    const simulation = answered(kind);
    if (kind !== "audited_elsewhere") {
      expect(approvals(simulation)).toEqual([]);
      simulation.report(call(simulation).id, "succeeded");
    }
    expect(left(simulation)).toMatchObject({
      type: "audit",
      status: "approved",
      resolvedBy: "mia",
      outcome: "succeeded",
      args: { n: kind === "audited_enter" ? 5 : 1 },
    });
  });

  test.each(kinds)("%s: when it is turned down", (kind) => {
    const no = { ...yes[kind], confirmed: false, confirmation_note: "why" };
    const record = left(answered(kind, no));
    const said = { status: "rejected", resolvedBy: "mia", data: { note: "why" } };
    expect(record).toMatchObject({ ...said, outcome: "rejected" });
  });

  test.each(running)("%s: when it fails", (kind) => {
    const simulation = answered(kind);
    simulation.report(call(simulation).id, "failed");
    expect(left(simulation)).toMatchObject({ status: "approved", outcome: "failed" });
  });

  test.each(running)("%s: when it does not answer in time", (kind) => {
    const simulation = answered(kind);
    simulation.report(call(simulation).id, "late");
    expect(left(simulation)).toMatchObject({ status: "approved", outcome: "unknown" });
  });

  test.each(running)("%s: when it is interrupted, also where the tool is gone by then", (kind) => {
    for (const deployment of ["as it was", "changed", "gone"] as const) {
      const simulation = answered(kind);
      simulation.crash(deployment);
      expect(left(simulation)).toMatchObject({
        status: "approved",
        resolvedBy: "mia",
        outcome: "unknown",
      });
      expect(simulation.executions).toHaveLength(1);
    }
  });

  test.each(running)("%s: when the run is cancelled while it is at work, as it reports", (kind) => {
    const simulation = answered(kind);
    simulation.cancel();
    expect(approvals(simulation)).toEqual([]);
    simulation.report(call(simulation).id, "succeeded");
    expect(left(simulation)).toMatchObject({ status: "approved", outcome: "succeeded" });
  });

  test("when the run is cancelled before it could start", () => {
    const simulation = confirmedWithoutAgent();
    expect(call(simulation).phase).toBe("ready");
    simulation.advance(stop(simulation.state, { kind: "cancelled" }));
    const said = { status: "approved", resolvedBy: "mia", outcome: "cancelled" };
    expect(left(simulation)).toMatchObject(said);
    expect(simulation.executions).toEqual([]);
  });

  test("when its tool is gone before it could start", () => {
    const simulation = confirmedWithoutAgent();
    const agent = new Agent({ id: "agent", model, tools: [] });
    const { entries } = plan(simulation.state, [], { ...simulation.setting(), agent });
    expect(entries).toMatchObject([
      { kind: "call_ended", outcome: "refused" },
      { kind: "approval_asked", type: "audit" },
      { kind: "approval_resolved", status: "approved", resolvedBy: "mia" },
      { kind: "step_started" },
    ]);
  });
});

test.each(kinds)("%s: nothing is recorded where nobody has answered", (kind) => {
  const simulation = runThatAsks([kind, kind === "audited_enter" ? {} : { n: 1 }]);
  simulation.cancel();
  expect([approvals(simulation).length, call(simulation).outcome]).toEqual([0, "cancelled"]);
});

test("a call that nobody is asked about leaves its record with its outcome, and no name", () => {
  for (const [report, outcome] of [
    ["succeeded", "succeeded"],
    ["failed", "failed"],
    ["late", "unknown"],
  ] as const) {
    const simulation = runThatAsks(["log"]);
    simulation.report(call(simulation).id, report);
    const record = { type: "audit", status: "approved", resolvedBy: null, outcome };
    expect(left(simulation)).toMatchObject(record);
  }
  const simulation = runThatAsks(["log"]);
  simulation.crash("gone");
  expect(told(simulation)[0]).toMatch(/^The outcome of this call is unknown/);
  expect(left(simulation)).toMatchObject({ outcome: "unknown" });
});

test("several records of one row have numbers of their own", () => {
  const simulation = runThatAsks(["audited", { n: 1 }, "a"], ["audited", { n: 2 }, "b"], ["log"]);
  simulation.answerAsUser([
    { tool_call_id: "a", confirmed: false },
    { tool_call_id: "b", confirmed: false },
  ]);
  simulation.report(call(simulation, 2).id, "succeeded");
  expect(new Set(approvals(simulation).map(({ id }) => id)).size).toBe(3);
});
