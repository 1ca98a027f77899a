import { expect, test } from "vitest";
import { textEvent } from "../../src/run/events.ts";
import { runView } from "../../src/run/view.ts";
import type { Simulation } from "./simulation/simulation.ts";
import { asks, call, decide, runThatAsks } from "./simulation/stage.ts";
import { agentAfter, expiresInMs } from "./simulation/toolbox.ts";

const tools = agentAfter("as it was")?.tools ?? new Map();
const bye = { content: "Bye.", toolCalls: [], usage: null };

/** The names of the events of each row, since the last time. */
function names({ events }: Simulation, from = 0): string[][] {
  return events.slice(from).map((row) => row.map(({ event }) => event));
}

test("a run that pauses and goes on tells it in this order, row by row", () => {
  const simulation = runThatAsks(["pay_once"]);
  decide(simulation, "approved");
  simulation.report(call(simulation).id, "succeeded");
  simulation.reply(bye);
  expect(names(simulation)).toEqual([
    ["RunStarted"],
    ["RunContent", "RunContentCompleted", "RunPaused"],
    ["RunContinued", "ToolCallStarted"],
    ["ToolCallCompleted"],
    ["RunContent", "RunContentCompleted", "RunCompleted"],
  ]);
});

test("every event says whose it is and when it happened, in whole seconds", () => {
  const simulation = runThatAsks(["look_once"]);
  simulation.nowMs += 1999;
  simulation.report(call(simulation).id, "succeeded");
  for (const [at, row] of simulation.events.entries()) {
    for (const event of row) {
      expect(event).toMatchObject({
        created_at: at < 2 ? 1000 : 1001,
        agent_id: "agent",
        agent_name: "Agent",
        run_id: simulation.runId,
        session_id: "session",
      });
    }
  }
});

test("a pause shows what it waits for, as the run does", () => {
  const simulation = runThatAsks(["pay_once"], ["enter"]);
  const paused = simulation.events.flat().find(({ event }) => event === "RunPaused");
  const view = runView(simulation.state, tools);
  expect(paused).toMatchObject({
    content: "Let me see.",
    tools: view.tools,
    requirements: view.requirements,
  });
  expect(view.requirements).toHaveLength(2);
});

test("a run that waits for two decisions goes on with each that has something to do", () => {
  const simulation = runThatAsks(["pay_once"], ["pay_once", { n: 2 }]);
  decide(simulation, "rejected", null, 0);
  decide(simulation, "approved", null, 1);
  expect(names(simulation, 2)).toEqual([["ToolCallError"], ["RunContinued", "ToolCallStarted"]]);
});

test.each([
  ["fails", "failed"],
  ["reports", "succeeded"],
] as const)("a call that %s has one event that carries the call and its result", (_, report) => {
  const simulation = runThatAsks(["look_once"]);
  simulation.report(call(simulation).id, report);
  const [event] = simulation.events.at(-1) ?? [];
  expect(event).toMatchObject({
    event: report === "failed" ? "ToolCallError" : "ToolCallCompleted",
    content: report,
    tool: { tool_name: "look_once", result: report, tool_call_error: report === "failed" },
  });
  expect(event?.["error"]).toBe(report === "failed" ? report : undefined);
});

test("a call that is repeated after an interruption starts once, as far as anyone can see", () => {
  const simulation = runThatAsks(["look_idem"]);
  simulation.crash();
  simulation.report(call(simulation).id, "succeeded");
  expect(names(simulation, 1)).toEqual([
    ["RunContent", "RunContentCompleted", "ToolCallStarted"],
    [],
    ["ToolCallCompleted"],
  ]);
});

test("a run ends with one event, whatever ends it, and is not said to continue before", () => {
  const cancelled = runThatAsks(["pay_once"]);
  cancelled.cancel();
  expect(names(cancelled, 2)).toEqual([["ToolCallError", "RunCancelled"]]);
  const failed = runThatAsks(["pay_once"]);
  decide(failed, "rejected");
  failed.fail(null);
  expect(names(failed, 2)).toEqual([["RunContinued", "ToolCallError"], ["RunError"]]);
  const expired = runThatAsks(["pay_once"]);
  expired.nowMs += expiresInMs;
  expired.advance();
  asks(expired);
  expect(names(expired, 3)).toEqual([["RunContent", "RunContentCompleted", "RunCompleted"]]);
});

test("a step without text has no content events", () => {
  const simulation = runThatAsks(["look_once"]);
  simulation.report(call(simulation).id, "succeeded");
  simulation.reply({ ...bye, content: "" });
  expect(names(simulation, 3)).toEqual([["RunCompleted"]]);
});

test("a live piece of text is a content event of this moment, without an index", () => {
  const { state, nowMs } = runThatAsks(["pay_once"]);
  const event = textEvent(state, nowMs + 5000, "He");
  expect(event).toMatchObject({ event: "RunContent", content: "He", created_at: 1005 });
  expect(event).not.toHaveProperty("event_index");
});
