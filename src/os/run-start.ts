import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { RunView } from "../run/view.ts";
import type { AgentKind } from "./agent-kind.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { badForm, onInvalid } from "./errors.ts";
import { isOfThisMachine } from "./loopback.ts";
import { foreignUser } from "./own.ts";
import { json, refusals } from "./responses.ts";
import { FollowQuery, RunRequest } from "./run-request.ts";
import { type Follow, open, runOrEvents, teamOf } from "./run-stream.ts";
import { askRun, holdMs, unreachable, unwrap } from "./runs.ts";
import { RunAccepted } from "./schemas.ts";
import { eventStream } from "./sse.ts";
import { type Callbacks, noCallbacks } from "./callbacks.ts";
import { startRun, type StartParts } from "./start-run.ts";

/** The longest that one request waits for a run; who waits longer asks again, or reads the stream. */
const maxWaitMs = 15 * 60_000;

/** How a run begins. */
export function runStartRoutes(
  kind: AgentKind,
  parts: StartParts & { callbacks: Callbacks },
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
            noCallbacks,
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
      const { message, stream, background, session_id, user_id, callback_url } = body.value;
      const callbackUrl = callback_url || null;
      if (callbackUrl !== null) parts.callbacks.check(callbackUrl);
      const run = await startRun(c.env, parts, {
        agent,
        principal: c.var.principal,
        message,
        userId: user_id ?? null,
        sessionId: session_id ?? null,
        callbackUrl,
        key: c.req.header("idempotency-key"),
        local: isOfThisMachine(c.req.raw),
        unattended: background,
        waitMs: stream || background ? 0 : holdMs,
      });
      if (background) return c.json(accepted(run), 202);
      if (stream) return eventStream(open(c, run.run_id), { team: teamOf(c) });
      return c.json(await settled(c, run, maxWaitMs), 200);
    }) as never,
  );

  return app;
}

/** Waits on for a run that takes longer than one question is held open. */
async function settled(c: Context<OsEnv>, first: RunView, waitMs: number): Promise<RunView> {
  let run = first;
  for (let waitedMs = 0; isMoving(run) && waitedMs < waitMs; waitedMs += holdMs) {
    const reply = await askRun(c.env, first.run_id, async (object) => object.wait(holdMs));
    ({ run } = unwrap(reply, "Run"));
  }
  return run;
}

function accepted({ run_id, session_id }: RunView) {
  return { run_id, session_id, status: "PENDING" as const };
}

function isMoving({ status }: RunView): boolean {
  return status === "RUNNING" || status === "PENDING";
}
