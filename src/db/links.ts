import { and, asc, eq, gt, gte, lt } from "drizzle-orm";
import type { LinkStore, TokenStore } from "../run/channel-store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** Whose accounts elsewhere are whose, on the tables of either database. */
export function linksOn(
  { links, linkCodes }: Pick<typeof d1, "links" | "linkCodes">,
  ask: Ask,
): LinkStore {
  return {
    async offer(code) {
      await ask((db) =>
        db
          .insert(linkCodes)
          .values(code)
          .onConflictDoNothing({ target: linkCodes.hash })
          .returning({ hash: linkCodes.hash }),
      );
    },
    async redeem(hash, nowMs) {
      const [code] = await ask((db) =>
        db
          .delete(linkCodes)
          .where(and(eq(linkCodes.hash, hash), gt(linkCodes.expires_at_ms, nowMs)))
          .returning(),
      );
      return code ?? null;
    },
    async set({ id, ...linked }) {
      await ask((db) =>
        db
          .insert(links)
          .values({ id, ...linked })
          .onConflictDoUpdate({ target: links.id, set: linked })
          .returning({ id: links.id }),
      );
    },
    async read(id, nowMs) {
      const [row] = await ask((db) =>
        db
          .select()
          .from(links)
          .where(and(eq(links.id, id), gt(links.expires_at_ms, nowMs))),
      );
      return row ?? null;
    },
    of: async (principal) =>
      ask((db) =>
        db.select().from(links).where(eq(links.principal, principal)).orderBy(asc(links.id)),
      ),
    list: async (prefix, nowMs, limit) =>
      ask((db) =>
        db
          .select()
          .from(links)
          .where(
            and(
              gte(links.id, prefix),
              lt(links.id, `${prefix}${last}`),
              gt(links.expires_at_ms, nowMs),
            ),
          )
          .orderBy(asc(links.id))
          .limit(limit),
      ),
    async remove(id, principal) {
      const removed = await ask((db) =>
        db
          .delete(links)
          .where(
            and(eq(links.id, id), principal === null ? undefined : eq(links.principal, principal)),
          )
          .returning({ id: links.id }),
      );
      return removed.length > 0;
    },
  };
}

/** No character comes after it: both databases compare ids by their bytes. */
const last = "\u{10FFFF}";

/** What was used once, on the table of either database. */
export function tokensOn(spent: typeof d1.spentTokens, ask: Ask): TokenStore {
  return {
    async spend(id, expiresAtMs) {
      const added = await ask((db) =>
        db
          .insert(spent)
          .values({ id, expires_at_ms: expiresAtMs })
          .onConflictDoNothing({ target: spent.id })
          .returning({ id: spent.id }),
      );
      return added.length > 0;
    },
    async restore(id) {
      await ask((db) => db.delete(spent).where(eq(spent.id, id)).returning({ id: spent.id }));
    },
  };
}
