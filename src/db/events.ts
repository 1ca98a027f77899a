import { and, desc, eq, getTableColumns, sql } from "drizzle-orm";
import type { EventRow, EventStore } from "../run/trigger-store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

type Told = Pick<EventRow, "error" | "run_id" | "status" | "updated_at_ms">;

const fields = ["run_id", "status", "webhook"] as const;

/** With all of it, a row stays below the two million bytes that D1 takes. */
const maxBytes = { body: 1024 * 1024, error: 16 * 1024, type: 1024 } as const;

/** What came in by webhooks, on the table of either database. */
export function eventsOn(events: typeof d1.events, ask: Ask): EventStore {
  const { body: _body, headers: _headers, ...summary } = getTableColumns(events);

  /** What is told of a delivery, or a replay; one that has started nothing does not make forgotten what one before has started. */
  function kept({ error, run_id, status, updated_at_ms }: Told) {
    if (status === "started") return { error, run_id, status, updated_at_ms };
    const unless = (column: typeof events.status | typeof events.run_id, value: string | null) =>
      sql`case when ${events.status} = 'started' then ${column} else ${sql.param(value, column)} end`;
    return {
      status: unless(events.status, status),
      run_id: unless(events.run_id, run_id),
      error,
      updated_at_ms,
    };
  }

  return {
    async note({ id, error, run_id, status, updated_at_ms, ...facts }) {
      const told = { status, run_id, error: error && cut(error, maxBytes.error), updated_at_ms };
      const type = facts.type && cut(facts.type, maxBytes.type);
      const first = { ...facts, type, body: cut(facts.body, maxBytes.body) };
      await ask((db) =>
        db
          .insert(events)
          .values({ id, ...first, ...told, deliveries: 1, replays: 0 })
          .onConflictDoUpdate({
            target: events.id,
            set: { ...kept(told), deliveries: sql`${events.deliveries} + 1` },
          })
          .returning({ id: events.id }),
      );
    },
    async replayed({ id, error, ...facts }) {
      const told = { ...facts, error: error && cut(error, maxBytes.error) };
      await ask((db) =>
        db
          .update(events)
          .set({ ...kept(told), replays: sql`${events.replays} + 1` })
          .where(eq(events.id, id))
          .returning({ id: events.id }),
      );
    },
    async read(id) {
      const [row] = await ask((db) => db.select().from(events).where(eq(events.id, id)));
      return row ?? null;
    },
    async list(filter, { after, limit }) {
      const place = sql`(${events.created_at_ms}, ${events.id})`;
      const isBehind =
        after === null
          ? undefined
          : sql`${place} < (${after.created_at_ms}, ${sql.param(after.id, events.id)})`;
      const matches = fields.map((name) => {
        const value = filter[name];
        return value === undefined ? undefined : eq(events[name], value);
      });
      return ask((db) =>
        db
          .select(summary)
          .from(events)
          .where(and(isBehind, ...matches))
          .orderBy(desc(events.created_at_ms), desc(events.id))
          .limit(limit),
      );
    },
  };
}

/** As much of it from its beginning as these bytes hold in UTF-8, in whole characters. */
function cut(text: string, maxBytes: number): string {
  // D1 would make three characters of half a surrogate pair.
  const whole = text.toWellFormed();
  if (whole.length * 3 <= maxBytes) return whole;
  return whole.slice(0, new TextEncoder().encodeInto(whole, new Uint8Array(maxBytes)).read);
}
