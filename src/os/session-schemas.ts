import { z } from "@hono/zod-openapi";
import { runStatuses } from "../approval/record.ts";
import { sessionTypes } from "../run/store.ts";
import { Requirement, ToolExecution } from "./schemas.ts";
import { storable } from "./storable.ts";
import { wholeNumber } from "./whole-number.ts";

const word = z.string().min(1);
const time = z.string().describe("ISO 8601.");
const page = wholeNumber(0, 1_000_000_000, 1).describe("From 1; 0 is the first page too.");

/** What every question about sessions may be narrowed by. */
const narrowed = {
  type: z.enum([...sessionTypes, "workflow"]).optional(),
  user_id: word
    .optional()
    .describe("The user whose session it is; of another user's nothing is told."),
  db_id: word.optional().describe("The database's id, as /config names it."),
};

export const OneSessionQuery = z.object(narrowed);

export const SessionQuery = z.object({
  ...narrowed,
  component_id: word.optional().describe("The agent or team of the session's first run."),
  session_name: word.max(200).optional().describe("Text in the name; ASCII letters in any case."),
  limit: wholeNumber(1, 1000, 20),
  page,
  sort_by: z.enum(["created_at", "updated_at", "session_name"]).default("created_at"),
  sort_order: z.enum(["asc", "desc"]).default("desc"),
});

export const SessionRunsQuery = z.object({
  ...narrowed,
  limit: wholeNumber(1, 100, 100),
  page: page.describe(
    "Page 1 has the newest runs, page 2 those before them; 0 is the first page too.",
  ),
});

const session = {
  session_id: z.string(),
  session_name: z.string().describe("The beginning of its first message, until it is renamed."),
  session_type: z.enum(sessionTypes).describe("The kind of its first run."),
  user_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  team_id: z.string().nullable(),
  created_at: time,
  updated_at: time.describe("When it was last renamed, or a run was last started in it by its id."),
};

export const Session = z.object(session).openapi("Session");

export const SessionPage = z
  .object({
    data: z.array(Session),
    meta: z.object({
      page: z.number().int(),
      limit: z.number().int(),
      total_pages: z.number().int(),
      total_count: z.number().int(),
      search_time_ms: z.number(),
      total_is_exact: z.boolean().describe("False where only the newest 10,000 were looked at."),
    }),
  })
  .openapi("SessionPage");

export const SessionDetail = z
  .object({
    ...session,
    agent_session_id: z.string().describe("The session's id once more."),
    chat_history: z
      .array(
        z.object({
          role: z.enum(["user", "assistant"]),
          content: z.string(),
          created_at: z.number().int().describe("Epoch seconds."),
        }),
      )
      .describe("The messages and final answers of its newest 100 runs, to 16 KiB each."),
  })
  .openapi("SessionDetail");

export const SessionRun = z
  .object({
    run_id: z.string(),
    parent_run_id: z.string().nullable(),
    session_id: z.string(),
    agent_id: z.string().nullable(),
    team_id: z.string().nullable(),
    user_id: z.string().nullable(),
    status: z.enum(runStatuses),
    run_input: z.string().describe("The first 16 KiB of the message."),
    content: z.string().nullable().describe("The first 16 KiB of the final answer or error."),
    tools: z
      .array(ToolExecution)
      .nullable()
      .describe("Null where the run has ended or is out of reach."),
    requirements: z
      .array(Requirement)
      .nullable()
      .describe("The calls that wait for a person; null where the run is out of reach."),
    created_at: time,
    updated_at: time,
  })
  .openapi("SessionRun");

export const RenameRequest = z
  .object({
    session_name: z
      .string()
      .max(255)
      .refine((text) => text.trim() !== "", "The name must not be empty."),
  })
  .superRefine(storable)
  .openapi("RenameRequest", { example: { session_name: "Deletions in May" } });
