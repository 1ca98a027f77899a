import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Agent } from "../agent/agent.ts";
import { KernError } from "../errors.ts";
import { type Db, everyone, type Store, type SwitchRow } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { exampleRun, exampleTeamRun } from "./examples.ts";
import { json, refusals } from "./responses.ts";
import { seconds } from "./schemas.ts";
import { storable } from "./storable.ts";
import { wakeMoving } from "./wake.ts";

const tags = ["Kill switch"];
const admin = requires("agent_os:admin");
const noDb = "The kill switch is not available: pass a db to AgentOS to enable this feature.";

const example = {
  id: "data-manager",
  paused: true,
  reason: "It deletes the wrong users.",
  changed_by: "user:ann@example.com",
  changed_at: 1_795_644_390,
};

const Switch = z
  .object({
    id: z.string().describe("The agent's or the team's id; `*` is everything."),
    paused: z.boolean().describe("Whether no gated call starts."),
    reason: z.string().nullable().describe("Why, as whoever paused it said."),
    changed_by: z.string().describe("The principal that paused or unpaused it last."),
    changed_at: seconds("When that was"),
  })
  .describe("A kill switch.")
  .openapi("Switch", { example });

const PauseRequest = z
  .object({
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .nullable()
      .default(null)
      .describe("Why; shown wherever calls are held."),
  })
  .superRefine(storable)
  .describe("Why it is paused.")
  .openapi("PauseRequest", { example: { reason: example.reason } });

export interface SwitchParts {
  db: Db | null;
  all: ReadonlyMap<string, Agent>;
  now: () => number;
}

/** The kill switch: for one agent or team, with all its members, or for everything. */
export function switchRoutes({ all, db, now }: SwitchParts): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const storeOf = (env: Record<string, unknown>): Store => {
    if (db === null) throw new KernError("unavailable", noDb);
    return db.connect(env);
  };
  const turn = async (c: Context<OsEnv>, id: string, paused: boolean, reason: string | null) => {
    const store = storeOf(c.env);
    const { id: changed_by } = c.var.principal;
    const row = { id, is_on: paused, reason, changed_by, changed_at_ms: now() };
    await store.switches.set(row);
    if (!paused) await wakeMoving(c.env, store);
    return view(row);
  };

  app.openapi(
    createRoute({
      method: "get",
      path: "/switches",
      operationId: "listSwitches",
      tags,
      summary: "List the kill switches",
      description: "Those that were ever turned, on or off.",
      middleware: admin,
      responses: {
        200: json(z.object({ data: z.array(Switch).describe("The switches.") }), "The switches."),
        ...refusals(401, 403, { 503: [noDb] }),
      },
    }),
    async (c) => c.json({ data: (await storeOf(c.env).switches.list()).map(view) }, 200),
  );

  const told =
    "From the answer on no gated call of its starts; what was approved stays approved, what has started goes on.";
  for (const kind of ["agent", "team", null] as const) {
    const What = kind === "team" ? "Team" : "Agent";
    const idName = `${kind ?? "agent"}_id` as const;
    const what = kind === null ? "everything" : kind === "team" ? "a team" : "an agent";
    const exampleId = kind === "team" ? exampleTeamRun.team_id : exampleRun.agent_id;
    const id = z.string().describe(`The ${kind}'s id.`).openapi({ example: exampleId });
    const params = kind === null ? {} : { params: z.object({ [idName]: id }) };
    const notFound = kind === null ? [] : ([404] as const);
    const base = kind === null ? ("" as const) : (`/${kind}s/{${idName}}` as const);
    const suffix = kind === null ? "Everything" : What;
    /** Also one that is only a member of a team. */
    const find = (c: Context<OsEnv>): string => {
      if (kind === null) return everyone;
      const found = all.get(c.req.param(idName) ?? "");
      if (found?.sourceType !== kind) throw new KernError("not_found", `${What} not found`);
      return found.id;
    };

    app.openapi(
      createRoute({
        method: "post",
        path: `${base}/pause`,
        operationId: `pause${suffix}`,
        tags,
        summary: `Pause ${what}`,
        description: told,
        middleware: admin,
        request: {
          ...params,
          body: { content: { "application/json": { schema: PauseRequest } }, required: false },
        },
        responses: {
          200: json(Switch, "The switch, which is on."),
          ...refusals(400, 401, 403, ...notFound, 413, 415, {
            422: [
              [
                {
                  type: "too_small",
                  loc: ["body", "reason"],
                  msg: "Too small: expected string to have >=1 characters",
                },
              ],
            ],
            503: [noDb],
          }),
        },
      }),
      async (c) => c.json(await turn(c, find(c), true, c.req.valid("json").reason ?? null), 200),
    );

    app.openapi(
      createRoute({
        method: "post",
        path: `${base}/unpause`,
        operationId: `unpause${suffix}`,
        tags,
        summary: `Unpause ${what}`,
        description: "What was held goes on, unless another switch holds it. Safe to repeat.",
        middleware: admin,
        request: params,
        responses: {
          200: json(Switch, "The switch, which is off.", {
            ...example,
            paused: false,
            reason: null,
          }),
          ...refusals(401, 403, ...notFound, { 503: [noDb] }),
        },
      }),
      async (c) => c.json(await turn(c, find(c), false, null), 200),
    );
  }
  return app;
}

function view({
  changed_at_ms,
  changed_by,
  id,
  is_on,
  reason,
}: SwitchRow): z.output<typeof Switch> {
  return { id, paused: is_on, reason, changed_by, changed_at: Math.floor(changed_at_ms / 1000) };
}
