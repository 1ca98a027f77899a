import { createHash } from "node:crypto";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Agent } from "../agent/agent.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { KernError } from "../errors.ts";
import { isRunId, newRunId } from "../run/ids.ts";
import { messageVersion, type StartMessage } from "../run/messages.ts";
import type { RunView } from "../run/view.ts";
import { type OsEnv, requires } from "./auth.ts";
import { readBody } from "./body.ts";
import { onInvalid } from "./errors.ts";
import { isLoopback } from "./loopback.ts";
import { json, refusals } from "./responses.ts";
import { askRun, unwrap } from "./runs.ts";
import { ContinueRequest, FollowQuery, ResumeRequest, RunRequest } from "./run-request.ts";
import { Run, RunAccepted } from "./schemas.ts";
import { eventStream, type OpenEvents } from "./sse.ts";
import { AgentDetail, agentDetail } from "./system.ts";

/** The longest that one request waits for a run; who waits longer asks again, or reads the stream. */
const maxWaitMs = 15 * 60_000;
/** How long one question to the run's object is held open. */
const holdMs = 60_000;

const agentParams = z.object({ agent_id: z.string() });
const runParams = z.object({ agent_id: z.string(), run_id: z.string() });
const tags = ["Agents"];
const eventsOnly = { "text/event-stream": { schema: z.string() } };
const stream = {
  description: "The run, or its events as they happen.",
  content: { "application/json": { schema: Run }, ...eventsOnly },
};

export interface AgentRoutesParts {
  agents: ReadonlyMap<string, Agent>;
  dbId: string | null;
  /** Rejects with `unavailable` while the database cannot take what a run will leave in it. */
  ready: (env: Record<string, unknown>) => Promise<void>;
}

