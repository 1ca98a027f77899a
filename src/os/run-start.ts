import { createHash } from "node:crypto";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { canonicalJson } from "../approval/call-hash.ts";
import { newRunId } from "../run/ids.ts";
import { messageVersion, type StartMessage } from "../run/messages.ts";
import type { RunView } from "../run/view.ts";
import type { AgentKind } from "./agent-kind.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { badForm, onInvalid } from "./errors.ts";
import { isLoopback } from "./loopback.ts";
import { foreignUser, userOf } from "./own.ts";
import { json, refusals } from "./responses.ts";
import { FollowQuery, RunRequest } from "./run-request.ts";
import { type Follow, open, runOrEvents, teamOf } from "./run-stream.ts";
import { askRun, holdMs, unreachable, unwrap } from "./runs.ts";
import { RunAccepted } from "./schemas.ts";
import type { StartSession } from "./session-start.ts";
import { eventStream } from "./sse.ts";

/** The longest that one request waits for a run; who waits longer asks again, or reads the stream. */
const maxWaitMs = 15 * 60_000;

export interface StartParts {
  /** Rejects with `unavailable` while the database cannot take what a run will leave in it. */
  ready: (env: Record<string, unknown>) => Promise<void>;
  startSession: StartSession;
}

/** How a run begins. */
export function runStartRoutes(
  kind: AgentKind,
  { ready, startSession }: StartParts,
): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });

  app.openapi(
    createRoute({
      method: "post",
      path: `${kind.onePath}/runs`,
      operationId: `start${kind.runName}`,
      tags: kind.tags,
      summary: "Start a run",
      middleware: requires(kind.scopes.run),
      request: {
        params: kind.params,
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
        200: runOrEvents(kind),
        202: json(RunAccepted, "Started.", accepted(kind.exampleRun)),
        ...refusals(401, 413, 415, {
          400: [badForm],
          403: [foreignUser],
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
      const agent = kind.find(kind.idOf(c));
      const body = await readBody(c, RunRequest);
      if ("response" in body) return body.response;
      await ready(c.env);
      const { message, stream, background, session_id, user_id } = body.value;
      const key = c.req.header("idempotency-key");
      const { aliases, id: principal } = c.var.principal;
      const userId = userOf(c.var.principal, user_id ?? null);
      const runId = newRunId(
        key === undefined ? undefined : canonicalJson([principal, agent.id, key]),
      );
      const { sessionId, history } = await startSession(c.env, {
        runId,
        isRepeatable: key !== undefined,
        component: { type: kind.kind, id: agent.id },
        sessionId: session_id ?? null,
        userId,
        message,
        historyRuns: agent.historyRuns,
      });
      const start: StartMessage = {
        v: messageVersion,
        runId,
        agentId: agent.id,
        sessionId,
        userId,
        requestedBy: principal,
        ...(aliases.length > 0 && { requester: { aliases: [...aliases] } }),
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

  return app;
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
