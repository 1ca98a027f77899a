import { createHash } from "node:crypto";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Agent } from "../agent/agent.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { KernError } from "../errors.ts";
import { isRunId, newRunId } from "../run/ids.ts";
import { type MemberEvents, messageVersion, type StartMessage } from "../run/messages.ts";
import type { RunView } from "../run/view.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { badForm, onInvalid } from "./errors.ts";
import { exampleRun, exampleTeamRun } from "./examples.ts";
import { isLoopback } from "./loopback.ts";
import type { TeamEvents } from "./relay.ts";
import { json, refusals } from "./responses.ts";
import { askRun, unreachable, unwrap } from "./runs.ts";
import {
  ContinueRequest,
  FollowQuery,
  ResumeRequest,
  RunRequest,
  TeamContinueRequest,
} from "./run-request.ts";
import type { StartSession } from "./session-start.ts";
import { Run, RunAccepted } from "./schemas.ts";
import { eventsContent } from "./run-event.ts";
import { eventStream, type OpenEvents } from "./sse.ts";
import { AgentDetail, agentDetail, TeamDetail } from "./agent-detail.ts";

/** The longest that one request waits for a run; who waits longer asks again, or reads the stream. */
const maxWaitMs = 15 * 60_000;
/** How long one question to the run's object is held open. */
const holdMs = 60_000;

export interface AgentRoutesParts {
  kind: Agent["sourceType"];
  /** The agents or teams that may be run. */
  agents: ReadonlyMap<string, Agent>;
  dbId: string | null;
  /** Rejects with `unavailable` while the database cannot take what a run will leave in it. */
  ready: (env: Record<string, unknown>) => Promise<void>;
  startSession: StartSession;
}

