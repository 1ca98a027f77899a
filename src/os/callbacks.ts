import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { CallbackChannel } from "../channels/callbacks.ts";
import type { Channel } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import { type OsEnv, requires } from "./auth.ts";
import { json, refusals } from "./responses.ts";

export const noCallbacks =
  "Callbacks are not available: pass callbacks() among the channels of AgentOS to enable them.";

/** The addresses that runs' events are sent to because whoever started them said so. */
export interface Callbacks {
  /** Throws `invalid_request` where nothing is sent to this address. */
  check(url: string): void;
  secretsOf(env: Record<string, unknown>, principal: string): string[];
}

export function callbacksOf(channels: readonly Channel[]): Callbacks {
  const channel = channels.find((one): one is CallbackChannel => "secretsOf" in one);
  return {
    check(url) {
      const reason = channel === undefined ? noCallbacks : channel.refused(url);
      if (reason === null) return;
      throw new KernError("invalid_request", reason, { fields: { callback_url: reason } });
    },
    secretsOf(env, principal) {
      if (channel === undefined) throw new KernError("not_found", noCallbacks);
      return channel.secretsOf(env, principal);
    },
  };
}

const example = {
  secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
  previous_secret: null,
};

const CallbackSecret = z
  .object({
    secret: z.string().describe("What events of runs that you start are signed with."),
    previous_secret: z
      .string()
      .nullable()
      .describe("The secret of before, with which they are signed as well while it is rotated."),
  })
  .describe("A caller's own signing secret, by the Standard Webhooks scheme.")
  .openapi("CallbackSecret", { example });

/** Where a caller finds out how to verify what is sent to its `callback_url`. */
export function callbackRoutes(callbacks: Callbacks): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>();
  app.openapi(
    createRoute({
      method: "get",
      path: "/callbacks/secret",
      operationId: "getCallbackSecret",
      tags: ["Channels"],
      summary: "Read your own callback secret",
      description:
        "Events that are sent to the `callback_url` of runs that you start are signed with it, and nobody else's are.",
      middleware: requires("agents:run", { some: true }),
      responses: {
        200: json(CallbackSecret, "The secret."),
        ...refusals(401, 403, { 404: [noCallbacks] }, 503),
      },
    }),
    (c) => {
      const [secret = "", previous = null] = callbacks.secretsOf(c.env, c.var.principal.id);
      return c.json({ secret, previous_secret: previous }, 200);
    },
  );
  return app;
}
