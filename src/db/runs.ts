import type { Store } from "../run/store.ts";
import type { runQueriesOf } from "./run-queries.ts";
import type { Ask } from "./session-queries.ts";

/** The list of runs, on either database. */
export function runsOn(queries: ReturnType<typeof runQueriesOf>, ask: Ask): Store["listRuns"] {
  return async (filter, { after, limit }) =>
    ask(async (db) => {
      const search = queries.searchOf(filter, after);
      const rows = await queries.page(db, search, limit + 1);
      const runs = rows.slice(0, limit);
      const last = runs.at(-1);
      if (rows.length > limit && last !== undefined)
        return { runs, next: { created_at_ms: last.created_at_ms, id: last.id } };
      if (search.rest === undefined) return { runs, next: null };
      // Asked after the page: runs that were added in between move the end to where it has been looked at already.
      const [end = null] = await queries.endOfWindow(db, search);
      return { runs, next: end };
    });
}
