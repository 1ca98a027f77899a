import { z } from "@hono/zod-openapi";
import { runStatuses } from "../approval/record.ts";
import { sessionTypes } from "../run/store.ts";
import { exampleRun } from "./examples.ts";
import { Requirement, seconds, ToolExecution } from "./schemas.ts";
import { storable } from "./storable.ts";
import { wholeNumber } from "./whole-number.ts";

const word = z.string().min(1);
function iso(what: string) {
  return z.string().describe(`${what}, in ISO 8601.`);
}
const page = wholeNumber(0, 1_000_000_000, 1).describe(
  "Which page to give, from 1; 0 is the first page too.",
);

/** What every question about sessions may be narrowed by. */
const narrowed = {
  type: z
    .enum([...sessionTypes, "workflow"])
    .optional()
    .describe("The kind of its first run."),
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
  limit: wholeNumber(1, 1000, 20).describe("How many to give at most."),
  page,
  sort_by: z
    .enum(["created_at", "updated_at", "session_name"])
    .default("created_at")
    .describe("What they are sorted by."),
  sort_order: z
    .enum(["asc", "desc"])
    .default("desc")
    .describe("The least first, or (default) the greatest."),
});

export const SessionRunsQuery = z.object({
  ...narrowed,
  limit: wholeNumber(1, 100, 100).describe("How many to give at most."),
  page: page.describe(
    "Page 1 has the newest runs, page 2 those before them; 0 is the first page too.",
  ),
});

const session = {
  session_id: z.string().describe("The session's id."),
  session_name: z.string().describe("The beginning of its first message, until it is renamed."),
  session_type: z.enum(sessionTypes).describe("The kind of its first run."),
  user_id: z
    .string()
    .nullable()
    .describe("The user whose session it is: the requesting user of its first run."),
  agent_id: z.string().nullable().describe("The agent of its first run; null for a team's."),
  team_id: z.string().nullable().describe("The team of its first run; null for an agent's."),
  created_at: iso("When it began"),
  updated_at: iso("When it was last renamed, or a run was last started in it by its id"),
};

const askedAt = new Date(exampleRun.created_at * 1000).toISOString();
const exampleSession = {
  session_id: exampleRun.session_id,
  session_name: "Please delete user u-42",
  session_type: "agent" as const,
  user_id: exampleRun.user_id,
  agent_id: exampleRun.agent_id,
  team_id: null,
  created_at: askedAt,
  updated_at: askedAt,
};

export const Session = z
  .object(session)
  .describe("A session: runs that belong together.")
  .openapi("Session", { example: exampleSession });

export const SessionPage = z
  .object({
    data: z.array(Session).describe("The sessions, in the order that was asked for."),
    meta: z
      .object({
        page: z.number().int().describe("The number of this page, from 1."),
        limit: z.number().int().describe("How many there are on a page at most."),
        total_pages: z.number().int().describe("How many pages there are; 0 where nothing fits."),
        total_count: z.number().int().describe("How many sessions fit."),
        search_time_ms: z.number().describe("How long the database took, in milliseconds."),
        total_is_exact: z.boolean().describe("False where only the newest 10,000 were looked at."),
      })
      .describe("Where in the list this is.")
      .openapi({
        example: {
          page: 1,
          limit: 20,
          total_pages: 1,
          total_count: 1,
          search_time_ms: 3.2,
          total_is_exact: true,
        },
      }),
  })
  .describe("A page of a list of sessions.")
  .openapi("SessionPage");

export const SessionDetail = z
  .object({
    ...session,
    agent_session_id: z.string().describe("The session's id once more."),
    chat_history: z
      .array(
        z.object({
          role: z.enum(["user", "assistant"]).describe("Who says it."),
          content: z.string().describe("The text."),
          created_at: seconds("When it was said"),
        }),
      )
      .describe("The messages and final answers of its newest 100 runs, to 16 KiB each."),
  })
  .describe("A session, and what was said in it.")
  .openapi("SessionDetail", {
    example: {
      ...exampleSession,
      agent_session_id: exampleSession.session_id,
      chat_history: [
        { role: "user", content: "Please delete user u-42", created_at: exampleRun.created_at },
      ],
    },
  });

export const SessionRun = z
  .object({
    run_id: z.string().describe("The run's id."),
    parent_run_id: z
      .string()
      .nullable()
      .describe("The run of the team that handed over the task; null where none did."),
    session_id: z.string().describe("The session."),
    agent_id: z.string().nullable().describe("The agent; null for a team's run."),
    team_id: z
      .string()
      .nullable()
      .describe("The team whose run it is, or the one that it is a member's run of."),
    user_id: z.string().nullable().describe("The requesting user, as the client claimed it."),
    status: z
      .enum(runStatuses)
      .describe("`PAUSED` waits for a person; `COMPLETED`, `CANCELLED` and `ERROR` are the end."),
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
    created_at: iso("When it was started"),
    updated_at: iso("When it last moved"),
  })
  .describe("A run, as its session lists it.")
  .openapi("SessionRun", {
    example: {
      run_id: exampleRun.run_id,
      parent_run_id: null,
      session_id: exampleRun.session_id,
      agent_id: exampleRun.agent_id,
      team_id: null,
      user_id: exampleRun.user_id,
      status: exampleRun.status,
      run_input: "Please delete user u-42",
      content: exampleRun.content,
      tools: exampleRun.tools,
      requirements: exampleRun.requirements,
      created_at: askedAt,
      updated_at: askedAt,
    },
  });

export const RenameRequest = z
  .object({
    session_name: z
      .string()
      .max(255)
      .refine((text) => text.trim() !== "", "The name must not be empty.")
      .describe("Its new name."),
  })
  .superRefine(storable)
  .describe("What a session is to be called.")
  .openapi("RenameRequest", { example: { session_name: "Deletions in May" } });
