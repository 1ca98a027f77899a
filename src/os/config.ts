import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";
import { type OsEnv, requires } from "./auth.ts";
import { json, refusals } from "./responses.ts";
import { type SystemParts, tags } from "./system.ts";

const exampleSummary = {
  id: "data-manager",
  name: "Data Manager",
  description: null,
  db_id: "d1",
};
const exampleTeamSummary = { ...exampleSummary, id: "support-team", name: "Support Team" };

const Summary = z
  .object({
    id: z.string().describe("Its id."),
    name: z.string().describe("Its name."),
    description: z.string().nullable().describe("What it is for."),
    db_id: z.string().nullable().describe("The database that its runs are listed from."),
  })
  .describe("What an agent, a team or a workflow is called.")
  .openapi("Summary", { example: exampleSummary });

const Config = z
  .object({
    os_id: z.string().describe("The id that AgentOS was given."),
    name: z.string().describe("The name that AgentOS was given."),
    description: z.string().nullable().describe("What it is for."),
    available_models: z.array(z.string()).describe("The ids of the models that are used."),
    os_database: z.string().nullable().describe("The database of AgentOS."),
    databases: z.array(z.string()).describe("The ids of all databases."),
    agents: z.array(Summary).describe("The agents."),
    teams: z.array(Summary).describe("The teams."),
    workflows: z.array(Summary).describe("The workflows; kern has none."),
    interfaces: z.array(z.unknown()).describe("The interfaces; kern has none."),
  })
  .describe("What is configured.")
  .openapi("Config", {
    example: {
      os_id: "kern",
      name: "kern",
      description: null,
      available_models: ["gpt-4o-mini"],
      os_database: "d1",
      databases: ["d1"],
      agents: [exampleSummary],
      teams: [exampleTeamSummary],
      workflows: [],
      interfaces: [],
    },
  });

export function configRoutes({
  agents,
  dbId,
  description,
  id,
  name,
  teams,
}: SystemParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>();
  const summaries = (all: ReadonlyMap<string, Agent>): z.output<typeof Summary>[] =>
    [...all.values()].map(({ db, description, id, name }) => ({
      id,
      name,
      description,
      db_id: db?.id ?? dbId,
    }));

  app.openapi(
    createRoute({
      method: "get",
      path: "/config",
      operationId: "getConfig",
      tags,
      summary: "Read what is configured",
      middleware: requires("config:read"),
      responses: { 200: json(Config, "The configuration."), ...refusals(401, 403, 503) },
    }),
    (c) =>
      c.json(
        {
          os_id: id,
          name,
          description,
          available_models: [
            ...new Set([...agents.values(), ...teams.values()].map(({ model }) => model.id)),
          ],
          os_database: dbId,
          databases: dbId === null ? [] : [dbId],
          agents: summaries(agents),
          teams: summaries(teams),
          workflows: [],
          interfaces: [],
        },
        200,
      ),
  );
  return app;
}
