import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { KernError } from "../errors.ts";
import type { WebhookTrigger } from "../triggers/webhook.ts";
import type { OsEnv } from "./auth.ts";
import { onInvalid } from "./errors.ts";
import { type Inbound, refusedText } from "./inbound.ts";
import { isOfThisMachine } from "./loopback.ts";
import { json, refusals } from "./responses.ts";
import { Accepted, exampleId, exampleWebhook } from "./webhook-schemas.ts";

const tooMany = "Too many requests: try again in a minute.";
const noMapping = (id: string): string =>
  `The event could not be mapped to a run. It is kept as ${id} and can be replayed.`;

const params = z.object({
  webhook_id: z
    .string()
    .max(63)
    .describe("The webhook's id.")
    .openapi({ example: exampleWebhook.id }),
});

/** Where senders deliver events. Anybody reaches it: whether a request is genuine is the first thing to be found out. */
export function receivingRoutes(inbound: Inbound): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  app.openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}",
      operationId: "receiveEvent",
      tags: ["Webhooks"],
      summary: "Deliver an event",
      description:
        "For the sender, whose signature, over the body as it is sent, is the credential. Answered as soon as the run is stored; every delivery of an event, however many at once, is one run.",
      request: { params: params },
      responses: {
        200: { description: "The answer to a test of the sender's." },
        202: json(Accepted, "Its run is stored."),
        204: { description: "Nothing is started for it." },
        ...refusals({
          401: [refusedText],
          404: ["Webhook not found"],
          413: ["The webhook takes 65536 bytes at most."],
          422: [noMapping(exampleId)],
          429: [tooMany],
          503: [
            "The variable GITHUB_WEBHOOK_SECRET is not set, so nothing is taken: npx wrangler secret put GITHUB_WEBHOOK_SECRET",
          ],
        }),
      },
    }),
    (async (c: Context<OsEnv>) => {
      const trigger = inbound.trigger(c.req.param("webhook_id") ?? "");
      if (!(await isWithinLimit(c, trigger))) {
        c.header("retry-after", "60");
        return c.json({ detail: tooMany }, 429);
      }
      const body = new Uint8Array(await c.req.arrayBuffer());
      if (body.length > trigger.maxBytes)
        throw new KernError(
          "body_too_large",
          `The webhook takes ${trigger.maxBytes} bytes at most.`,
        );
      const { headers } = c.req.raw;
      const posted = { body, headers, local: isOfThisMachine(c.req.raw) };
      const received = await inbound.receive(c.env, trigger, posted, laterOf(c));
      switch (received.kind) {
        case "answered":
          return c.body(received.body, 200, { "content-type": received.contentType });
        case "ignored":
          return c.body(null, 204);
        case "failed":
          return c.json({ detail: noMapping(received.eventId) }, 422);
        case "started": {
          const { run_id, session_id, status } = received.run;
          return c.json({ event_id: received.eventId, run_id, session_id, status }, 202);
        }
      }
    }) as never,
  );
  return app;
}

/** How often an address may call, where a binding counts it. */
async function isWithinLimit(c: Context<OsEnv>, { id, limit }: WebhookTrigger): Promise<boolean> {
  if (limit === null) return true;
  const limiter = c.env[limit] as RateLimit | undefined;
  if (typeof limiter?.limit !== "function")
    throw new KernError(
      "unavailable",
      `The binding ${limit} is missing: add it under [[ratelimits]] in wrangler.toml, or leave 'limit' out of the webhook '${id}'.`,
    );
  const source = c.req.header("cf-connecting-ip") ?? "unknown";
  return (await limiter.limit({ key: `webhook:${id}:${source}` })).success;
}

/** What goes on after the answer; a test's request has nothing that would keep it going. */
function laterOf(c: Context<OsEnv>): (work: Promise<unknown>) => void {
  return (work) => {
    try {
      c.executionCtx.waitUntil(work);
    } catch {
      void work;
    }
  };
}
