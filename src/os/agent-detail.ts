import { z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";

const Model = z.object({ name: z.string(), model: z.string(), provider: z.string() });

export const AgentDetail = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    db_id: z.string().nullable(),
    model: Model,
    instructions: z.array(z.string()),
    tools: z.object({
      tools: z.array(
        z.object({
          name: z.string(),
          description: z.string(),
          parameters: z.record(z.string(), z.unknown()),
          requires_confirmation: z.boolean(),
          requires_user_input: z.boolean(),
          external_execution: z.boolean(),
          approval_type: z.enum(["required", "audit"]).nullable(),
        }),
      ),
    }),
  })
  .openapi("Agent");

type Detail = z.output<typeof AgentDetail> & { members?: Detail[] };

/** A team has members, which are agents or teams themselves. */
export const TeamDetail = AgentDetail.extend({
  members: z.array(z.record(z.string(), z.unknown())).describe("Agents, and teams with members."),
}).openapi("Team");

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
