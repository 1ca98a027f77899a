import { describe, expect, test } from "vitest";
import type { RunState } from "../../src/run/state.ts";
import { approvalRecord, runView, transcript } from "../../src/run/view.ts";
import { newRunId, runOfApproval } from "../../src/run/ids.ts";
import { approvals, asks, call, calls, decide, runThatAsks } from "./simulation/stage.ts";
import { agentAfter } from "./simulation/toolbox.ts";

const tools = agentAfter("as it was")?.tools ?? new Map();

const recordKeys =
  "id run_id session_id status source_type approval_type pause_type tool_name tool_args expires_at agent_id team_id workflow_id user_id schedule_id schedule_run_id source_name requirements context resolution_data resolved_by resolved_at created_at updated_at run_status root_run_id requested_by call_id args_hash call_outcome policy votes preview";
const executionKeys =
  "tool_call_id tool_name tool_args tool_call_error result requires_confirmation confirmed confirmation_note requires_user_input user_input_schema answered external_execution_required approval_type approval_id created_at child_run_id";

function keysOf(value: object | undefined): string {
  return Object.keys(value ?? {}).join(" ");
}

function records(state: RunState) {
  return [...state.approvals.values()].map((approval) => approvalRecord(state, approval, tools));
}

/** Runs in every state that an approval and a call can be in. */
function everything(): RunState[] {
  const kinds = [
    "pay_once",
    "fill",
    "outside",
    "confirm",
    "enter",
    "elsewhere",
    "audited",
    "log",
    "look_once",
    "unknown",
  ];
  return [0, 1, 2, 3].map((turn) => {
    const simulation = runThatAsks(...kinds.map((kind) => [kind] as [string]));
    const answers = kinds.map((_, at) => {
      const fields = { result: "r", user_input_schema: [{ name: "n", value: 1 }] };
      return { tool_call_id: call(simulation, at).id, confirmed: turn === 1, ...fields };
    });
    if (turn > 0)
      for (const at of [0, 1, 2])
        decide(
          simulation,
          turn === 1 ? "approved" : "rejected",
          at === 2 ? { result: "r" } : null,
          at,
        );
    if (turn > 0) simulation.answerAsUser(answers);
    for (const { id } of calls(simulation)) if (turn === 1) simulation.report(id, "succeeded");
    if (turn === 3) simulation.crash();
    if (turn === 2) simulation.cancel();
    return simulation.state;
  });
}

test("a record has exactly the documented keys, whatever state it is in, and none is undefined", () => {
  const all = everything().flatMap(records);
  expect(new Set(all.map(({ status }) => status)).size).toBeGreaterThan(2);
  for (const record of all) {
    expect(keysOf(record)).toBe(recordKeys);
    expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record);
    expect(keysOf(record.requirements[0])).toBe("id created_at tool_execution");
    expect(keysOf(record.requirements[0]?.tool_execution)).toBe(executionKeys);
    expect(record.context).toMatchObject({ tool_names: [record.tool_name], source_name: "Agent" });
  }
});

test("a run's calls have exactly the documented keys, whatever state they are in", () => {
  for (const state of everything()) {
    const view = runView(state, tools);
    expect(keysOf(view)).toBe(
      "run_id session_id agent_id user_id status content tools requirements messages created_at team_id parent_run_id requested_by schedule_id schedule_run_id",
    );
    expect(JSON.parse(JSON.stringify(view))).toStrictEqual(view);
    expect(view.tools).toHaveLength(10);
    for (const tool of view.tools) expect(keysOf(tool)).toBe(executionKeys);
    for (const { tool_execution } of view.requirements) {
      expect(keysOf(tool_execution)).toBe(executionKeys);
      expect(tool_execution.tool_call_error).toBeNull();
    }
  }
});

