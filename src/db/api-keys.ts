import { desc, eq, sql } from "drizzle-orm";
import type { ApiKeyStore } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** The API keys' part of a store, on the table of either database. */
export function apiKeysOn(apiKeys: typeof d1.apiKeys, ask: Ask): ApiKeyStore {
  return {
    async add(key) {
      // What was added before its answer was lost is found to be there.
      const added = await ask((db) =>
        db
          .insert(apiKeys)
          .values(key)
          .onConflictDoUpdate({
            target: apiKeys.id,
            set: { hash: key.hash },
            setWhere: eq(apiKeys.hash, key.hash),
          })
          .returning(),
      );
      return added.length > 0;
    },
    async read(id) {
      const [key] = await ask((db) => db.select().from(apiKeys).where(eq(apiKeys.id, id)));
      return key ?? null;
    },
    list: async (limit) =>
      ask((db) =>
        db
          .select()
          .from(apiKeys)
          .orderBy(desc(apiKeys.created_at_ms), desc(apiKeys.id))
          .limit(limit),
      ),
    async revoke(id, atMs) {
      const revoked = await ask((db) =>
        db
          .update(apiKeys)
          .set({ revoked_at_ms: sql`coalesce(${apiKeys.revoked_at_ms}, ${atMs})` })
          .where(eq(apiKeys.id, id))
          .returning(),
      );
      return revoked.length > 0;
    },
  };
}
