import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Channel } from "../channels/channel.ts";
import { KernError } from "../errors.ts";
import { deliveryStatuses, type DeliveryRow } from "../run/channel-store.ts";
import type { Db, Store } from "../run/store.ts";
import { type OsEnv, requires } from "./auth.ts";
import { pageOf, readCursor } from "./cursor.ts";
import { onInvalid } from "./errors.ts";
import { json, refusals } from "./responses.ts";
import { askRun, unwrap } from "./runs.ts";
import { seconds } from "./schemas.ts";

const tags = ["Channels"];
const admin = requires("agent_os:admin");
const noDb = "Channels are not available: pass a db to AgentOS to enable this feature.";

const exampleDelivery = {
  id: "msg_0b9ad3e67a3f4d38a8a3f0f3a7e2c1d4",
  channel: "webhook",
  type: "approval.pending",
  run_id: "run_00h9gr8k5rn8tq4wq9v2xj6e3m5b0z",
  approval_id: "apr_00h9gr8k5rn8tq4wq9v2xj6e3m000k1qz",
  status: "failed" as const,
  attempts: 2,
  error: "The endpoint answered 500.",
  created_at: 1_795_644_390,
  updated_at: 1_795_644_405,
};

const Delivery = z
  .object({
    id: z.string().describe("The message's: the same however often it is sent."),
    channel: z.string().describe("The channel that was told."),
    type: z.string().describe("What it was told of, such as `approval.pending`."),
    run_id: z.string().describe("The run."),
    approval_id: z.string().nullable().describe("The approval; null for what is told of the run."),
    status: z
      .enum(deliveryStatuses)
      .describe(
        "`failed` is tried again for three days; `undeliverable` is not, or not to all that it was for; `gone` has closed the channel.",
      ),
    attempts: z.number().int().describe("How often it was tried."),
    error: z.string().nullable().describe("Why the last attempt failed."),
    created_at: seconds("When it happened of which it tells"),
    updated_at: seconds("When it was last tried"),
  })
  .describe("What came of telling a channel something; kept for 30 days.")
  .openapi("Delivery", { example: exampleDelivery });

const exampleChannel = { id: "webhook", open: true, closed_at: null, reason: null };

const ChannelView = z
  .object({
    id: z.string().describe("Its id, by which tools name it."),
    open: z.boolean().describe("Whether anything is sent to it."),
    closed_at: seconds("When it was closed").nullable(),
    reason: z.string().nullable().describe("Why it was closed."),
  })
  .describe("A channel.")
  .openapi("Channel", { example: exampleChannel });

const DeliveryQuery = z.object({
  channel: z.string().max(63).optional().describe("Of this channel."),
  status: z.enum(deliveryStatuses).optional().describe("Of this status."),
  run_id: z.string().max(255).optional().describe("Of this run."),
  approval_id: z.string().max(255).optional().describe("Of this approval."),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many, at most."),
  cursor: z.string().max(500).optional().describe("`next_cursor` of the page before."),
});

/** Everything that can be asked of channels, for the API and the panel alike. */
export interface Channels {
  list(env: Env): Promise<z.output<typeof ChannelView>[]>;
  open(env: Env, id: string): Promise<void>;
  close(env: Env, id: string, reason: string): Promise<void>;
  deliveries(
    env: Env,
    query: z.output<typeof DeliveryQuery>,
  ): Promise<{ data: z.output<typeof Delivery>[]; next_cursor: string | null }>;
  /** Sends it once more. Throws `conflict` with the reason where that fails. */
  redeliver(env: Env, id: string): Promise<z.output<typeof Delivery>>;
}
type Env = Record<string, unknown>;

export function channelsOf(
  channels: readonly Channel[],
  db: Db | null,
  now: () => number,
): Channels {
  const storeOf = (env: Env): Store => {
    if (db === null) throw new KernError("unavailable", noDb);
    return db.connect(env);
  };
  const known = (id: string): void => {
    if (!channels.some((channel) => channel.id === id))
      throw new KernError("not_found", "Channel not found");
  };
  return {
    async list(env) {
      const closed = new Map((await storeOf(env).channels.closed()).map((row) => [row.id, row]));
      return channels.map(({ id }) => {
        const row = closed.get(id);
        return {
          id,
          open: row === undefined,
          closed_at: row === undefined ? null : Math.floor(row.closed_at_ms / 1000),
          reason: row?.reason ?? null,
        };
      });
    },
    async open(env, id) {
      known(id);
      await storeOf(env).channels.open(id);
    },
    async close(env, id, reason) {
      known(id);
      await storeOf(env).channels.close({ id, closed_at_ms: now(), reason });
    },
    async deliveries(env, { cursor, limit, ...filter }) {
      const after = cursor === undefined ? null : readCursor(cursor, filter).after;
      const rows = await storeOf(env).deliveries.list(filter, { limit: limit + 1, after });
      const page = pageOf(rows, { filter, limit, placeOf: (row) => row });
      return { data: page.rows.map(view), next_cursor: page.next_cursor };
    },
    async redeliver(env, id) {
      const store = storeOf(env);
      const row = await store.deliveries.read(id);
      if (row === null) throw new KernError("not_found", "Delivery not found");
      const reply = await askRun(env, row.run_id, async (run) => run.redeliver(row.channel, id));
      if (!reply.ok && reply.reason === "not_found")
        throw new KernError("not_found", "Delivery not found");
      unwrap(reply, "Run");
      return view((await store.deliveries.read(id)) ?? row);
    },
  };
}

