import type { Assurance, Risk } from "../tools/policy.ts";

/** A JSON object. Its values are `any`, because the platform's types turn what crosses RPC as `unknown` into `never`. */
// oxlint-disable-next-line typescript/no-explicit-any
export type JsonObject = Record<string, any>;

/** The states of an approval; only `pending` can still change. */
export const approvalStatuses = [
  "pending",
  "approved",
  "rejected",
  "expired",
  "cancelled",
] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];
export const endStatuses = ["approved", "rejected", "expired", "cancelled"] as const;

export const approvalTypes = ["required", "audit"] as const;
export type ApprovalType = (typeof approvalTypes)[number];

export const pauseTypes = ["confirmation", "user_input", "external_execution"] as const;
export type PauseType = (typeof pauseTypes)[number];

export const sourceTypes = ["agent", "team", "workflow"] as const;
export type SourceType = (typeof sourceTypes)[number];

export const runStatuses = [
  "PENDING",
  "RUNNING",
  "PAUSED",
  "COMPLETED",
  "CANCELLED",
  "ERROR",
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** One field that a person is asked to fill in, as it was when they were asked; the last three are kern's own. */
export interface UserInputField {
  name: string;
  field_type: string;
  description: string | null;
  /** What stands there: the model's suggestion, until somebody has filled it in. */
  value: JsonObject[string];
  required: boolean;
  /** JSON Schema of its values. */
  schema: JsonObject;
  /** Only there where nobody has given the value: it is the tool's own default. */
  is_default?: true;
}

/** A tool call as clients see it, in a run's `tools[]` and in an approval's `requirements[]`. */
export interface ToolExecution {
  tool_call_id: string;
  tool_name: string;
  tool_args: JsonObject;
  tool_call_error: boolean | null;
  result: string | null;
  requires_confirmation: boolean | null;
  confirmed: boolean | null;
  confirmation_note: string | null;
  requires_user_input: boolean | null;
  user_input_schema: UserInputField[] | null;
  answered: boolean | null;
  external_execution_required: boolean | null;
  approval_type: ApprovalType | null;
  approval_id: string | null;
  /** The run of the member that the call was handed to. */
  child_run_id: string | null;
  created_at: number;
  /** Only there where arguments were left out, because all of them together are too much: the approval has them. */
  is_abridged?: boolean;
}

export interface Requirement {
  id: string;
  /** ISO 8601. */
  created_at: string;
  /** Of a team's run: whose call it is that waits. */
  member_agent_id?: string;
  member_agent_name?: string;
  member_run_id?: string;
  tool_execution: ToolExecution;
}

/** What became of the call that the approval is about. */
export type CallOutcome =
  | "succeeded"
  | "failed"
  | "refused"
  | "rejected"
  | "expired"
  | "cancelled"
  | "unknown";

/**
 * An approval as callers see it: every key is always there, null where there is nothing to say; times are whole epoch
 * seconds. The fields after `run_status` are kern's own.
 */
export interface ApprovalRecord {
  id: string;
  run_id: string;
  session_id: string;
  status: ApprovalStatus;
  source_type: SourceType;
  approval_type: ApprovalType;
  pause_type: PauseType;
  tool_name: string;
  tool_args: JsonObject;
  expires_at: number | null;
  agent_id: string | null;
  team_id: string | null;
  workflow_id: string | null;
  user_id: string | null;
  schedule_id: string | null;
  schedule_run_id: string | null;
  source_name: string | null;
  requirements: Requirement[];
  context: JsonObject;
  resolution_data: JsonObject | null;
  resolved_by: string | null;
  resolved_at: number | null;
  created_at: number;
  updated_at: number;
  run_status: RunStatus;
  /** The run at the top of the team, or the run itself. */
  root_run_id: string;
  /** The authenticated principal that started the run. */
  requested_by: string | null;
  /** kern's identity of the call. */
  call_id: string;
  /** SHA-256 (hex) that binds the decision to the run, the call, the tool, its version and the arguments. */
  args_hash: string;
  /** What became of the call; null until it has ended. */
  call_outcome: CallOutcome | null;
  /** What is asked of those who decide, as it was when the approval was asked for. */
  policy: PolicyView;
  /** Of an approval that needs several people: who has had their say. */
  votes: VoteView[];
  /** What the approver reads beside the arguments. */
  preview: string | null;
}

export interface PolicyView {
  approvers: string[] | null;
  quorum: { approve: number; reject: number };
  allow_self: boolean;
  edit: string[];
  reasons: string[] | null;
  risk: Risk | null;
  min_assurance: Assurance | null;
  on_expire: "reject" | "cancel-run";
  /** Who may decide as well by now. */
  escalated_to: string[];
  /** Who may decide as well after so many seconds. */
  escalate: { after: number; to: string[] }[];
  /** When each of the first of those came to it, in epoch seconds. */
  escalated_at: number[];
  /** After how many seconds, each, the approvers are reminded; and when they were, in epoch seconds. */
  remind: number[];
  reminded_at: number[];
  /** The arguments that nobody is shown. */
  secret: string[];
}

export interface VoteView {
  by: string;
  status: "approved" | "rejected";
  at: number;
  /** The arguments that it was given for. */
  args_hash: string;
  note: string | null;
}
