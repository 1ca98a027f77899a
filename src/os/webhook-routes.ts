import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type OsEnv, requires } from "./auth.ts";
import { bodies, readBody } from "./body.ts";
import { pageOf, readCursor } from "./cursor.ts";
import { badForm, onInvalid } from "./errors.ts";
import { type Inbound, noEvents } from "./inbound.ts";
import { isOfThisMachine } from "./loopback.ts";
import { json, refusals } from "./responses.ts";
import { notTheirs, ofAll } from "./schedule-routes.ts";
import {
  EventContent,
  EventQuery,
  eventView,
  exampleContent,
  exampleEvent,
  exampleId,
  InboundEvent,
  ReplayRequest,
  Webhook,
  webhookView,
} from "./webhook-schemas.ts";

const tags = ["Webhooks"];
const reads = requires("webhooks:read");
const eventParams = z.object({
  event_id: z.string().max(255).describe("The event's id.").openapi({ example: exampleId }),
});

/** What an operator sees of the webhooks, and replays. */
export function webhookRoutes(inbound: Inbound): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  app.openapi(
    createRoute({
      method: "get",
      path: "/webhooks",
      operationId: "listWebhooks",
      tags,
      summary: "List the webhooks",
      middleware: [reads, ofAll] as const,
      responses: {
        200: json(z.object({ data: z.array(Webhook).describe("The webhooks.") }), "The webhooks."),
        ...refusals(401, 503, { 403: [notTheirs] }),
      },
    }),
    (c) => c.json({ data: inbound.webhooks.map((trigger) => webhookView(trigger, c.env)) }, 200),
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/events",
      operationId: "listEvents",
      tags,
      summary: "List what came in",
      description: "The newest first, each once, however often it was delivered.",
      middleware: [reads, ofAll] as const,
      request: { query: EventQuery },
      responses: {
        200: json(
          z.object({
            data: z.array(InboundEvent).describe("The events."),
            next_cursor: z.string().nullable().describe("Where to go on; null at the end."),
          }),
          "The events.",
          { data: [exampleEvent], next_cursor: null },
        ),
        ...refusals(401, {
          403: [notTheirs],
          422: [
            [
              {
                type: "invalid_value",
                loc: ["query", "status"],
                msg: 'Invalid option: expected one of "started"|"ignored"|"failed"',
              },
            ],
          ],
          503: [noEvents],
        }),
      },
    }),
    async (c) => {
      const { cursor, limit, ...filter } = c.req.valid("query");
      const after = cursor === undefined ? null : readCursor(cursor, filter).after;
      const rows = await inbound.list(c.env, filter, { limit: limit + 1, after });
      const page = pageOf(rows, { filter, limit, placeOf: (row) => row });
      return c.json({ data: page.rows.map(eventView), next_cursor: page.next_cursor }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: "get",
      path: "/events/{event_id}",
      operationId: "getEvent",
      tags,
      summary: "Read what came in",
      middleware: [reads, ofAll] as const,
      request: { params: eventParams },
      responses: {
        200: json(EventContent, "The event.", exampleContent),
        ...refusals(401, { 403: [notTheirs], 404: ["Event not found"], 503: [noEvents] }),
      },
    }),
    async (c) => {
      const { body, headers, ...row } = await inbound.read(c.env, c.req.valid("param").event_id);
      return c.json(
        { ...eventView(row), body, headers: JSON.parse(headers) as Record<string, string> },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/events/{event_id}/replay",
      operationId: "replayEvent",
      tags,
      summary: "Replay an event",
      description:
        "Maps it once more, by the code as it is now, and starts its run. One that has started a run names it, and starts another one only with `again`. Takes the right to run the webhook's agent as well; whoever replays it counts as having asked for the run.",
      middleware: [reads, ofAll] as const,
      request: { params: eventParams, body: bodies(ReplayRequest) },
      responses: {
        200: json(InboundEvent, "What came of it."),
        ...refusals(401, 413, 415, {
          403: [notTheirs],
          400: [badForm],
          404: ["Event not found"],
          409: ["The mapping of 'github' failed: event.issue is undefined"],

          422: [
            [
              {
                type: "invalid_type",
                loc: ["body", "again"],
                msg: "Invalid input: expected boolean, received string",
              },
            ],
          ],
          503: [noEvents],
        }),
      },
    }),
    (async (c: Context<OsEnv>) => {
      const id = c.req.param("event_id") ?? "";
      const body = await readBody(c, ReplayRequest);
      if ("response" in body) return body.response;
      const row = await inbound.replay(c.env, id, {
        again: body.value.again,
        by: c.var.principal,
        local: isOfThisMachine(c.req.raw),
      });
      return c.json(eventView(row), 200);
    }) as never,
  );
  return app;
}
