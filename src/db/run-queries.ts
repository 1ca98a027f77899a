import { and, desc, eq, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { Position } from "../run/position.ts";
import type { RunFilter } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Asked } from "./queries.ts";
import { type Search, window } from "./search.ts";

/** What D1 and Postgres are asked of the list of runs, on the table of either. */
export function runQueriesOf({ runs }: Pick<typeof d1, "runs">) {
  const newestFirst = [desc(runs.created_at_ms), desc(runs.id)];
  const fields = ["status", "agent_id", "team_id", "requested_by"] as const;

  /** The runs of these; an id holds no space. In one text, because D1 takes a hundred parameters and no more. */
  function isAmong(
    column: typeof runs.agent_id | typeof runs.team_id,
    ids: readonly string[] | null,
  ): SQL | undefined {
    if (ids === null) return undefined;
    const list = ` ${ids.join(" ")} `;
    return sql`replace(${list}, ' ' || ${column} || ' ', '') <> ${list}`;
  }

  function isOf({ agents, teams }: NonNullable<RunFilter["of"]>): SQL | undefined {
    return or(
      and(isNotNull(runs.agent_id), isAmong(runs.agent_id, agents)),
      and(isNull(runs.agent_id), isAmong(runs.team_id, teams)),
    );
  }

  return {
    /** The index says no more than where a page begins: what else is asked is looked at row by row. */
    searchOf(filter: RunFilter, after: Position | null): Search {
      const place = sql`(${runs.created_at_ms}, ${runs.id})`;
      const isAll = filter.of?.agents === null && filter.of.teams === null;
      return {
        led:
          after === null
            ? undefined
            : sql`${place} < (${after.created_at_ms}, ${sql.param(after.id, runs.id)})`,
        rest: and(
          ...fields.map((name) => {
            const value = filter[name];
            return value === undefined ? undefined : eq(runs[name], value);
          }),
          filter.of === undefined || isAll ? undefined : isOf(filter.of),
        ),
      };
    },
    page(db: Asked, { led, rest }: Search, limit: number) {
      const all = db.select().from(runs);
      if (rest === undefined)
        return all
          .where(led)
          .orderBy(...newestFirst)
          .limit(limit);
      const where = led === undefined ? sql`` : sql`where ${led}`;
      const order = sql.join(newestFirst, sql`, `);
      // Stands in for the table, by its name; a subquery with a limit hands on its rows in their order.
      const newest = sql`(select * from ${runs} ${where} order by ${order} limit ${window}) as ${runs}`;
      const ids = sql`select ${runs.id} from ${newest} where ${rest} limit ${limit}`;
      return all.where(sql`${runs.id} in (${ids})`).orderBy(...newestFirst);
    },
    /** The place of the last row that is looked at; none where there are fewer. */
    endOfWindow(db: Asked, { led }: Search) {
      return db
        .select({ created_at_ms: runs.created_at_ms, id: runs.id })
        .from(runs)
        .where(led)
        .orderBy(...newestFirst)
        .limit(1)
        .offset(window - 1);
    },
  };
}
