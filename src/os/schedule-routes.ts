import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { KernError } from "../errors.ts";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { pageOf, readCursor } from "./cursor.ts";
import { badForm, onInvalid } from "./errors.ts";
import { isOfThisMachine } from "./loopback.ts";
import { json, refusals } from "./responses.ts";
import {
  exampleSchedule,
  exampleScheduleRun,
  Schedule,
  ScheduleChange,
  ScheduleRequest,
  ScheduleRun,
  scheduleRunView,
  scheduleView,
} from "./schedule-schemas.ts";
import { noSchedules } from "./schedules.ts";
import type { Triggers } from "./triggers.ts";

const tags = ["Schedules"];
const reads = requires("schedules:read");
const writes = requires("schedules:write");
const deletes = requires("schedules:delete");
const notFound = "Schedule not found";
export const notTheirs =
  "Schedules and webhooks are of the whole service: this credential sees only what its user has asked for.";

/** What starts by itself is nobody's own. */
export const ofAll = createMiddleware<OsEnv>(async (c, next) => {
  if (c.var.principal.ownOnly) throw new KernError("forbidden", notTheirs);
  await next();
});

const params = z.object({
  schedule_id: z
    .string()
    .max(63)
    .describe("The schedule's id.")
    .openapi({ example: exampleSchedule.id }),
});
const RunsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many, at most."),
  cursor: z.string().max(500).optional().describe("`next_cursor` of the page before."),
});
const misfit = {
  type: "too_small",
  loc: ["body", "message"],
  msg: "The message must not be empty.",
};

