import type { SessionStore } from "../run/store.ts";
import type { Ask, sessionQueriesOf } from "./session-queries.ts";

/** The sessions' part of a store, on either database. */
export function sessionsOn(queries: ReturnType<typeof sessionQueriesOf>, ask: Ask): SessionStore {
  return {
    async claim(session) {
      const [claimed] = await ask((db) => queries.claim(db, session));
      if (claimed !== undefined) return claimed;
      const [revived] = await ask((db) => queries.revive(db, session));
      return revived ?? null;
    },
    async read(id) {
      const [session] = await ask((db) => queries.session(db, id));
      return session ?? null;
    },
    async rename(id, name, atMs) {
      const [session] = await ask((db) => queries.rename(db, id, name, atMs));
      return session ?? null;
    },
    async delete(id, atMs) {
      const deleted = await ask((db) => queries.remove(db, id, atMs));
      return deleted.length > 0;
    },
    list: async (filter, page) =>
      ask(async (db) => {
        const sessions = await queries.page(db, filter, page);
        const [total = { count: 0, isExact: true }] = await queries.countOf(db, filter);
        return { sessions, total };
      }),
    runs: async (session, limit, offset) => ask((db) => queries.runsIn(db, session, limit, offset)),
    history: async (session, component, limit) =>
      ask((db) => queries.history(db, session, component, limit)),
    async leftBehind(asked) {
      const rows = await ask((db) => queries.leftBehind(db, asked));
      return rows.map(({ id }) => id);
    },
  };
}