export function agentRoutes({ agents, dbId, ready }: AgentRoutesParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const find = (id: string): Agent => {
    const agent = agents.get(id);
    if (agent === undefined) throw new KernError("not_found", "Agent not found");
    return agent;
  };

  /** The run, also of an agent that is no longer configured: such a run can still be read, and cancelled. */
  const readOf = async (c: Context<OsEnv>, agentId: string, runId: string): Promise<RunView> => {
    try {
      return await readRun(c, agentId, runId);
    } catch (error) {
      if (error instanceof KernError && error.code === "not_found") find(agentId);
      throw error;
    }
  };

  app.openapi(
    createRoute({
      method: "get",
      path: "/agents",
      tags,
      summary: "List the agents",
      middleware: requires("agents:read"),
      responses: { 200: json(z.array(AgentDetail), "The agents."), ...refusals(401, 403, 503) },
    }),
    (c) =>
      c.json(
        [...agents.values()].map((agent) => agentDetail(agent, dbId)),
        200,
      ),
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/agents/{agent_id}",
      tags,
      summary: "Read an agent",
      middleware: requires("agents:read"),
      request: { params: agentParams },
      responses: { 200: json(AgentDetail, "The agent."), ...refusals(401, 403, 404, 503) },
    }),
    (c) => c.json(agentDetail(find(c.req.valid("param").agent_id), dbId), 200),
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/agents/{agent_id}/runs",
      tags,
      summary: "Start a run",
      middleware: requires("agents:run"),
      request: {
        params: agentParams,
        query: FollowQuery,
        headers: z.object({ "idempotency-key": z.string().min(1).max(255).optional() }),
        // Read by hand, because one schema serves all three forms of the body.
        body: bodies(RunRequest),
      },
      responses: {
        200: stream,
        202: json(RunAccepted, "Started."),
        ...refusals(400, 401, 403, 404, 413, 415, 422, 503),
      },
    }),
    (async (c: Follow) => {
      const agent = find(c.req.param("agent_id") ?? "");
      const body = await readBody(c, RunRequest);
      if ("response" in body) return body.response;
      await ready(c.env);
      const { message, stream, background, session_id, user_id } = body.value;
      const key = c.req.header("idempotency-key");
      const principal = c.var.principal.id;
      const runId = newRunId(
        key === undefined ? undefined : canonicalJson([principal, agent.id, key]),
      );
      const start: StartMessage = {
        v: messageVersion,
        runId,
        agentId: agent.id,
        sessionId: session_id ?? crypto.randomUUID(),
        userId: user_id ?? null,
        requestedBy: principal,
        message,
        fingerprint: fingerprint({
          message,
          session_id: session_id ?? null,
          user_id: user_id ?? null,
        }),
        local: isLoopback(new URL(c.req.url).hostname) && c.req.header("cf-ray") === undefined,
        unattended: background,
        waitMs: stream || background ? 0 : holdMs,
      };
      const { run } = unwrap(
        await askRun(c.env, runId, async (object) => object.start(start)),
        "Run",
      );
      if (background)
        return c.json(
          { run_id: run.run_id, session_id: run.session_id, status: "PENDING" as const },
          202,
        );
      if (stream) return eventStream(open(c, runId));
      return c.json(await settled(c, runId, run, maxWaitMs), 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/agents/{agent_id}/runs/{run_id}",
      tags,
      summary: "Read a run",
      middleware: requires("agents:read"),
      request: { params: runParams },
      responses: { 200: json(Run, "The run as it stands."), ...refusals(401, 403, 404, 503) },
    }),
    async (c) => {
      const { agent_id, run_id } = c.req.valid("param");
      return c.json(await readOf(c, agent_id, run_id), 200) as never;
    },
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/agents/{agent_id}/runs/{run_id}/continue",
      tags,
      summary: "Answer what waits for the run's own user, and wait for what comes of it",
      middleware: requires("agents:run"),
      request: { params: runParams, query: FollowQuery, body: bodies(ContinueRequest) },
      responses: { 200: stream, ...refusals(400, 401, 403, 404, 409, 413, 415, 422, 503) },
    }),
    (async (c: Follow) => {
      const runId = c.req.param("run_id") ?? "";
      const agentId = find(c.req.param("agent_id") ?? "").id;
      if (!isRunId(runId)) throw new KernError("not_found", "Run not found");
      const body = await readBody(c, ContinueRequest);
      if ("response" in body) return body.response;
      const { tools: answers = [], stream } = body.value;
      const waitMs = stream ? 0 : holdMs;
      const requestId = crypto.randomUUID();
      const message = { v: messageVersion, agentId, answers, requestId, stream, waitMs };
      const { run, from } = unwrap(
        await askRun(c.env, runId, async (object) => object.continue(message)),
        "Run",
      );
      return stream ? eventStream(open(c, runId), { from }) : c.json(run, 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/agents/{agent_id}/runs/{run_id}/resume",
      tags,
      summary:
        "Take up a run's events after the last one that was received, and go on as they happen",
      // Whoever may start a stream may take it up again with the same credential.
      middleware: requires("agents:run"),
      request: { params: runParams, query: FollowQuery, body: bodies(ResumeRequest) },
      responses: {
        200: { description: stream.description, content: eventsOnly },
        ...refusals(400, 401, 403, 404, 413, 415, 422, 503),
      },
    }),
    (async (c: Follow) => {
      const runId = c.req.param("run_id") ?? "";
      await readOf(c, c.req.param("agent_id") ?? "", runId);
      const body = await readBody(c, ResumeRequest);
      if ("response" in body) return body.response;
      const last = body.value.last_event_index ?? -1;
      const opened = await open(c, runId)(last + 1);
      if (opened === null)
        throw new KernError(
          "invalid_request",
          `The run has no event ${last} yet. Without last_event_index all of its events are sent.`,
        );
      return eventStream(open(c, runId), { from: last + 1, opened });
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: "/agents/{agent_id}/runs/{run_id}/cancel",
      tags,
      summary: "End a run and everything that waits in it; safe to repeat",
      middleware: requires("agents:run"),
      request: { params: runParams },
      responses: {
        200: json(z.object({}), "Cancelled, or ended before."),
        ...refusals(401, 403, 404, 503),
      },
    }),
    async (c) => {
      const { agent_id, run_id } = c.req.valid("param");
      await readOf(c, agent_id, run_id);
      unwrap(await askRun(c.env, run_id, async (object) => object.cancel()), "Run");
      return c.json({}, 200);
    },
  );

  return app;
}

type Follow = Context<OsEnv, string, { out: { query: z.output<typeof FollowQuery> } }>;

/** The run's events, as one request wants them; who follows stays when the run pauses, which keeps its object in memory. */
function open(c: Follow, runId: string): OpenEvents {
  const { follow } = c.req.valid("query");
  return async (from) => askRun(c.env, runId, async (object) => object.follow(from, follow));
}

async function readRun(c: Context<OsEnv>, agentId: string, runId: string): Promise<RunView> {
  if (!isRunId(runId)) throw new KernError("not_found", "Run not found");
  const { run } = unwrap(await askRun(c.env, runId, async (object) => object.view()), "Run");
  if (run.agent_id !== agentId) throw new KernError("not_found", "Run not found");
  return run;
}

/** Waits on for a run that takes longer than one question is held open. */
async function settled(
  c: Context<OsEnv>,
  runId: string,
  first: RunView,
  waitMs: number,
): Promise<RunView> {
  let run = first;
  for (let waitedMs = 0; isMoving(run) && waitedMs < waitMs; waitedMs += holdMs) {
    ({ run } = unwrap(await askRun(c.env, runId, async (object) => object.wait(holdMs)), "Run"));
  }
  return run;
}

function isMoving({ status }: RunView): boolean {
  return status === "RUNNING" || status === "PENDING";
}

function fingerprint(request: Record<string, unknown>): string {
  return createHash("sha256").update(canonicalJson(request)).digest("hex");
}

function bodies<S extends z.ZodType>(schema: S) {
  return {
    content: {
      "multipart/form-data": { schema },
      "application/x-www-form-urlencoded": { schema },
      "application/json": { schema },
    },
  };
}
