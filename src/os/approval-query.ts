import { z } from "@hono/zod-openapi";
import { approvalStatuses, approvalTypes, pauseTypes, sourceTypes } from "../approval/record.ts";
import { wholeNumber } from "./whole-number.ts";

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
  .pipe(z.int())
  .openapi({ type: "string" });
const word = z.string().min(1);

const filters = {
  status: z.enum(approvalStatuses).optional().describe("Where it stands; `pending` is what waits."),
  source_type: z.enum(sourceTypes).optional().describe("Who owns the tool."),
  approval_type: z
    .enum(approvalTypes)
    .optional()
    .describe("Whether the call waits for it, or it records a call that did not."),
  pause_type: z.enum(pauseTypes).optional().describe("What a person is asked for."),
  agent_id: word.optional().describe("The agent that asked."),
  team_id: word.optional().describe("The team that asked, or that the agent works in."),
  workflow_id: word.optional().describe("The workflow that asked."),
  user_id: word.optional().describe("The requesting user."),
  schedule_id: word.optional().describe("The schedule that started the run."),
  run_id: word.optional().describe("The run, or the run at the top of its team."),
  session_id: word.optional().describe("The session of the run."),
  tool_name: word.optional().describe("The tool."),
  resolved_by: word.optional().describe("Who decided."),
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

export const ApprovalFilters = z.object(filters);
export const ApprovalQuery = z.object({
  ...filters,
  limit: wholeNumber(1, 1000, 100).describe("How many to give at most."),
  page: wholeNumber(1, 1_000_000_000, 1).describe("Which page to give, from 1."),
  cursor: word.optional().describe("A next_cursor of the same filters; not with a page above 1."),
});

export const StatusQuery = z.object({
  wait: wholeNumber(0, 30, 0).describe(
    "How many seconds to wait for the decision of a pending one.",
  ),
});
