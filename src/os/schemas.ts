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

const ToolExecution = z
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
          field_type: z.string(),
          description: z.string().nullable(),
          value: z.unknown(),
        }),
      )
      .nullable(),
    answered: z.boolean().nullable(),
    external_execution_required: z.boolean().nullable(),
    approval_type: z.enum(approvalTypes).nullable(),
    approval_id: z.string().nullable(),
    created_at: seconds,
  })
  .openapi("ToolExecution");

const Requirement = z
  .object({
    id: z.string(),
    created_at: z.string().describe("ISO 8601."),
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

/** A moment in a query, as epoch milliseconds. */
const moment = z
  .union(
    [
      z
        .string()
        .regex(/^\d{1,11}$/)
        .transform((seconds) => Number(seconds) * 1000),
      z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    ],
    { error: "Give epoch seconds, or a date and time in ISO 8601, as in 2026-11-01T09:00:00Z." },
  )
  .pipe(z.int());
const word = z.string().min(1);

const filters = {
  status: z.enum(approvalStatuses).optional(),
  source_type: z.enum(sourceTypes).optional(),
  approval_type: z.enum(approvalTypes).optional(),
  pause_type: z.enum(pauseTypes).optional(),
  agent_id: word.optional(),
  team_id: word.optional(),
  workflow_id: word.optional(),
  user_id: word.optional(),
  schedule_id: word.optional(),
  run_id: word.optional().describe("The run, or the run at the top of its team."),
  session_id: word.optional(),
  tool_name: word.optional(),
  resolved_by: word.optional(),
  created_after: moment
    .optional()
    .describe("Created at this moment or later: epoch seconds, or ISO 8601 with its zone."),
  created_before: moment
    .optional()
    .describe("Created before this moment: epoch seconds, or ISO 8601 with its zone."),
  q: word
    .max(200)
    .optional()
    .describe(
      "Text in an id, the tool's name or arguments, or the name of the agent, the user or the one who decided; ASCII letters in any case.",
    ),
};

/** A query's whole number: digits only, so that "1e3", "0x10" and " 5" are refused. */
function wholeNumber(min: number, max: number, fallback: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, "Give a whole number.")
    .default(String(fallback))
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
}

export const ApprovalFilters = z.object(filters);
export const ApprovalQuery = z.object({
  ...filters,
  limit: wholeNumber(1, 1000, 100),
  page: wholeNumber(1, 1_000_000_000, 1),
  cursor: word.optional().describe("A next_cursor of the same filters; not with a page above 1."),
});

export const StatusQuery = z.object({
  wait: wholeNumber(0, 30, 0).describe(
    "How many seconds to wait for the decision of a pending one.",
  ),
});

export const Run = z
  .object({
    run_id: z.string(),
    session_id: z.string(),
    agent_id: z.string(),
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

/** Ids of clients' own: they are kept and shown, so they are bounded. */
const clientId = z.string().min(1).max(255);

const maxMessageBytes = 256 * 1024;

export const RunRequest = z
  .object({
    message: z
      .string()
      .min(1, "The message must not be empty.")
      .refine((text) => text.trim() !== "", "The message must not be empty.")
      .refine(
        (text) => new TextEncoder().encode(text).length <= maxMessageBytes,
        `The message is larger than ${maxMessageBytes / 1024} KiB.`,
      ),
    stream: flag(true).describe(
      "Server-sent events (default), or the run as JSON once it has paused or ended.",
    ),
    background: flag(false).describe("Answer 202 as soon as the start is stored."),
    session_id: clientId.nullish(),
    user_id: clientId.nullish(),
  })
  .superRefine(storable)
  .openapi("RunRequest", { example: { message: "Delete user u-42", stream: false } });

export const ContinueRequest = z
  .object({
    tools: z
      .preprocess(
        parsed,
        z
          .array(
            z.object({
              tool_call_id: z.string(),
              confirmed: z.boolean().nullish(),
              confirmation_note: z.string().max(4096).nullish(),
              user_input_schema: z
                .array(z.object({ name: z.string(), value: z.unknown().optional() }))
                .nullish(),
              result: z.unknown().optional(),
            }),
          )
          .max(256),
      )
      .optional()
      .describe(
        "The calls that wait for the run's own user, with their answers; a JSON array, as text in a form.",
      ),
    session_id: clientId.nullish(),
    user_id: clientId.nullish(),
    stream: flag(false),
  })
  .superRefine(storable)
  .openapi("ContinueRequest");

export const ResumeRequest = z
  .object({
    last_event_index: z
      .preprocess(
        (value) => (typeof value === "string" ? wholeOf(value.trim()) : value),
        z.number().int().min(-1).nullish(),
      )
      .describe("The `event_index` of the last event that was received; all are sent without it."),
    session_id: clientId.nullish(),
    user_id: clientId.nullish(),
  })
  .superRefine(storable)
  .openapi("ResumeRequest", { example: { last_event_index: 3 } });

export const FollowQuery = z.object({
  follow: flag(false).describe("Whether the stream stays open when the run pauses, until it ends."),
});

/** A boolean as JSON or as a form writes it: `true`, `True`, `1`, in any case. */
function flag(fallback: boolean) {
  return z.preprocess((value) => {
    if (typeof value !== "string") return value;
    const word = value.trim().toLowerCase();
    if (["true", "1", "yes", "on"].includes(word)) return true;
    if (["false", "0", "no", "off"].includes(word)) return false;
    return word === "" ? undefined : value;
  }, z.boolean().default(fallback));
}

function wholeOf(text: string): unknown {
  if (text === "") return undefined;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** A form carries an array as its JSON text. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (value.trim() === "") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