/** What can be asked of agents and of teams, which differ in a few words and in how their pauses are answered. */
export function agentRoutes({
  agents,
  dbId,
  kind,
  ready,
  startSession,
}: AgentRoutesParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const isTeam = kind === "team";
  const path = `/${kind}s` as const;
  const idName = `${kind}_id` as const;
  const [Names, Name] = isTeam ? ["Teams", "Team"] : ["Agents", "Agent"];
  // Agents' runs are told of first, so theirs are the plain names.
  const ofRun = isTeam ? "TeamRun" : "Run";
  const example = isTeam ? exampleTeamRun : exampleRun;
  const exampleId = isTeam ? exampleTeamRun.team_id : exampleRun.agent_id;
  const ids = {
    [idName]: z.string().describe(`The ${kind}'s id.`).openapi({ example: exampleId }),
  };
  const agentParams = z.object(ids);
  const runParams = z.object({
    ...ids,
    run_id: z.string().describe("The run's id.").openapi({ example: example.run_id }),
  });
  const tags = [Names];
  const [read, run] = [`${kind}s:read`, `${kind}s:run`] as const;
  const Detail = isTeam ? TeamDetail : AgentDetail;
  const Continue = isTeam ? TeamContinueRequest : ContinueRequest;
  const events = eventsContent[kind];
  const stream = {
    description: "The run, or its events as they happen.",
    content: { "application/json": { schema: Run, example }, ...events },
  };
  const idOf = (c: Context<OsEnv>): string => c.req.param(idName) ?? "";
  const runIdOf = (c: Context<OsEnv>): string => c.req.param("run_id") ?? "";
  const find = (id: string): Agent => {
    const agent = agents.get(id);
    if (agent === undefined)
      throw new KernError("not_found", `${isTeam ? "Team" : "Agent"} not found`);
    return agent;
  };

  /** The run, also of an agent that is no longer configured: such a run can still be read, and cancelled. */
  const readOf = async (c: Context<OsEnv>): Promise<RunView> => {
    const view = await readRun(c, runIdOf(c));
    const owner = view === null || !isTeam ? view?.agent_id : (view.agent_id ?? view.team_id);
    if (view !== null && owner === idOf(c) && (view.agent_id === null) === isTeam) return view;
    find(idOf(c));
    throw new KernError("not_found", "Run not found");
  };

  /** Whose run it is, also where that is a team's member, which need not be one that can be started. */
  const ownerOf = async (c: Context<OsEnv>): Promise<string> => {
    if (!agents.has(idOf(c))) await readOf(c);
    if (!isRunId(runIdOf(c))) throw new KernError("not_found", "Run not found");
    return idOf(c);
  };

  app.openapi(
    createRoute({
      method: "get",
      path,
      operationId: `list${Names}`,
      tags,
      summary: `List the ${kind}s`,
      middleware: requires(read),
      responses: { 200: json(z.array(Detail), `The ${kind}s.`), ...refusals(401, 403, 503) },
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
      path: `${path}/{${idName}}`,
      operationId: `get${Name}`,
      tags,
      summary: isTeam ? "Read a team" : "Read an agent",
      middleware: requires(read),
      request: { params: agentParams },
      responses: { 200: json(Detail, `The ${kind}.`), ...refusals(401, 403, 404, 503) },
    }),
    (c) => c.json(agentDetail(find(idOf(c)), dbId), 200),
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${path}/{${idName}}/runs`,
      operationId: `start${ofRun}`,
      tags,
      summary: "Start a run",
      middleware: requires(run),
      request: {
        params: agentParams,
        query: FollowQuery,
        headers: z.object({
          "idempotency-key": z
            .string()
            .min(1)
            .max(255)
            .optional()
            .describe(
              "Makes the start safe to repeat: the same key of the same caller gives the same run; with another body it is 422.",
            ),
        }),
        // Read by hand, because one schema serves all three forms of the body.
        body: bodies(RunRequest),
      },
      responses: {
        200: stream,
        202: json(RunAccepted, "Started.", accepted(example)),
        ...refusals(401, 403, 413, 415, {
          400: [badForm],
          404: ["Session not found"],
          422: [
            [
              {
                type: "invalid_type",
                loc: ["body", "message"],
                msg: "Invalid input: expected string, received undefined",
              },
            ],
            "This Idempotency-Key was used for another request: use a new key, or repeat the same request.",
          ],
          503: [unreachable],
        }),
      },
    }),
    (async (c: Follow) => {
      const agent = find(idOf(c));
      const body = await readBody(c, RunRequest);
      if ("response" in body) return body.response;
      await ready(c.env);
      const { message, stream, background, session_id, user_id } = body.value;
      const key = c.req.header("idempotency-key");
      const principal = c.var.principal.id;
      const runId = newRunId(
        key === undefined ? undefined : canonicalJson([principal, agent.id, key]),
      );
      const { sessionId, history } = await startSession(c.env, {
        runId,
        isRepeatable: key !== undefined,
        component: { type: kind, id: agent.id },
        sessionId: session_id ?? null,
        userId: user_id ?? null,
        message,
        historyRuns: agent.historyRuns,
      });
      const start: StartMessage = {
        v: messageVersion,
        runId,
        agentId: agent.id,
        sessionId,
        userId: user_id ?? null,
        requestedBy: principal,
        message,
        ...(history.length > 0 && { history }),
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
      if (background) return c.json(accepted(run), 202);
      if (stream) return eventStream(open(c, runId), { team: teamOf(c) });
      return c.json(await settled(c, runId, run, maxWaitMs), 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "get",
      path: `${path}/{${idName}}/runs/{run_id}`,
      operationId: `get${ofRun}`,
      tags,
      summary: "Read a run",
      middleware: requires(read),
      request: { params: runParams },
      responses: {
        200: json(Run, "The run as it stands.", example),
        ...refusals(401, 403, 404, { 503: [unreachable] }),
      },
    }),
    async (c) => c.json(await readOf(c), 200) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${path}/{${idName}}/runs/{run_id}/continue`,
      operationId: `continue${ofRun}`,
      tags,
      summary: "Answer what waits for the run's own user",
      description:
        "Waits for what comes of it, 60 seconds at most. Without answers it waits for a run that goes on after a decision.",
      middleware: requires(run),
      request: { params: runParams, query: FollowQuery, body: bodies(Continue) },
      responses: {
        200: stream,
        ...refusals(401, 404, 413, 415, {
          400: [badForm],
          403: ["This run requires admin approval before it can be continued"],
          409: [`Cannot continue run ${example.run_id}: run is cancelled`],
          422: [
            [
              {
                type: "invalid_type",
                loc: ["body", isTeam ? "requirements" : "tools"],
                msg: "Invalid input: expected array, received object",
              },
            ],
          ],
          503: [unreachable],
        }),
      },
    }),
    (async (c: Follow) => {
      const runId = runIdOf(c);
      const agentId = await ownerOf(c);
      const body = await readBody(c, Continue);
      if ("response" in body) return body.response;
      const { answers = [], session_id, stream } = body.value;
      const waitMs = stream ? 0 : holdMs;
      const requestId = crypto.randomUUID();
      const { id, shared } = c.var.principal;
      const message = {
        v: messageVersion,
        agentId,
        answers,
        requestId,
        principal: { principal: id, shared },
        stream,
        waitMs,
        ...(session_id && { sessionId: session_id }),
      };
      const { run, from, members } = unwrap(
        await askRun(c.env, runId, async (object) => object.continue(message)),
        "Run",
      );
      return stream
        ? eventStream(open(c, runId), { from, team: teamOf(c, members) })
        : c.json(run, 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${path}/{${idName}}/runs/{run_id}/resume`,
      operationId: `resume${ofRun}`,
      tags,
      summary: "Take up a run's events",
      description: "Sends those after the last one that was received, and goes on as they happen.",
      // Whoever may start a stream may take it up again with the same credential.
      middleware: requires(run),
      request: { params: runParams, query: FollowQuery, body: bodies(ResumeRequest) },
      responses: {
        200: { description: "Its events as they happen.", content: events },
        ...refusals(401, 403, 404, 413, 415, {
          400: [badForm],
          422: ["The run has no event 7 yet. Without last_event_index all of its events are sent."],
          503: [unreachable],
        }),
      },
    }),
    (async (c: Follow) => {
      const runId = runIdOf(c);
      const run = await readOf(c);
      const body = await readBody(c, ResumeRequest);
      if ("response" in body) return body.response;
      if ((body.value.session_id ?? run.session_id) !== run.session_id)
        throw new KernError("not_found", "Run not found");
      const last = body.value.last_event_index ?? -1;
      const opened = await open(c, runId)(last + 1);
      if (opened === null)
        throw new KernError(
          "invalid_request",
          `The run has no event ${last} yet. Without last_event_index all of its events are sent.`,
        );
      // Of members that were at work before, what comes from now on.
      const members =
        last < 0 || !isTeam
          ? []
          : await askRun(c.env, runId, async (object) => object.membersAtWork(last + 1));
      return eventStream(open(c, runId), { from: last + 1, opened, team: teamOf(c, members) });
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${path}/{${idName}}/runs/{run_id}/cancel`,
      operationId: `cancel${ofRun}`,
      tags,
      summary: "Cancel a run",
      description: isTeam
        ? "Ends it, its members' runs and everything that waits in them; safe to repeat."
        : "Ends it and everything that waits in it; safe to repeat.",
      middleware: requires(run),
      request: { params: runParams },
      responses: {
        200: json(z.object({}), "Cancelled, or ended before.", {}),
        ...refusals(401, 403, 404, { 503: [unreachable] }),
      },
    }),
    async (c) => {
      await readOf(c);
      unwrap(await askRun(c.env, runIdOf(c), async (object) => object.cancel()), "Run");
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

/** The events of whoever works for the run as a member of its team, of which it may have none. */
function teamOf(c: Context<OsEnv>, atWork: MemberEvents[] = []): TeamEvents {
  return {
    open: (runId) => async (from) =>
      askRun(c.env, runId, async (object) => object.follow(from, true)),
    atWork,
  };
}

async function readRun(c: Context<OsEnv>, runId: string): Promise<RunView | null> {
  if (!isRunId(runId)) return null;
  const reply = await askRun(c.env, runId, async (object) => object.view());
  return !reply.ok && reply.reason === "not_found" ? null : unwrap(reply, "Run").run;
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

function accepted({ run_id, session_id }: RunView) {
  return { run_id, session_id, status: "PENDING" as const };
}

function isMoving({ status }: RunView): boolean {
  return status === "RUNNING" || status === "PENDING";
}

function fingerprint(request: Record<string, unknown>): string {
  return createHash("sha256").update(canonicalJson(request)).digest("hex");
}
