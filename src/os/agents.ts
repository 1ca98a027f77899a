import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Agent } from "../agent/agent.ts";
import { AgentDetail, agentDetail, TeamDetail } from "./agent-detail.ts";
import { agentKind } from "./agent-kind.ts";
import { type OsEnv, requires } from "./auth.ts";
import type { Callbacks } from "./callbacks.ts";
import { onInvalid } from "./errors.ts";
import { holds } from "./principal.ts";
import { json, refusals } from "./responses.ts";
import { runRoutes } from "./run-routes.ts";
import { runStartRoutes } from "./run-start.ts";
import type { StartParts } from "./start-run.ts";

export interface AgentRoutesParts extends StartParts {
  kind: Agent["sourceType"];
  /** The agents or teams that may be run. */
  agents: ReadonlyMap<string, Agent>;
  dbId: string | null;
  callbacks: Callbacks;
}

/** What can be asked of agents and of teams, which differ in a few words and in how their pauses are answered. */
export function agentRoutes({ agents, dbId, ...parts }: AgentRoutesParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const kind = agentKind(parts.kind, agents);
  const { isTeam, name, tags } = kind;
  const Detail = isTeam ? TeamDetail : AgentDetail;
  const { read } = kind.scopes;

  app.openapi(
    createRoute({
      method: "get",
      path: kind.path,
      operationId: `list${name}s`,
      tags,
      summary: `List the ${parts.kind}s`,
      description: "Those that the caller may read.",
      middleware: requires(read, { some: true }),
      responses: { 200: json(z.array(Detail), `The ${parts.kind}s.`), ...refusals(401, 403, 503) },
    }),
    (c) =>
      c.json(
        [...agents.values()]
          .filter(({ id }) => holds(c.var.principal, read, id))
          .map((agent) => agentDetail(agent, dbId)),
        200,
      ),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: kind.onePath,
      operationId: `get${name}`,
      tags,
      summary: isTeam ? "Read a team" : "Read an agent",
      middleware: requires(read),
      request: { params: kind.params },
      responses: { 200: json(Detail, `The ${parts.kind}.`), ...refusals(401, 403, 404, 503) },
    }),
    (c) => c.json(agentDetail(kind.find(kind.idOf(c)), dbId), 200),
  );

  app.route("/", runStartRoutes(kind, parts));
  app.route("/", runRoutes(kind));
  return app;
}
