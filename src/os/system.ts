import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";
import { messageOf } from "../errors.ts";
import type { OsEnv } from "./auth.ts";
import { json } from "./responses.ts";

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

export const tags = ["Core"];

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
      operationId: "getRoot",
      tags,
      summary: "Read what this is",
      responses: {
        200: json(
          z.object({
            name: z.string().describe("The name that AgentOS was given."),
            id: z.string().describe("The id that AgentOS was given."),
            version: z.string().describe("The version of kern."),
          }),
          "Name and version.",
          { name: "kern", id: "kern", version },
        ),
        302: {
          description: "A browser, which asks for HTML, is sent to the panel.",
          headers: {
            Location: { description: "Always `/panel`.", schema: { type: "string" as const } },
          },
        },
      },
    }),
    (c) => {
      // A browser's user wants the page; who asks for JSON, or for anything, gets JSON.
      if (c.req.header("accept")?.startsWith("text/html") === true) return c.redirect("/panel");
      return c.json({ name, id, version }, 200);
    },
  );

  const Health = z.object({
    status: z.string().describe("`ok`, or `unavailable`."),
    instantiated_at: z.string().describe("When this instance first answered, in ISO 8601."),
  });
  const healthy = { status: "ok", instantiated_at: "2026-11-25T22:06:30.485Z" };
  app.openapi(
    createRoute({
      method: "get",
      path: "/health",
      operationId: "getHealth",
      tags,
      summary: "Check whether the service can work",
      responses: {
        200: json(Health, "It can.", healthy),
        503: json(
          Health.extend({ detail: z.string().describe("What is wrong, and what to do about it.") }),
          "It cannot, and why.",
          {
            ...healthy,
            status: "unavailable",
            detail:
              "The Worker has no D1 database bound as DB. Add it to d1_databases in wrangler.toml.",
          },
        ),
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
    kern_version: z.string().describe("The version of kern."),
    agent_count: z.number().describe("How many agents there are."),
    team_count: z.number().describe("How many teams there are."),
    workflow_count: z.number().describe("How many workflows there are."),
  });
  app.openapi(
    createRoute({
      method: "get",
      path: "/info",
      operationId: "getInfo",
      tags,
      summary: "Count what there is",
      responses: {
        200: json(counts, "Counts.", {
          kern_version: version,
          agent_count: 1,
          team_count: 1,
          workflow_count: 0,
        }),
      },
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
