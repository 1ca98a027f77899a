import { lt } from "drizzle-orm";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** Forgets what is of no use any more, on the tables of either database. */
export function prunerOn(
  tables: Pick<typeof d1, "deliveries" | "linkCodes" | "links" | "spentTokens">,
  ask: Ask,
): (nowMs: number, beforeMs: number) => Promise<void> {
  const { deliveries, linkCodes, links, spentTokens } = tables;
  return async (nowMs, beforeMs) => {
    for (const table of [linkCodes, links, spentTokens])
      await ask((db) => db.delete(table).where(lt(table.expires_at_ms, nowMs)));
    await ask((db) => db.delete(deliveries).where(lt(deliveries.created_at_ms, beforeMs)));
  };
}
