import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { KernError, messageOf } from "../errors.ts";
import { isRunId } from "../run/ids.ts";
import type { Inspection, Reply, RunDoor } from "../run/messages.ts";
import type { Db } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { exampleApproval, exampleRun } from "./examples.ts";
import { json, refusals } from "./responses.ts";
import { askRun, unreachable, unwrap } from "./runs.ts";
import { sweep } from "./sweep.ts";

const InspectedCall = z
  .object({
    id: z.string().describe("kern's identity of the call."),
    tool_name: z.string().describe("The tool."),
    phase: z.string().describe("Where it stands, such as `waiting`, `running` or `ended`."),
    attempt: z.number().describe("How often it was started."),
    outcome: z.string().nullable().describe("What became of it; null until it has ended."),
  })
  .describe("A call.");

const InspectedApproval = z
  .object({
    id: z.string().describe("The approval's id."),
    status: z.string().describe("Where it stands."),
    expires_at_ms: z.number().nullable().describe("When it lapses, in epoch milliseconds."),
  })
  .describe("An approval.");

const Outbox = z
  .object({
    behind: z.number().describe("Journal rows that the database has not been told of."),
    attempts: z.number().describe("How often telling it has failed since it last worked."),
    due_ms: z.number().nullable().describe("When it is tried again, in epoch milliseconds."),
    error: z.string().nullable().describe("Why it failed."),
  })
  .describe("What the database has yet to be told.");

const Inspected = z
  .object({
    run_id: z.string().describe("The run."),
    status: z.string().describe("Where it stands."),
    seq: z.number().describe("How many rows its journal has."),
    steps: z.number().describe("How often the model was asked."),
    calls: z.array(InspectedCall).describe("Its calls."),
    approvals: z.array(InspectedApproval).describe("Its approvals."),
    outbox: Outbox,
    alarm_ms: z.number().nullable().describe("When its alarm rings, in epoch milliseconds."),
    error: z
      .string()
      .nullable()
      .describe("Why it waits, where the model, the configuration or a kill switch is the cause."),
    updated_at_ms: z.number().describe("When it last moved, in epoch milliseconds."),
  })
  .describe("A run's insides: no message, argument or result is among them.")
  .openapi("Inspection", {
    example: {
      run_id: exampleRun.run_id,
      status: "PAUSED",
      seq: 2,
      steps: 1,
      calls: [
        {
          id: exampleApproval.call_id,
          tool_name: exampleApproval.tool_name,
          phase: "waiting",
          attempt: 0,
          outcome: null,
        },
      ],
      approvals: [{ id: exampleApproval.id, status: "pending", expires_at_ms: 1_796_249_190_768 }],
      outbox: { behind: 0, attempts: 0, due_ms: null, error: null },
      alarm_ms: 1_796_249_190_768,
      error: null,
      updated_at_ms: 1_795_644_390_768,
    },
  });

const params = z.object({
  run_id: z.string().describe("The run's id.").openapi({ example: exampleRun.run_id }),
});
const admin = requires("agent_os:admin");
const tags = ["Operations"];
const maxStuck = 100;
const noDb = "There is no database: pass a db to AgentOS.";

/** What an operator needs when something is stuck: to see it, to push it, and to have the database told again. */
export function opsRoutes(
  db: Db | null,
  { channels, now }: Parameters<typeof sweep>[2],
): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const store = (env: Record<string, unknown>) => {
    if (db === null) throw new KernError("unavailable", noDb);
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
      operationId: "listStuckRuns",
      tags,
      summary: "List the stuck runs",
      description: "Those that should be moving and have not for two minutes, with their outboxes.",
      middleware: admin,
      responses: {
        200: json(
          z.object({
            data: z.array(Inspected).describe("Those that could be asked."),
            unreachable: z
              .array(
                z.object({
                  run_id: z.string().describe("The run."),
                  error: z.string().describe("Why it could not be asked."),
                }),
              )
              .describe("Those that could not be asked.")
              .openapi({ example: [] }),
          }),
          "The stuck runs, at most 100.",
        ),
        ...refusals(401, 403, { 503: [noDb] }),
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
      operationId: "inspectRun",
      tags,
      summary: "Read a run's insides",
      description: "Its steps, calls, approvals, outbox and alarm.",
      middleware: admin,
      request: { params },
      responses: {
        200: json(Inspected, "The run's insides."),
        ...refusals(401, 403, 404, { 503: [unreachable] }),
      },
    }),
    async (c) =>
      c.json(await ask(c.env, c.req.valid("param").run_id, async (run) => run.inspect()), 200),
  );

  for (const [verb, again, summary, description] of [
    ["poke", false, "Move a run", "It moves where it can; safe to repeat."],
    [
      "project",
      true,
      "Project a run",
      "Tells the database everything about it once more; safe to repeat.",
    ],
  ] as const) {
    app.openapi(
      createRoute({
        method: "post",
        path: `/ops/runs/{run_id}/${verb}`,
        operationId: `${verb}Run`,
        tags,
        summary,
        description,
        middleware: admin,
        request: { params },
        responses: {
          200: json(Inspected, "The run's insides, afterwards."),
          ...refusals(401, 403, 404, { 503: [unreachable] }),
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
      operationId: "sweep",
      tags,
      summary: "Sweep now",
      description: "Finds what is stuck and moves it, as the cron does.",
      middleware: admin,
      responses: {
        200: json(
          z.object({
            stuck: z.number().describe("Runs that should have been moving and were not."),
            overdue: z.number().describe("Runs with an approval that should have lapsed."),
            untold: z
              .number()
              .describe("Runs that should have told a channel by now, and have not."),
            checked: z
              .number()
              .describe("Paused runs that were looked at, from a random place on."),
            cancelled: z.number().describe("Runs that waited or moved in a deleted session."),
            failed: z.number().describe("Runs that could not be reached."),
          }),
          "How many runs were poked, and cancelled because their session was deleted.",
          { stuck: 0, overdue: 0, untold: 0, checked: 3, cancelled: 0, failed: 0 },
        ),
        ...refusals(401, 403, { 503: [noDb] }),
      },
    }),
    async (c) => c.json(await sweep(c.env, store(c.env), { channels, now }), 200),
  );

  return app;
}