/** Schedules: what starts by the clock. */
export function scheduleRoutes({
  clock,
  schedules,
}: Pick<Triggers, "clock" | "schedules">): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  const idOf = (c: Context<OsEnv>): string => c.req.param("schedule_id") ?? "";

  app.openapi(
    createRoute({
      method: "get",
      path: "/schedules",
      operationId: "listSchedules",
      tags,
      summary: "List the schedules",
      description: "In the order of their ids; those that are written in code among them.",
      middleware: [reads, ofAll] as const,
      responses: {
        200: json(
          z.object({ data: z.array(Schedule).describe("The schedules.") }),
          "The schedules.",
        ),
        ...refusals(401, { 403: [notTheirs], 503: [noSchedules] }),
      },
    }),
    async (c) => c.json({ data: (await schedules.list(c.env)).map(scheduleView) }, 200),
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/schedules",
      operationId: "createSchedule",
      tags,
      summary: "Make a schedule",
      description:
        "Takes the right to run its agent as well. Whoever makes it, or changes it, counts as having asked for its runs.",
      middleware: [writes, ofAll] as const,
      request: { body: bodies(ScheduleRequest) },
      responses: {
        201: json(Schedule, "The schedule."),
        ...refusals(401, 413, 415, {
          400: [badForm],
          403: [notTheirs],
          409: ["There is a schedule 'weekly-deletions' already."],
          422: [[misfit], "There is no agent or team 'triage'."],
          503: [noSchedules],
        }),
      },
    }),
    (async (c: Context<OsEnv>) => {
      const body = await readBody(c, ScheduleRequest);
      if ("response" in body) return body.response;
      const { id = newScheduleId(), session_id = null, user_id = null, ...wish } = body.value;
      const row = await schedules.create(
        c.env,
        id,
        { ...wish, session_id, user_id },
        c.var.principal,
      );
      return c.json(scheduleView(row), 201);
    }) as never,
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/schedules/{schedule_id}",
      operationId: "getSchedule",
      tags,
      summary: "Read a schedule",
      middleware: [reads, ofAll] as const,
      request: { params },
      responses: {
        200: json(Schedule, "The schedule."),
        ...refusals(401, { 403: [notTheirs], 404: [notFound], 503: [noSchedules] }),
      },
    }),
    async (c) => c.json(scheduleView(await schedules.read(c.env, idOf(c))), 200),
  );
  app.openapi(
    createRoute({
      method: "patch",
      path: "/schedules/{schedule_id}",
      operationId: "changeSchedule",
      tags,
      summary: "Change, pause or unpause a schedule",
      description:
        "Times that went by while it was paused are not made up for. One that is written in code can only be paused and unpaused.",
      middleware: [writes, ofAll] as const,
      request: { params, body: bodies(ScheduleChange) },
      responses: {
        200: json(Schedule, "The schedule as it is now."),
        ...refusals(401, 413, 415, {
          400: [badForm],
          403: [notTheirs],
          404: [notFound],
          409: ["The schedule 'nightly' is written in code: change it there."],
          422: [[misfit]],
          503: [noSchedules],
        }),
      },
    }),
    (async (c: Context<OsEnv>) => {
      const body = await readBody(c, ScheduleChange);
      if ("response" in body) return body.response;
      const row = await schedules.change(c.env, idOf(c), body.value, c.var.principal);
      return c.json(scheduleView(row), 200);
    }) as never,
  );
  app.openapi(
    createRoute({
      method: "delete",
      path: "/schedules/{schedule_id}",
      operationId: "deleteSchedule",
      tags,
      summary: "Delete a schedule",
      description: "What it has started goes on.",
      middleware: [deletes, ofAll] as const,
      request: { params },
      responses: {
        204: { description: "It starts nothing any more." },
        ...refusals(401, {
          403: [notTheirs],
          404: [notFound],
          409: ["The schedule 'nightly' is written in code: take it out there."],
          503: [noSchedules],
        }),
      },
    }),
    async (c) => {
      await schedules.remove(c.env, idOf(c), c.var.principal);
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/schedules/{schedule_id}/run",
      operationId: "runSchedule",
      tags,
      summary: "Run a schedule now",
      description:
        "Whether or not it is paused, or its last run has ended. Whoever says so has asked for the run.",
      middleware: [writes, ofAll] as const,
      request: {
        params,
        headers: z.object({
          "idempotency-key": z
            .string()
            .min(1)
            .max(255)
            .optional()
            .describe("Makes it safe to repeat: the same key of the same caller is one run."),
        }),
      },
      responses: {
        202: json(ScheduleRun, "Its run is stored."),
        ...refusals(401, { 403: [notTheirs], 404: [notFound], 503: [noSchedules] }),
      },
    }),
    async (c) => {
      const name = c.req.header("idempotency-key") ?? crypto.randomUUID();
      const by = c.var.principal;
      const local = isOfThisMachine(c.req.raw);
      const row = await clock.runNow(c.env, idOf(c), { by, local, name });
      return c.json(scheduleRunView(row), 202);
    },
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/schedules/{schedule_id}/runs",
      operationId: "listScheduleRuns",
      tags,
      summary: "List what came of a schedule",
      description: "What was due last first.",
      middleware: [reads, ofAll] as const,
      request: { params, query: RunsQuery },
      responses: {
        200: json(
          z.object({
            data: z.array(ScheduleRun).describe("Its runs, and the times that it had none."),
            next_cursor: z.string().nullable().describe("Where to go on; null at the end."),
          }),
          "Its runs.",
          { data: [exampleScheduleRun], next_cursor: null },
        ),
        ...refusals(401, {
          403: [notTheirs],
          404: [notFound],
          422: [
            [
              {
                type: "too_big",
                loc: ["query", "limit"],
                msg: "Too big: expected number to be <=200",
              },
            ],
          ],
          503: [noSchedules],
        }),
      },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid("query");
      const of = { schedule: idOf(c) };
      const place = cursor === undefined ? null : readCursor(cursor, of).after;
      const after = place === null ? null : { due_at_ms: place.created_at_ms, id: place.id };
      const rows = await schedules.runs(c.env, of.schedule, { limit: limit + 1, after });
      const page = pageOf(rows, {
        filter: of,
        limit,
        placeOf: ({ due_at_ms: created_at_ms, id }) => ({ created_at_ms, id }),
      });
      return c.json({ data: page.rows.map(scheduleRunView), next_cursor: page.next_cursor }, 200);
    },
  );
  return app;
}

export function newScheduleId(): string {
  return `s-${crypto.randomUUID().slice(0, 13)}`;
}