test("a pending record says everything that is known, and null for the rest", () => {
  const simulation = runThatAsks(["pay_once", { n: 1 }, "call_7"]);
  const [record] = records(simulation.state);
  expect(record).toStrictEqual({
    id: approvals(simulation)[0]?.id,
    run_id: newRunId("simulation"),
    session_id: "session",
    status: "pending",
    source_type: "agent",
    approval_type: "required",
    pause_type: "confirmation",
    tool_name: "pay_once",
    tool_args: { n: 1 },
    expires_at: 1001,
    agent_id: "agent",
    team_id: null,
    workflow_id: null,
    user_id: "mia",
    schedule_id: null,
    schedule_run_id: null,
    source_name: "Agent",
    requirements: [
      {
        id: call(simulation).id,
        created_at: "1970-01-01T00:16:40.000Z",
        tool_execution: {
          tool_call_id: "call_7",
          tool_name: "pay_once",
          tool_args: { n: 1 },
          tool_call_error: null,
          result: null,
          requires_confirmation: true,
          confirmed: null,
          confirmation_note: null,
          requires_user_input: false,
          user_input_schema: null,
          answered: null,
          external_execution_required: false,
          child_run_id: null,
          approval_type: "required",
          approval_id: approvals(simulation)[0]?.id,
          created_at: 1000,
        },
      },
    ],
    context: { tool_names: ["pay_once"], source_name: "Agent" },
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    created_at: 1000,
    updated_at: 1000,
    run_status: "PAUSED",
    root_run_id: newRunId("simulation"),
    requested_by: "user:mia",
    call_id: call(simulation).id,
    args_hash: approvals(simulation)[0]?.argsHash,
    call_outcome: null,
    policy: expect.objectContaining({ approvers: null, allow_self: false, secret: [] }),
    votes: [],
    preview: null,
  });
  expect(runOfApproval(record?.id ?? "")).toBe(simulation.runId);
});

test("a record shows the arguments that were approved, and keeps those that were asked about", () => {
  const simulation = runThatAsks(["fill", {}]);
  const [{ user_input_schema: schema } = { user_input_schema: null }] = runView(
    simulation.state,
    tools,
  ).tools;
  expect(schema).toEqual([
    {
      name: "n",
      field_type: "number",
      description: null,
      value: null,
      required: true,
      schema: { type: "number" },
    },
  ]);
  decide(simulation, "approved", { n: 7 });
  const [record] = records(simulation.state);
  expect(record).toMatchObject({
    tool_args: { n: 7 },
    context: { requested_args: {} },
    resolution_data: { n: 7 },
  });
  expect(runView(simulation.state, tools).tools[0]).toMatchObject({
    tool_args: { n: 7 },
    answered: true,
  });
});

describe("what became of the call", () => {
  const outcomes = (simulation: ReturnType<typeof runThatAsks>) =>
    records(simulation.state).map(({ call_outcome: outcome, context }) => [
      outcome,
      context["reason"],
    ]);

  test("is null until it has ended, and then its outcome", () => {
    const simulation = runThatAsks(["pay_once"], ["pay_idem"]);
    decide(simulation, "approved", null, 0);
    expect(outcomes(simulation)).toEqual([
      [null, undefined],
      [null, undefined],
    ]);
    simulation.report(call(simulation).id, "failed");
    decide(simulation, "rejected", null, 1);
    expect(outcomes(simulation)).toEqual([
      ["failed", undefined],
      ["rejected", undefined],
    ]);
  });

  test("is unknown for an attempt that was interrupted, however the retry went", () => {
    const simulation = runThatAsks(["pay_once"]);
    decide(simulation, "approved");
    simulation.crash();
    decide(simulation, "approved", { action: "retry" });
    simulation.report(call(simulation).id, "succeeded");
    expect(outcomes(simulation)).toEqual([
      ["unknown", undefined],
      ["succeeded", "unknown_outcome"],
    ]);
  });

  test("is unknown for an attempt that was interrupted when the run was cancelled after it", () => {
    const simulation = runThatAsks(["pay_once"]);
    decide(simulation, "approved");
    simulation.crash();
    simulation.cancel();
    expect(outcomes(simulation)).toEqual([
      ["unknown", undefined],
      ["unknown", "unknown_outcome"],
    ]);
  });
});

test("the conversation has one answer to each call, in the order of the calls, and no half of a step", () => {
  const simulation = runThatAsks(["look_once", { n: 1 }, "a"], ["unknown", "{", "b"]);
  expect(transcript(simulation.state).map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "tool",
  ]);
  simulation.report(call(simulation).id, "succeeded");
  asks(simulation, ["pay_once"]);
  const [user, assistant, first, second, ...later] = transcript(simulation.state);
  expect(user).toEqual({ role: "user", content: "Go." });
  expect(assistant?.tool_calls).toEqual([
    { id: "a", type: "function", function: { name: "look_once", arguments: '{"n":1}' } },
    { id: "b", type: "function", function: { name: "unknown", arguments: "{" } },
  ]);
  expect(first).toEqual({
    role: "tool",
    content: "succeeded",
    tool_call_id: "a",
    tool_name: "look_once",
  });
  expect(second).toMatchObject({ role: "tool", tool_call_id: "b" });
  expect(later).toMatchObject([{ role: "assistant" }]);
});
