import { and, lt, sql } from "drizzle-orm";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** Forgets what is of no use any more, on the tables of either database. */
export function prunerOn(
  tables: Pick<
    typeof d1,
    "deliveries" | "events" | "linkCodes" | "links" | "scheduleRuns" | "spentTokens"
  >,
  ask: Ask,
): (nowMs: number, beforeMs: number) => Promise<void> {
  const { deliveries, events, linkCodes, links, scheduleRuns, spentTokens } = tables;
  // A literal, because a partial index serves no parameter.
  const isOver = sql`${scheduleRuns.status} <> 'queued'`;
  return async (nowMs, beforeMs) => {
    for (const table of [linkCodes, links, spentTokens])
      await ask((db) => db.delete(table).where(lt(table.expires_at_ms, nowMs)));
    for (const table of [deliveries, events])
      await ask((db) => db.delete(table).where(lt(table.created_at_ms, beforeMs)));
    await ask((db) =>
      db.delete(scheduleRuns).where(and(isOver, lt(scheduleRuns.due_at_ms, beforeMs))),
    );
  };
}
