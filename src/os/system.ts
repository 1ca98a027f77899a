import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";
import { messageOf } from "../errors.ts";
import { type OsEnv, requires } from "./auth.ts";
import { json, refusals } from "./responses.ts";

export interface SystemParts {
  id: string;
  name: string;
  description: string | null;
  version: string;
  dbId: string | null;
  agents: ReadonlyMap<string, Agent>;
  teams: ReadonlyMap<string, Agent>;
  ready: (env: Record<string, unknown>) => Promise<void>;
  now: () => number;
}

const tags = ["Core"];
const summary = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  db_id: z.string().nullable(),
});

/** What anyone may ask: these come before the question of who is asking. */
export function publicRoutes({
  agents,
  id,
  name,
  now,
  ready,
  teams,
  version,
}: SystemParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>();
  let instantiatedAt: string | null = null;

  app.openapi(
    createRoute({
      method: "get",
      path: "/",
      tags,
      summary: "What this is",
      responses: {
        200: json(
          z.object({ name: z.string(), id: z.string(), version: z.string() }),
          "Name and version.",
        ),
        302: { description: "A browser is sent to the panel." },
      },
    }),
    (c) => {
      // A browser's user wants the page; who asks for JSON, or for anything, gets JSON.
      if (c.req.header("accept")?.startsWith("text/html") === true) return c.redirect("/panel");
      return c.json({ name, id, version }, 200);
    },
  );

  const Health = z.object({ status: z.string(), instantiated_at: z.string() });
  app.openapi(
    createRoute({
      method: "get",
      path: "/health",
      tags,
      summary: "Whether the service can work",
      responses: {
        200: json(Health, "It can."),
        503: json(Health.extend({ detail: z.string() }), "It cannot, and why."),
      },
    }),
    async (c) => {
      instantiatedAt ??= new Date(now()).toISOString();
      try {
        await ready(c.env);
        return c.json({ status: "ok", instantiated_at: instantiatedAt }, 200);
      } catch (error) {
        return c.json(
          { status: "unavailable", instantiated_at: instantiatedAt, detail: messageOf(error) },
          503,
        );
      }
    },
  );

  const counts = z.object({
    kern_version: z.string(),
    agent_count: z.number(),
    team_count: z.number(),
    workflow_count: z.number(),
  });
  app.openapi(
    createRoute({
      method: "get",
      path: "/info",
      tags,
      summary: "How much there is",
      responses: { 200: json(counts, "Counts.") },
    }),
    (c) =>
      c.json(
        {
          kern_version: version,
          agent_count: agents.size,
          team_count: teams.size,
          workflow_count: 0,
        },
        200,
      ),
  );

  return app;
}

export function configRoutes({
  agents,
  dbId,
  description,
  id,
  name,
  teams,
}: SystemParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>();
  const summaries = (all: ReadonlyMap<string, Agent>): z.output<typeof summary>[] =>
    [...all.values()].map(({ db, description, id, name }) => ({
      id,
      name,
      description,
      db_id: db?.id ?? dbId,
    }));
  const Config = z
    .object({
      os_id: z.string(),
      name: z.string(),
      description: z.string().nullable(),
      available_models: z.array(z.string()),
      os_database: z.string().nullable(),
      databases: z.array(z.string()),
      agents: z.array(summary),
      teams: z.array(summary),
      workflows: z.array(summary),
      interfaces: z.array(z.unknown()),
    })
    .openapi("Config");

  app.openapi(
    createRoute({
      method: "get",
      path: "/config",
      tags,
      summary: "What is configured",
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
