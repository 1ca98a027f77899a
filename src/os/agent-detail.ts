import { z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";
import { approvalTypes } from "../approval/record.ts";

const Model = z
  .object({
    name: z.string().describe("The model's maker."),
    model: z.string().describe("The model's id."),
    provider: z.string().describe("Who serves it."),
  })
  .describe("The model that speaks for the agent, or leads the team.");

const ToolDetail = z
  .object({
    name: z.string().describe("The tool's name."),
    description: z.string().describe("What the model is told of it."),
    parameters: z.record(z.string(), z.unknown()).describe("Its arguments, as JSON Schema."),
    requires_confirmation: z.boolean().describe("Whether each call has to be confirmed."),
    requires_user_input: z.boolean().describe("Whether a person fills in fields of each call."),
    external_execution: z.boolean().describe("Whether it is executed elsewhere."),
    approval_type: z
      .enum(approvalTypes)
      .nullable()
      .describe("Whether an approval is waited for, or an audit record is left; null for neither."),
  })
  .describe("A tool.");

const agent = {
  id: z.string().describe("Its id."),
  name: z.string().describe("Its name."),
  description: z.string().nullable().describe("What it is for."),
  db_id: z.string().nullable().describe("The database that its runs are listed from."),
  model: Model,
  instructions: z.array(z.string()).describe("What the model is told at the start."),
  tools: z
    .object({ tools: z.array(ToolDetail).describe("The tools that the model may ask for.") })
    .describe("Its tools."),
};

const exampleAgent = {
  id: "data-manager",
  name: "Data Manager",
  description: null,
  db_id: "d1",
  model: { name: "OpenAI", model: "gpt-4o-mini", provider: "OpenAI" },
  instructions: ["You help users manage data operations."],
  tools: {
    tools: [
      {
        name: "delete_user_data",
        description: "Permanently delete all data for a user. Requires admin approval.",
        parameters: {
          type: "object",
          properties: { user_id: { type: "string" } },
          required: ["user_id"],
          additionalProperties: false,
        },
        requires_confirmation: true,
        requires_user_input: false,
        external_execution: false,
        approval_type: "required" as const,
      },
    ],
  },
};

export const AgentDetail = z
  .object(agent)
  .describe("An agent.")
  .openapi("Agent", { example: exampleAgent });

type Detail = z.output<typeof AgentDetail> & { members?: Detail[] };

/** A team has members, which are agents or teams themselves. */
export const TeamDetail = z
  .object({
    ...agent,
    members: z
      .array(z.record(z.string(), z.unknown()))
      .describe("Its members: agents, and teams with members of their own."),
  })
  .describe("A team.")
  .openapi("Team", {
    example: {
      ...exampleAgent,
      id: "support-team",
      name: "Support Team",
      instructions: ["You lead the support desk."],
      tools: { tools: [] },
      members: [exampleAgent],
    },
  });

/** `dbId` is that of the AgentOS, which the agent uses where it names none. */
export function agentDetail(agent: Agent, dbId: string | null): Detail {
  const { db, description, id, instructions, members, model, name, tools } = agent;
  return {
    ...(members.size > 0 && {
      members: [...members.values()].map((member) => agentDetail(member, dbId)),
    }),
    id,
    name,
    description,
    db_id: db?.id ?? dbId,
    model: { name: model.provider, model: model.id, provider: model.provider },
    instructions: [...instructions],
    tools: {
      tools: [...tools.values()].map((tool) => ({
        name: tool.name,
        description: tool.description,
        parameters: tool.jsonSchema,
        requires_confirmation: tool.requiresConfirmation,
        requires_user_input: tool.requiresUserInput,
        external_execution: tool.externalExecution,
        approval_type: tool.approval?.type ?? null,
      })),
    },
  };
}
