import { openRules } from "../../src/tools/policy.ts";
import { describe, expect, test } from "vitest";
import { maxApprovals } from "../../src/run/ids.ts";
import { plan } from "../../src/run/plan.ts";
import { ask } from "../../src/run/question.ts";
import { type ApprovalState, statusOf } from "../../src/run/state.ts";
import { approvals, asks, call, calls, decide, runThatAsks, told } from "./simulation/stage.ts";
import { expiresInMs, toolNames } from "./simulation/toolbox.ts";

const bye = { content: "Bye.", toolCalls: [], usage: null };
const rejection = "Function call was rejected by the user";

describe("the model", () => {
  test("is asked in the row that starts the run, and its answer without calls completes it", () => {
    const simulation = runThatAsks();
    expect(simulation.rows.map(({ entries }) => entries.map(({ kind }) => kind))).toEqual([
      ["started", "step_started"],
      ["step_ended", "completed"],
    ]);
    expect(simulation.state.ended).toEqual({ status: "COMPLETED", content: "Let me see." });
  });

  test("is asked again when its time has come, and not before", () => {
    const simulation = runThatAsks(["look_once"]);
    simulation.report(call(simulation).id, "succeeded");
    simulation.fail(simulation.nowMs + 10);
    simulation.nowMs += 9;
    simulation.advance();
    expect(simulation.work.size).toBe(0);
    simulation.nowMs += 1;
    simulation.advance();
    expect([...simulation.work.values()]).toEqual([{ kind: "model", step: 2, attempt: 2 }]);
    expect(simulation.state.steps.at(-1)).toMatchObject({ failures: 1, error: null });
  });

  test("that has failed for good ends the run in error", () => {
    const simulation = runThatAsks(["look_once"]);
    simulation.report(call(simulation).id, "succeeded");
    simulation.fail(null);
    expect(simulation.state.ended).toEqual({ status: "ERROR", content: "busy" });
  });

  test("is asked again by the next instance, twenty times at most", () => {
    const simulation = runThatAsks(["look_once"]);
    simulation.report(call(simulation).id, "succeeded");
    for (let attempt = 2; attempt <= 20; attempt++) {
      simulation.crash();
      expect([...simulation.work.values()]).toEqual([{ kind: "model", step: 2, attempt }]);
    }
    simulation.crash();
    expect(simulation.state.ended).toEqual({
      status: "ERROR",
      content: "The model was interrupted 20 times; giving up.",
    });
  });

  test("is stopped after maxSteps steps without an answer", () => {
    const simulation = runThatAsks(["look_once"]);
    for (let step = 1; step < 12; step++) {
      simulation.report(call(simulation).id, "succeeded");
      asks(simulation, ["look_once"]);
    }
    simulation.report(call(simulation).id, "succeeded");
    expect(simulation.state.ended).toEqual({
      status: "ERROR",
      content: "The run was stopped after 12 steps (maxSteps) without an answer.",
    });
  });

  test("is not asked while any call of its last step has not ended", () => {
    const simulation = runThatAsks(["look_once"], ["pay_once"], ["confirm"]);
    simulation.report(call(simulation).id, "succeeded");
    expect([simulation.work.size, statusOf(simulation.state)]).toEqual([0, "PAUSED"]);
    decide(simulation, "rejected");
    expect(simulation.work.size).toBe(0);
    simulation.answerAsUser([{ tool_call_id: call(simulation, 2).id, confirmed: false }]);
    expect([...simulation.work.keys()]).toEqual(["step 2"]);
  });
});

describe("a call's identity", () => {
  test("is kern's own: run, step and place", () => {
    const simulation = runThatAsks(["pay_once"], ["pay_once"]);
    const { runId } = simulation;
    expect(calls(simulation).map(({ id, key }) => [id, key])).toEqual([
      [`${runId}.1.0`, `${runId}.1.0`],
      [`${runId}.1.1`, `${runId}.1.1`],
    ]);
  });

  test("is what the model's own id is replaced by where that is missing or repeated", () => {
    const simulation = runThatAsks(
      ["log", {}, null],
      ["log", {}, "a"],
      ["log", {}, "a"],
      ["log", {}, ""],
    );
    const { runId } = simulation;
    const ids = calls(simulation).map(({ toolCallId }) => toolCallId);
    expect(ids).toEqual([`${runId}.1.0`, "a", `${runId}.1.2`, ""]);
  });

  test("cannot be borrowed: an answer for one call never answers another", () => {
    const { runId } = runThatAsks();
    const simulation = runThatAsks(["confirm", { n: 1 }, `${runId}.1.1`], ["confirm", { n: 2 }]);
    simulation.answerAsUser([{ tool_call_id: `${runId}.1.1`, confirmed: true }]);
    expect(simulation.executions.map(({ args }) => args)).toEqual(['{"n":2}']);
  });
});

