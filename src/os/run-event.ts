import { z } from "@hono/zod-openapi";
import type { RunEvent as Told } from "../run/events.ts";
import { formatEvent } from "./sse.ts";
import { exampleEvents, exampleTeamEvents } from "./examples.ts";
import { Requirement, seconds, ToolExecution } from "./schemas.ts";

const names = [
  "RunStarted",
  "RunContent",
  "RunContentCompleted",
  "ToolCallStarted",
  "ToolCallCompleted",
  "ToolCallError",
  "RunPaused",
  "RunContinued",
  "RunCompleted",
  "RunError",
  "RunCancelled",
] as const;

export const RunEvent = z
  .object({
    event: z
      .enum([...names, ...names.map((name) => `Team${name}` as const)])
      .describe("The name, as in the line `event:`; those of a team's run begin with `Team`."),
    created_at: seconds("When it happened"),
    agent_id: z.string().optional().describe("The agent whose run it is."),
    agent_name: z.string().optional().describe("That agent's name."),
    team_id: z.string().optional().describe("The team whose run it is, where it is no agent's."),
    team_name: z.string().optional().describe("That team's name."),
    run_id: z.string().describe("The run."),
    session_id: z.string().describe("The run's session."),
    parent_run_id: z
      .string()
      .optional()
      .describe("The run of the team that handed over the task, where one did."),
    event_index: z
      .number()
      .int()
      .optional()
      .describe(
        "The number of the event in its run, from 0, for `last_event_index`; a piece of text that is not committed yet has none, and neither has a member's event in its team's stream.",
      ),
    member_event_index: z
      .number()
      .int()
      .optional()
      .describe(
        "Of a member's event in its team's stream: the number of the event in the member's own run, from 0.",
      ),
    content: z
      .string()
      .optional()
      .describe(
        "`RunContent`: a piece of text; `RunContentCompleted`: the whole text of a step; `RunPaused`, `RunCompleted`: what the agent said; `ToolCallCompleted`, `ToolCallError`: the result; `RunError`: what went wrong.",
      ),
    content_type: z.string().optional().describe("`str`, beside text of the agent's."),
    replaces: z
      .boolean()
      .optional()
      .describe("`RunContent`: true where it stands in place of the pieces before it."),
    tool: ToolExecution.optional(),
    tools: z
      .array(ToolExecution)
      .optional()
      .describe("`RunPaused`: the calls of this step; `RunCompleted`: all calls."),
    requirements: z
      .array(Requirement)
      .optional()
      .describe("`RunPaused`: the calls that wait for a person."),
    error: z.string().optional().describe("`ToolCallError`: what went wrong."),
    reason: z.string().optional().describe("`RunCancelled`: why."),
  })
  .describe("An event of a run.")
  .openapi("RunEvent");

/** A run's events as a route documents them: OpenAPI 3.1 has no word for a stream, JSON Schema one for what is in a text. */
export const eventsContent = {
  agent: content(
    exampleEvents,
    "It ends with `RunPaused` (unless `follow` is given), `RunCompleted`, `RunError` or `RunCancelled`.",
  ),
  team: content(
    exampleTeamEvents,
    "What the team's members do, and theirs, is told among its own events. It ends with `TeamRunPaused` (unless `follow` is given), `TeamRunCompleted`, `TeamRunError` or `TeamRunCancelled`.",
  ),
};

function content(examples: readonly Told[], end: string) {
  return {
    "text/event-stream": {
      schema: {
        type: "string" as const,
        description: `Events, each as the lines \`event: NAME\` and \`data: JSON\`, and an empty one; lines that begin with a colon keep the stream open. ${end}`,
        contentMediaType: "text/event-stream",
        contentSchema: { $ref: "#/components/schemas/RunEvent" },
      },
      example: examples.map(formatEvent).join(""),
    },
  };
}
