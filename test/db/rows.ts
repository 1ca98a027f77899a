import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { ApprovalRow, RunRow } from "../../src/run/store.ts";

/** 2026-11-01T00:00:00Z in epoch milliseconds, where the rows of the tests begin. */
export const startMs = 1_793_491_200_000;

/** A pending approval of run `run-1`, with every key that a record has. */
export function approvalRecord(overrides: Partial<ApprovalRecord> = {}): ApprovalRecord {
  const run_id = overrides.run_id ?? "run-1";
  return {
    id: "approval-1",
    run_id,
    session_id: "session-1",
    status: "pending",
    source_type: "agent",
    approval_type: "required",
    pause_type: "confirmation",
    tool_name: "delete_user_data",
    tool_args: { user_id: "u-7" },
    expires_at: startMs / 1000 + 3600,
    agent_id: "data-manager",
    team_id: null,
    workflow_id: null,
    user_id: "ann",
    schedule_id: null,
    schedule_run_id: null,
    source_name: "Data Manager",
    requirements: [],
    context: { tool_names: ["delete_user_data"], source_name: "Data Manager" },
    resolution_data: null,
    resolved_by: null,
    resolved_at: null,
    created_at: startMs / 1000,
    updated_at: startMs / 1000,
    run_status: "PAUSED",
    root_run_id: run_id,
    requested_by: null,
    call_id: "call-1",
    args_hash: "0".repeat(64),
    call_outcome: null,
    policy: {
      approvers: null,
      quorum: { approve: 1, reject: 1 },
      allow_self: false,
      edit: [],
      reasons: null,
      risk: null,
      min_assurance: null,
      on_expire: "reject",
      escalated_to: [],
      escalate: [],
      escalated_at: [],
      remind: [],
      reminded_at: [],
      secret: [],
    },
    votes: [],
    preview: null,
    ...overrides,
  };
}

export function approvalRow(
  record: Partial<ApprovalRecord> = {},
  row: Partial<Omit<ApprovalRow, "record">> = {},
): ApprovalRow {
  return {
    record: approvalRecord(record),
    version: 1,
    hidden: false,
    created_at_ms: startMs,
    ...row,
  };
}

/** A paused run `run-1`. */
export function runRow(overrides: Partial<RunRow> = {}): RunRow {
  const id = overrides.id ?? "run-1";
  return {
    id,
    version: 1,
    root_run_id: id,
    agent_id: "data-manager",
    team_id: null,
    session_id: "session-1",
    user_id: "ann",
    requested_by: null,
    status: "PAUSED",
    input: "Delete the data of u-7.",
    output: null,
    created_at_ms: startMs,
    updated_at_ms: startMs,
    parent_run_id: null,
    ...overrides,
  };
}
