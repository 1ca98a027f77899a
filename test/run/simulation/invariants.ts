import { expect } from "vitest";
import { callHash, canonicalJson } from "../../../src/approval/call-hash.ts";
import { plan } from "../../../src/run/plan.ts";
import {
  type CallState,
  currentCalls,
  known,
  pendingApprovals,
  type RunState,
  statusOf,
} from "../../../src/run/state.ts";
import { transcript } from "../../../src/run/view.ts";
import { isGated } from "../../../src/tools/tool.ts";
import type { Checks, Simulation } from "./simulation.ts";
import { agentAfter } from "./toolbox.ts";

/** What must hold at every step of a run, whatever happened. */
export const checks: Checks = {
  step(before, simulation) {
    const { state } = simulation;
    for (const { id, status } of before?.approvals.values() ?? []) {
      if (status !== "pending") expect(known(state.approvals, id).status).toBe(status);
    }
    for (const { status, consumedBy, key } of state.approvals.values()) {
      expect([null, key]).toContain(consumedBy);
      if (status !== "approved") expect(consumedBy).toBeNull();
    }
    checkWaiting(simulation);
    const again = plan(state, [], simulation.setting());
    expect([again.entries, again.launches]).toEqual([[], []]);
  },
  question: ({ state }) => checkConversation(state),
  execution: checkExecution,
};

/** A gated tool is called with what allows exactly this, and said so by a person. */
function checkExecution(simulation: Simulation, call: CallState): void {
  const { state, approved, confirmed, deployment, runId } = simulation;
  expect([call.phase, state.ended]).toEqual(["running", null]);
  const tool = agentAfter(deployment)?.tools.get(call.toolName);
  if (tool === undefined) throw new Error("A tool that is not there was called.");
  expect(tool.externalExecution).toBe(false);
  if (call.approvalId === null) {
    if (!isGated(tool)) return;
    expect(tool.approval?.type).not.toBe("required");
    expect(call).toMatchObject({ userConfirmed: true, confirmed: true });
    expect(confirmed).toContain(call.id);
    return;
  }
  const approval = known(state.approvals, call.approvalId);
  expect(approved).toContain(approval.id);
  const { id: callId, key, toolName } = call;
  expect(approval).toMatchObject({ status: "approved", type: "required", callId, key });
  const args = approval.approvedArgs ?? approval.args;
  expect(canonicalJson(call.args)).toBe(canonicalJson(args));
  const toolVersion = call.toolVersion ?? "";
  expect(approval.argsHash).toBe(callHash({ runId, callId: key, toolName, toolVersion, args }));
  expect(approval.resolvedAtMs).toBeLessThan(approval.expiresAtMs ?? 0);
}

/** Nothing is stuck: what is not over moves, or waits for somebody or for a moment that will come. */
function checkWaiting({ state, work, nowMs, deployment }: Simulation): void {
  const pending = pendingApprovals(state);
  for (const { callId, expiresAtMs, id } of pending) {
    expect(known(state.calls, callId)).toMatchObject({ phase: "waiting", approvalId: id });
    expect(expiresAtMs).toBeGreaterThan(nowMs);
  }
  for (const call of state.calls.values()) {
    if (call.phase === "running") expect(work.has(call.id) || deployment === "no agent").toBe(true);
    if (call.phase === "waiting" && call.approvalId !== null)
      expect(known(state.approvals, call.approvalId).status).toBe("pending");
    if (call.phase === "ready") expect(deployment).toBe("no agent");
  }
  if (state.ended !== null) {
    expect(pending).toEqual([]);
    return;
  }
  const waiting = [...state.calls.values()].some(({ phase }) => phase === "waiting");
  const step = state.steps.at(-1);
  const later = step?.phase === "failed" && (step.retryAtMs ?? 0) > nowMs;
  const moving = work.size > 0;
  expect(moving || waiting || later || deployment === "no agent").toBe(true);
  if (deployment !== "no agent")
    expect(statusOf(state)).toBe(waiting && !moving ? "PAUSED" : "RUNNING");
}

/** What the model is sent: every call of its own answered, once, under an id that no other call of the step has. */
function checkConversation(state: RunState): void {
  expect(currentCalls(state).every(({ phase }) => phase === "ended")).toBe(true);
  let open: string[] = [];
  for (const { role, tool_calls: calls = [], tool_call_id: id = "" } of transcript(state)) {
    if (role === "tool") {
      expect(open).toContain(id);
      open = open.filter((other) => other !== id);
    } else {
      expect(open).toEqual([]);
      open = calls.map((call) => call.id);
      expect(new Set(open).size).toBe(open.length);
    }
  }
  expect(open).toEqual([]);
}