/** Channels and their log: what was told to whom, and once more where somebody says so. */
export function channelRoutes(channels: Channels): OpenAPIHono<OsEnv> {
  const app = new OpenAPIHono<OsEnv>({ defaultHook: onInvalid });
  app.openapi(
    createRoute({
      method: "get",
      path: "/channels",
      operationId: "listChannels",
      tags,
      summary: "List the channels",
      middleware: admin,
      responses: {
        200: json(
          z.object({ data: z.array(ChannelView).describe("The channels.") }),
          "The channels.",
        ),
        ...refusals(401, 403, { 503: [noDb] }),
      },
    }),
    async (c) => c.json({ data: await channels.list(c.env) }, 200),
  );
  for (const action of ["open", "close"] as const) {
    app.openapi(
      createRoute({
        method: "post",
        path: `/channels/{channel_id}/${action}`,
        operationId: `${action}Channel`,
        tags,
        summary: action === "open" ? "Open a channel that was closed" : "Close a channel",
        description:
          action === "open"
            ? "From now on things are sent to it again; what was not told meanwhile is not."
            : "Nothing more is sent to it until it is opened again. Approvals wait as before.",
        middleware: admin,
        request: {
          params: z.object({
            channel_id: z
              .string()
              .max(255)
              .describe("The channel's id.")
              .openapi({ example: exampleChannel.id }),
          }),
        },
        responses: {
          204: { description: "It is so, whether or not it was before." },
          ...refusals(401, 403, { 404: ["Channel not found"] }, { 503: [noDb] }),
        },
      }),
      async (c) => {
        const { channel_id: id } = c.req.valid("param");
        if (action === "open") await channels.open(c.env, id);
        else await channels.close(c.env, id, `Closed by ${c.var.principal.name}.`);
        return c.body(null, 204);
      },
    );
  }
  app.openapi(
    createRoute({
      method: "get",
      path: "/deliveries",
      operationId: "listDeliveries",
      tags,
      summary: "List what channels were told",
      description: "The newest first.",
      middleware: admin,
      request: { query: DeliveryQuery },
      responses: {
        200: json(
          z.object({
            data: z.array(Delivery).describe("The deliveries."),
            next_cursor: z.string().nullable().describe("Where to go on; null at the end."),
          }),
          "The deliveries.",
          { data: [exampleDelivery], next_cursor: null },
        ),
        ...refusals(401, 403, {
          422: [
            [
              {
                type: "invalid_value",
                loc: ["query", "status"],
                msg: 'Invalid option: expected one of "delivered"|"failed"|"undeliverable"|"gone"',
              },
            ],
          ],
          503: [noDb],
        }),
      },
    }),
    async (c) => c.json(await channels.deliveries(c.env, c.req.valid("query")), 200),
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/deliveries/{delivery_id}/redeliver",
      operationId: "redeliver",
      tags,
      summary: "Send a message once more",
      description: "With the id that it had before, and the approval as it is now.",
      middleware: admin,
      request: {
        params: z.object({
          delivery_id: z
            .string()
            .max(255)
            .describe("The message's id.")
            .openapi({ example: exampleDelivery.id }),
        }),
      },
      responses: {
        200: json(Delivery, "It was received."),
        ...refusals(
          401,
          403,
          { 404: ["Delivery not found"] },
          { 409: ["The endpoint answered 500."] },
          { 503: [noDb] },
        ),
      },
    }),
    async (c) => c.json(await channels.redeliver(c.env, c.req.valid("param").delivery_id), 200),
  );
  return app;
}

function view({ created_at_ms, updated_at_ms, ...row }: DeliveryRow): z.output<typeof Delivery> {
  return {
    ...row,
    created_at: Math.floor(created_at_ms / 1000),
    updated_at: Math.floor(updated_at_ms / 1000),
  };
}
