import { z } from "@hono/zod-openapi";
import {
  approvalStatuses,
  approvalTypes,
  pauseTypes,
  runStatuses,
  sourceTypes,
} from "../approval/record.ts";
import { storable } from "./storable.ts";

const seconds = z.number().int().describe("Epoch seconds.");
const data = z.record(z.string(), z.unknown());

export const ErrorBody = z
  .object({ detail: z.string().describe("What is wrong, and what to do about it.") })
  .openapi("Error", { example: { detail: "Approval not found" } });

export const ValidationBody = z
  .object({
    detail: z.union([
      z.string(),
      z.array(
        z.object({
          type: z.string(),
          loc: z.array(z.union([z.string(), z.number()])),
          msg: z.string(),
        }),
      ),
    ]),
  })
  .openapi("ValidationError");

export const ToolExecution = z
  .object({
    tool_call_id: z.string().describe("The model's id of the call, echoed."),
    tool_name: z.string(),
    tool_args: data,
    tool_call_error: z.boolean().nullable(),
    result: z.string().nullable(),
    requires_confirmation: z.boolean().nullable(),
    confirmed: z.boolean().nullable(),
    confirmation_note: z.string().nullable(),
    requires_user_input: z.boolean().nullable(),
    user_input_schema: z
      .array(
        z.object({
          name: z.string(),
          field_type: z
            .string()
            .describe(
              "The JSON type of its values, nulls aside: string, integer, number, boolean, array or object.",
            ),
          description: z.string().nullable(),
          value: z
            .unknown()
            .describe("The model's suggestion, until somebody has filled the field in."),
          required: z.boolean().describe("Whether the call cannot be made without it."),
          schema: data.describe("JSON Schema of its values."),
        }),
      )
      .nullable()
      .describe("The fields that a person fills in, as they were when it was asked."),
    answered: z.boolean().nullable(),
    external_execution_required: z.boolean().nullable(),
    approval_type: z.enum(approvalTypes).nullable(),
    approval_id: z.string().nullable(),
    child_run_id: z
      .string()
      .nullable()
      .describe("The run of the member that the call was handed to; null for a tool's call."),
    created_at: seconds,
    is_abridged: z
      .boolean()
      .optional()
      .describe(
        "Only there, and true, in a team's requirements that are too much together: the approval has the arguments.",
      ),
  })
  .openapi("ToolExecution");

export const Requirement = z
  .object({
    id: z.string(),
    created_at: z.string().describe("ISO 8601."),
    member_agent_id: z
      .string()
      .optional()
      .describe("In a team's run: whose call it is that waits."),
    member_agent_name: z.string().optional(),
    member_run_id: z.string().optional(),
    tool_execution: ToolExecution,
  })
  .openapi("Requirement");

export const Approval = z
  .object({
    id: z.string(),
    run_id: z.string(),
    session_id: z.string(),
    status: z.enum(approvalStatuses),
    source_type: z.enum(sourceTypes),
    approval_type: z.enum(approvalTypes),
    pause_type: z.enum(pauseTypes),
    tool_name: z.string(),
    tool_args: data.describe("The arguments as they would be executed."),
    expires_at: seconds.nullable(),
    agent_id: z.string().nullable(),
    team_id: z.string().nullable(),
    workflow_id: z.string().nullable(),
    user_id: z.string().nullable().describe("The requesting user, as the client claimed it."),
    schedule_id: z.string().nullable(),
    schedule_run_id: z.string().nullable(),
    source_name: z.string().nullable(),
    requirements: z.array(Requirement),
    context: data.describe(
      "At least tool_names and source_name; reason, where the call was put to a person anew.",
    ),
    resolution_data: data.nullable(),
    resolved_by: z
      .string()
      .nullable()
      .describe("Who decided; a claim where the credential is shared."),
    resolved_at: seconds.nullable(),
    created_at: seconds,
    updated_at: seconds,
    run_status: z.enum(runStatuses),
    root_run_id: z.string().describe("The run at the top of the team, or the run itself."),
    requested_by: z
      .string()
      .nullable()
      .describe("The authenticated principal that started the run."),
    call_id: z.string().describe("kern's identity of the call."),
    args_hash: z
      .string()
      .describe(
        "SHA-256 over run, call, tool, tool version and arguments: what the decision is bound to.",
      ),
    call_outcome: z
      .enum(["succeeded", "failed", "refused", "rejected", "expired", "cancelled", "unknown"])
      .nullable()
      .describe("What became of the call; null until it has ended."),
  })
  .openapi("Approval");

export const ApprovalPage = z
  .object({
    data: z.array(Approval),
    meta: z.object({
      page: z.number().int(),
      limit: z.number().int(),
      total_pages: z.number().int(),
      total_count: z.number().int(),
      search_time_ms: z.number(),
      total_is_exact: z
        .boolean()
        .describe(
          "False where not all were looked at: there are total_count at least, and filters are counted to 10,000 at most.",
        ),
      next_cursor: z
        .string()
        .nullable()
        .describe(
          "Give it as cursor, with the same filters, for what comes next; null at the end.",
        ),
    }),
  })
  .openapi("ApprovalPage");

export const ApprovalCount = z
  .object({
    count: z.number().int(),
    is_exact: z
      .literal(false)
      .optional()
      .describe("Only there, and false, where there may be more: filters are counted to 10,000."),
  })
  .openapi("ApprovalCount");

export const ApprovalState = z
  .object({
    approval_id: z.string(),
    status: z.enum(approvalStatuses),
    run_id: z.string(),
    resolved_at: seconds.nullable(),
    resolved_by: z.string().nullable(),
  })
  .openapi("ApprovalStatus");

export const Resolution = z
  .object({
    status: z.enum(["approved", "rejected"]),
    resolved_by: z
      .string()
      .max(255)
      .nullish()
      .describe("Who decides; kept as a claim where the credential is shared."),
    resolution_data: data
      .nullish()
      .describe("note (with a rejection), values, result, or action: by the kind of pause."),
  })
  .superRefine(storable)
  .openapi("Resolution", { example: { status: "approved", resolved_by: "ann@example.com" } });

export const Run = z
  .object({
    run_id: z.string(),
    session_id: z.string(),
    agent_id: z.string().nullable().describe("Null for a team's run."),
    team_id: z
      .string()
      .nullable()
      .describe("The team whose run it is, or the one that it is a member's run of."),
    parent_run_id: z
      .string()
      .nullable()
      .describe("The run of the team that handed over the task; null where none did."),
    user_id: z.string().nullable(),
    status: z.enum(runStatuses),
    content: z.string().nullable(),
    tools: z.array(ToolExecution),
    requirements: z.array(Requirement),
    messages: z.array(data),
    created_at: seconds,
  })
  .openapi("Run");

export const RunAccepted = z
  .object({ run_id: z.string(), session_id: z.string(), status: z.enum(runStatuses) })
  .openapi("RunAccepted");
