import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { KernError, messageOf } from "../errors.ts";
import { isRunId } from "../run/ids.ts";
import type { Inspection, Reply, RunDoor } from "../run/messages.ts";
import type { Db } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { json, refusals } from "./responses.ts";
import { askRun, unwrap } from "./runs.ts";
import { sweep } from "./sweep.ts";

const Inspected = z
  .object({
    run_id: z.string(),
    status: z.string(),
    seq: z.number(),
    steps: z.number(),
    calls: z.array(
      z.object({
        id: z.string(),
        tool_name: z.string(),
        phase: z.string(),
        attempt: z.number(),
        outcome: z.string().nullable(),
      }),
    ),
    approvals: z.array(
      z.object({ id: z.string(), status: z.string(), expires_at_ms: z.number().nullable() }),
    ),
    outbox: z.object({
      behind: z.number().describe("Journal rows that the database has not been told of."),
      attempts: z.number(),
      due_ms: z.number().nullable(),
      error: z.string().nullable(),
    }),
    alarm_ms: z.number().nullable(),
    error: z.string().nullable(),
    updated_at_ms: z.number(),
  })
  .openapi("Inspection");

const params = z.object({ run_id: z.string() });
const admin = requires("agent_os:admin");
const tags = ["Operations"];
const maxStuck = 100;

/** What an operator needs when something is stuck: to see it, to push it, and to have the database told again. */
export function opsRoutes(db: Db | null, now: () => number): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const store = (env: Record<string, unknown>) => {
    if (db === null)
      throw new KernError("unavailable", "There is no database: pass a db to AgentOS.");
    return db.connect(env);
  };
  const ask = async (
    env: Record<string, unknown>,
    runId: string,
    question: (run: RunDoor) => Promise<Reply<{ inspection: Inspection }>>,
  ) => {
    if (!isRunId(runId)) throw new KernError("not_found", "Run not found");
    return unwrap(await askRun(env, runId, question), "Run").inspection;
  };

  app.openapi(
    createRoute({
      method: "get",
      path: "/ops/runs",
      tags,
      summary: "Runs that should be moving and have not for two minutes, with their outboxes",
      middleware: admin,
      responses: {
        200: json(
          z.object({
            data: z.array(Inspected),
            unreachable: z
              .array(z.object({ run_id: z.string(), error: z.string() }))
              .describe("Those that could not be asked."),
          }),
          "The stuck runs, at most 100.",
        ),
        ...refusals(401, 403, 503),
      },
    }),
    async (c) => {
      const rows = await store(c.env).stuckRuns(now() - 120_000, maxStuck);
      const data: Inspection[] = [];
      const unreachable: { run_id: string; error: string }[] = [];
      for (const { id } of rows) {
        try {
          const reply = await askRun(c.env, id, async (run) => run.inspect());
          if (reply.ok) data.push(reply.inspection);
        } catch (error) {
          unreachable.push({ run_id: id, error: messageOf(error) });
        }
      }
      return c.json({ data, unreachable }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/ops/runs/{run_id}",
      tags,
      summary: "A run's insides: steps, calls, approvals, outbox, alarm",
      middleware: admin,
      request: { params },
      responses: { 200: json(Inspected, "The run's insides."), ...refusals(401, 403, 404, 503) },
    }),
    async (c) =>
      c.json(await ask(c.env, c.req.valid("param").run_id, async (run) => run.inspect()), 200),
  );

  for (const [verb, again, summary] of [
    ["poke", false, "Move a run where it can move; safe to repeat"],
    ["project", true, "Tell the database everything about a run once more; safe to repeat"],
  ] as const) {
    app.openapi(
      createRoute({
        method: "post",
        path: `/ops/runs/{run_id}/${verb}`,
        tags,
        summary,
        middleware: admin,
        request: { params },
        responses: {
          200: json(Inspected, "The run's insides, afterwards."),
          ...refusals(401, 403, 404, 503),
        },
      }),
      async (c) =>
        c.json(await ask(c.env, c.req.valid("param").run_id, async (run) => run.poke(again)), 200),
    );
  }

  app.openapi(
    createRoute({
      method: "post",
      path: "/ops/sweep",
      tags,
      summary: "Sweep now, as the cron does",
      middleware: admin,
      responses: {
        200: json(
          z.object({
            stuck: z.number(),
            overdue: z.number(),
            checked: z.number(),
            cancelled: z.number(),
            failed: z.number(),
          }),
          "How many runs were poked, and cancelled because their session was deleted.",
        ),
        ...refusals(401, 403, 503),
      },
    }),
    async (c) => c.json(await sweep(c.env, store(c.env), now), 200),
  );

  return app;
}