describe("what the gate refuses", () => {
  test("is told to the model, and nobody is asked", () => {
    const simulation = runThatAsks(["unknown"], ["pay_once", "{"], ["pay_once", { m: 1 }]);
    expect(simulation.state.approvals.size).toBe(0);
    expect(calls(simulation).map(({ outcome, args }) => [outcome, args])).toEqual(
      Array.from({ length: 3 }, () => ["refused", null]),
    );
    const known = toolNames.filter((name) => name !== "unknown").join(", ");
    expect(told(simulation)[0]).toBe(`Unknown tool 'unknown'. Tools: ${known}.`);
  });

  test("is not sent to the model again where it was too large to be read", () => {
    const large = JSON.stringify({ n: "x".repeat(300_000) });
    const simulation = runThatAsks(["pay_once", large], ["pay_once", "{"]);
    expect(calls(simulation).map(({ rawArguments }) => rawArguments)).toEqual(["{}", "{"]);
  });

  test("includes the question that a person has turned down in this run", () => {
    const simulation = runThatAsks(["pay_once"]);
    decide(simulation, "rejected", { note: "not him" });
    asks(simulation, ["pay_once", '{ "n": 1.0 }'], ["pay_idem"], ["pay_once", { n: 2 }]);
    expect(told(simulation)).toEqual([`${rejection}: not him`, null, null]);
    expect(approvals(simulation)).toHaveLength(3);
  });
});

describe("an approval that nobody answers", () => {
  test("lapses when its time is up, and not before; its siblings wait on", () => {
    const simulation = runThatAsks(["pay_once"], ["confirm"]);
    simulation.nowMs += expiresInMs - 1;
    simulation.advance();
    expect(approvals(simulation)[0]?.status).toBe("pending");
    simulation.nowMs += 1;
    simulation.advance();
    expect(approvals(simulation)[0]).toMatchObject({ status: "expired", resolvedBy: null });
    expect(told(simulation)).toEqual([
      "Function call was not executed: its approval expired before anyone decided.",
      null,
    ]);
    expect(statusOf(simulation.state)).toBe("PAUSED");
  });

  test("lapses even while the agent is not configured, and is not asked for again", () => {
    const simulation = runThatAsks(["pay_once"]);
    simulation.crash("no agent");
    simulation.nowMs += expiresInMs;
    simulation.advance();
    expect(approvals(simulation)[0]?.status).toBe("expired");
    simulation.crash("as it was");
    asks(simulation, ["pay_once"]);
    expect(calls(simulation)[0]?.outcome).toBe("refused");
  });
});

test("a run whose agent is not configured takes decisions, and goes on when the agent is back", () => {
  const simulation = runThatAsks(["pay_once"]);
  simulation.crash("no agent");
  expect(decide(simulation, "approved")).toBe("accepted");
  expect(simulation.executions).toEqual([]);
  simulation.crash("as it was");
  expect(simulation.executions).toHaveLength(1);
});

describe("a run that is cancelled", () => {
  test("cancels what waits, and lets what is at work report", () => {
    const simulation = runThatAsks(["look_once"], ["pay_once"], ["confirm"]);
    simulation.cancel();
    expect(simulation.state.ended).toEqual({ status: "CANCELLED", content: "" });
    expect(approvals(simulation)[0]).toMatchObject({ status: "cancelled", resolvedBy: null });
    const text = "The run ended before this call was executed.";
    expect(told(simulation)).toEqual([null, text, text]);
    simulation.report(call(simulation).id, "succeeded");
    expect(told(simulation)[0]).toBe("succeeded");
    expect(decide(simulation, "approved")).toBe("taken");
  });

  test("says of what was at work when the instance died that nobody knows", () => {
    const simulation = runThatAsks(["look_idem"], ["log"]);
    simulation.cancel();
    simulation.crash();
    expect(calls(simulation).map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
    expect(approvals(simulation)).toMatchObject([
      { type: "audit", callId: call(simulation, 1).id },
    ]);
  });
});

test("a run asks for as many approvals as its ids can number, and refuses the next call", () => {
  const simulation = runThatAsks(["pay_once"]);
  const { state } = simulation;
  const [approval] = approvals(simulation);
  const many = new Map(
    Array.from({ length: maxApprovals }, (_, n) => [`${n}`, approval as ApprovalState]),
  );
  const verdict = {
    kind: "ask",
    args: {},
    toolVersion: "",
    pauseType: "confirmation",
    policy: null,
  } as const;
  const policy = {
    type: "required",
    expiresInMs,
    useWithinMs: 1,
    rules: openRules,
    when: null,
    preview: null,
    approversOf: null,
  } as const;
  const next = ask(
    { ...state, approvals: many },
    call(simulation),
    { ...verdict, policy },
    simulation.setting(),
    null,
  );
  expect(next).toMatchObject([{ kind: "call_ended", outcome: "refused" }]);
});

test("planning twice is planning once, and never changes the run that it was given", () => {
  const simulation = runThatAsks(["pay_once"], ["look_once"]);
  const frozen = structuredClone(simulation.state);
  const crashed = { ...simulation.setting(), boot: "another", alive: new Set<string>() };
  const first = plan(simulation.state, [], crashed);
  expect(plan(simulation.state, [], crashed)).toEqual(first);
  expect(simulation.state).toEqual(frozen);
  simulation.reply(bye);
});
