import { describe, expect, test } from "vitest";
import type { Entry } from "../../src/run/entry.ts";
import { apply } from "../../src/run/fold.ts";
import { type RunState, statusOf } from "../../src/run/state.ts";
import { approvals, call, decide, runThatAsks } from "./simulation/stage.ts";

const row = { seq: 99, atMs: 99_000 };

const started: Entry = {
  kind: "started",
  runId: "run_1",
  agentId: "agent",
  agentName: "Agent",
  sessionId: "s",
  userId: null,
  requestedBy: "anonymous",
  message: "Hi.",
  fingerprint: "f",
  local: false,
};

describe("an entry that cannot follow is refused, because then the journal is not ours", () => {
  const { state } = runThatAsks(["pay_once"], ["look_once"]);
  const [{ id: approvalId } = { id: "" }] = [...state.approvals.values()];
  const [callId = ""] = state.calls.keys();
  const resolved = {
    kind: "approval_resolved",
    approvalId,
    status: "approved",
    principal: null,
    resolvedBy: null,
    data: null,
  } as const;
  const ended = { kind: "call_ended", callId, outcome: "failed", result: "" } as const;

  test.each([
    ["a second start", state, [started]],
    ["anything before the start", null, [ended]],
    ["an approval that was never asked for", state, [{ ...resolved, approvalId: "apr_x" }]],
    ["a call that the model never asked for", state, [{ ...ended, callId: "x" }]],
    ["a second decision", state, [resolved, { ...resolved, status: "rejected" }]],
    ["the same decision twice", state, [resolved, resolved]],
    ["a second end of a call", state, [ended, ended]],
    [
      "a start after the end",
      state,
      [ended, { kind: "call_started", callId, attempt: 1, boot: "b", effect: "once" }],
    ],
    ["hiding what there is not", state, [{ kind: "approval_hidden", approvalId: "apr_x" }]],
  ] as [string, RunState | null, Entry[]][])("%s", (_, from, entries) => {
    const fold = () => {
      let now = from;
      for (const entry of entries) now = apply(now, entry, row);
    };
    expect(fold).toThrow(Error);
  });
});

test("an entry never changes the state that it is applied to", () => {
  const simulation = runThatAsks(["pay_once"], ["log"], ["confirm"]);
  const before = structuredClone(simulation.state);
  const { state } = simulation;
  decide(simulation, "approved", null, 0);
  simulation.report(call(simulation, 1).id, "succeeded");
  simulation.cancel();
  expect(state).toEqual(before);
});

test("a run's status says whether it moves, waits for people, or is over", () => {
  expect(statusOf(apply(null, started, row))).toBe("PENDING");
  const simulation = runThatAsks(["look_once"], ["pay_once"], ["confirm"]);
  const status = () => statusOf(simulation.state);
  expect(status()).toBe("RUNNING");
  simulation.report(call(simulation).id, "succeeded");
  expect(status()).toBe("PAUSED");
  decide(simulation, "approved");
  expect(status()).toBe("RUNNING");
  simulation.report(call(simulation, 1).id, "succeeded");
  expect(status()).toBe("PAUSED");
  simulation.answerAsUser([{ tool_call_id: call(simulation, 2).id, confirmed: false }]);
  expect(status()).toBe("RUNNING");
  simulation.reply({ content: "Done.", toolCalls: [], usage: null });
  expect(status()).toBe("COMPLETED");
});

test("an approval is used up by the start of its own call, and remembers the row that changed it last", () => {
  const simulation = runThatAsks(["pay_once"], ["pay_once", { n: 2 }]);
  const asked = simulation.state.seq;
  decide(simulation, "approved", null, 0);
  const [first, second] = approvals(simulation);
  expect(first).toMatchObject({ consumedBy: call(simulation).key, seq: asked + 1 });
  expect(second).toMatchObject({ consumedBy: null, seq: asked });
});

test("a hidden approval keeps everything, and is marked", () => {
  const simulation = runThatAsks(["pay_once"]);
  decide(simulation, "rejected");
  const [before] = approvals(simulation);
  simulation.advance([{ kind: "approval_hidden", approvalId: before?.id ?? "" }]);
  expect(approvals(simulation)[0]).toEqual({ ...before, hidden: true, seq: simulation.state.seq });
});
