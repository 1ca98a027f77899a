import { asc, inArray } from "drizzle-orm";
import type { SwitchStore } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** The kill switches' part of a store, on the table of either database. */
export function switchesOn(switches: typeof d1.switches, ask: Ask): SwitchStore {
  return {
    read: async (ids) =>
      ask((db) =>
        db
          .select()
          .from(switches)
          .where(inArray(switches.id, [...ids])),
      ),
    list: async () => ask((db) => db.select().from(switches).orderBy(asc(switches.id))),
    async set({ id, ...said }) {
      // Whoever comes last has it, whatever their clock says.
      await ask((db) =>
        db
          .insert(switches)
          .values({ id, ...said })
          .onConflictDoUpdate({ target: switches.id, set: said })
          .returning({ id: switches.id }),
      );
    },
  };
}
