import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { KernError } from "../errors.ts";
import type { AgentKind } from "./agent-kind.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { continueRun } from "./continue-run.ts";
import { badForm, onInvalid } from "./errors.ts";
import { json, refusals } from "./responses.ts";
import { eventsContent } from "./run-event.ts";
import { ContinueRequest, FollowQuery, ResumeRequest, TeamContinueRequest } from "./run-request.ts";
import { type Follow, open, runOrEvents, teamOf } from "./run-stream.ts";
import { askRun, holdMs, unreachable, unwrap } from "./runs.ts";
import { Run } from "./schemas.ts";
import { eventStream } from "./sse.ts";

/** What can be asked of a run once there is one. */
export function runRoutes(kind: AgentKind): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const { exampleRun, isTeam, ownerOf, readOf, runIdOf, runParams, scopes, tags } = kind;
  const Continue = isTeam ? TeamContinueRequest : ContinueRequest;

  app.openapi(
    createRoute({
      method: "get",
      path: kind.runPath,
      operationId: `get${kind.runName}`,
      tags,
      summary: "Read a run",
      middleware: requires(scopes.read),
      request: { params: runParams },
      responses: {
        200: json(Run, "The run as it stands.", exampleRun),
        ...refusals(401, 403, 404, { 503: [unreachable] }),
      },
    }),
    async (c) => c.json(await readOf(c), 200) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${kind.runPath}/continue`,
      operationId: `continue${kind.runName}`,
      tags,
      summary: "Answer what waits for the run's own user",
      description:
        "Waits for what comes of it, 60 seconds at most. Without answers it waits for a run that goes on after a decision.",
      middleware: requires(scopes.run),
      request: { params: runParams, query: FollowQuery, body: bodies(Continue) },
      responses: {
        200: runOrEvents(kind),
        ...refusals(401, 404, 413, 415, {
          400: [badForm],
          403: ["This run requires admin approval before it can be continued"],
          409: [`Cannot continue run ${exampleRun.run_id}: run is cancelled`],
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
      const { run, from, members } = await continueRun(c.env, {
        runId,
        agentId,
        principal: c.var.principal,
        answers,
        sessionId: session_id,
        stream,
        waitMs: stream ? 0 : holdMs,
      });
      return stream
        ? eventStream(open(c, runId), { from, team: teamOf(c, members) })
        : c.json(run, 200);
    }) as never,
  );

  app.openapi(
    createRoute({
      method: "post",
      path: `${kind.runPath}/resume`,
      operationId: `resume${kind.runName}`,
      tags,
      summary: "Take up a run's events",
      description: "Sends those after the last one that was received, and goes on as they happen.",
      // Whoever may start a stream may take it up again with the same credential.
      middleware: requires(scopes.run),
      request: { params: runParams, query: FollowQuery, body: bodies(ResumeRequest) },
      responses: {
        200: { description: "Its events as they happen.", content: eventsContent[kind.kind] },
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
      path: `${kind.runPath}/cancel`,
      operationId: `cancel${kind.runName}`,
      tags,
      summary: "Cancel a run",
      description: isTeam
        ? "Ends it, its members' runs and everything that waits in them; safe to repeat."
        : "Ends it and everything that waits in it; safe to repeat.",
      middleware: requires(scopes.run),
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
