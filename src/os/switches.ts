import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Agent } from "../agent/agent.ts";
import { KernError } from "../errors.ts";
import { type Db, everyone, type Store, type SwitchRow } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { exampleRun, exampleTeamRun } from "./examples.ts";
import type { Principal } from "./principal.ts";
import { json, refusals } from "./responses.ts";
import { seconds } from "./schemas.ts";
import { storable } from "./storable.ts";
import { wakeMoving } from "./moving.ts";

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

export const PauseRequest = z
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

type Env = Record<string, unknown>;
type SwitchView = z.output<typeof Switch>;

/** Everything that can be done to kill switches, for the API and the panel alike. */
export interface Switches {
  /** Those that were ever turned, on or off. */
  list(env: Env): Promise<SwitchView[]>;
  /** Of an agent, a team, or everyone; `reason` null where it is unpaused. Safe to repeat. */
  turn(env: Env, turn: Turn, principal: Principal): Promise<SwitchView>;
}

interface Turn {
  id: string;
  paused: boolean;
  reason: string | null;
}

export function switchesOf(db: Db | null, now: () => number): Switches {
  const storeOf = (env: Env): Store => {
    if (db === null) throw new KernError("unavailable", noDb);
    return db.connect(env);
  };
  return {
    async list(env) {
      return (await storeOf(env).switches.list()).map(view);
    },
    async turn(env, { id, paused, reason }, { id: changed_by }) {
      const store = storeOf(env);
      const row = { id, is_on: paused, reason, changed_by, changed_at_ms: now() };
      await store.switches.set(row);
      if (!paused) await wakeMoving(env, store);
      return view(row);
    },
  };
}

/** The kill switch: for one agent or team, with all its members, or for everything. */
export function switchRoutes(
  switches: Switches,
  all: ReadonlyMap<string, Agent>,
): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const turn = async (c: Context<OsEnv>, id: string, paused: boolean, reason: string | null) =>
    switches.turn(c.env, { id, paused, reason }, c.var.principal);

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
    async (c) => c.json({ data: await switches.list(c.env) }, 200),
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

function view({ changed_at_ms, changed_by, id, is_on, reason }: SwitchRow): SwitchView {
  return { id, paused: is_on, reason, changed_by, changed_at: Math.floor(changed_at_ms / 1000) };
}
