import { and, asc, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { ChannelStore, DeliveryStore } from "../run/channel-store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

const fields = ["approval_id", "channel", "run_id", "status"] as const;

/** The log of what channels were told, on the table of either database. */
export function deliveriesOn(deliveries: typeof d1.deliveries, ask: Ask): DeliveryStore {
  return {
    async note({ id, error, status, updated_at_ms, ...facts }) {
      const told = { status, error, updated_at_ms };
      await ask((db) =>
        db
          .insert(deliveries)
          .values({ id, ...facts, ...told, attempts: 1 })
          .onConflictDoUpdate({
            target: deliveries.id,
            set: { ...told, attempts: sql`${deliveries.attempts} + 1` },
          })
          .returning({ id: deliveries.id }),
      );
    },
    async read(id) {
      const [row] = await ask((db) => db.select().from(deliveries).where(eq(deliveries.id, id)));
      return row ?? null;
    },
    async list(filter, { after, limit }) {
      const place = sql`(${deliveries.created_at_ms}, ${deliveries.id})`;
      const isBehind =
        after === null
          ? undefined
          : sql`${place} < (${after.created_at_ms}, ${sql.param(after.id, deliveries.id)})`;
      const matches = fields.map((name) => {
        const value = filter[name];
        return value === undefined ? undefined : eq(deliveries[name], value);
      });
      return ask((db) =>
        db
          .select()
          .from(deliveries)
          .where(and(isBehind, ...matches))
          .orderBy(desc(deliveries.created_at_ms), desc(deliveries.id))
          .limit(limit),
      );
    },
    async stale(channel, { beforeMs, sinceMs }, limit, after) {
      const place = sql`(${deliveries.updated_at_ms}, ${deliveries.id})`;
      const further =
        after && sql`${place} > (${after.updated_at_ms}, ${sql.param(after.id, deliveries.id)})`;
      // A literal, because a partial index serves no parameter.
      const hasFailed = sql`${deliveries.status} = 'failed'`;
      const { id, run_id, updated_at_ms } = deliveries;
      const rows = await ask((db) =>
        db
          .select({ id, run_id, updated_at_ms })
          .from(deliveries)
          .where(
            and(
              hasFailed,
              eq(deliveries.channel, channel),
              lt(updated_at_ms, beforeMs),
              gte(deliveries.created_at_ms, sinceMs),
              further,
            ),
          )
          .orderBy(asc(updated_at_ms), asc(id))
          .limit(limit),
      );
      const last = rows.length < limit ? undefined : rows.at(-1);
      return {
        runs: [...new Set(rows.map(({ run_id }) => run_id))],
        next: last === undefined ? null : { updated_at_ms: last.updated_at_ms, id: last.id },
      };
    },
  };
}

/** Which channels are closed, on the table of either database. */
export function channelsOn(channels: typeof d1.channels, ask: Ask): ChannelStore {
  return {
    closed: async () => ask((db) => db.select().from(channels).orderBy(asc(channels.id))),
    async close(row) {
      await ask((db) =>
        db
          .insert(channels)
          .values(row)
          .onConflictDoNothing({ target: channels.id })
          .returning({ id: channels.id }),
      );
    },
    async open(id) {
      await ask((db) =>
        db.delete(channels).where(eq(channels.id, id)).returning({ id: channels.id }),
      );
    },
  };
}
