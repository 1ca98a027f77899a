import { and, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { approvalStatuses } from "../approval/record.ts";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, counters } from "./d1-schema.ts";
import { asksForStatusOnly, type Search, searching, window } from "./search.ts";

const { lookedAt, newestFirst, onPage, searchOf, shown } = searching(
  approvals,
  (text, part) => sql`instr(lower(${text}), lower(${part})) > 0`,
);
export { newestFirst, onPage, searchOf };

/** The place of the last row that is looked at; none where there are fewer. */
export function endOfWindow(db: DrizzleD1Database, { led }: Search) {
  return db
    .select({ created_at_ms: approvals.created_at_ms, id: approvals.id })
    .from(approvals)
    .where(led)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(window - 1);
}

/** How many there are: from the counters where they know. */
export function totalOf(db: DrizzleD1Database, filter: ApprovalFilter) {
  if (asksForStatusOnly(filter)) {
    const columns = filter.status === undefined ? approvalStatuses : [filter.status];
    const n = sql.join(
      columns.map((name) => sql`${counters[name]}`),
      sql` + `,
    );
    return db.select(total(n, sql`1`)).from(counters);
  }
  const search = searchOf(filter, null);
  const { led, rest } = search;
  if (rest === undefined) {
    const some = sql`select 1 from ${approvals} where ${and(shown, led)} limit ${window + 1}`;
    return db
      .select(total(sql`min(count(*), ${window})`, sql`count(*) <= ${window}`))
      .from(sql`(${some})`);
  }
  const isWhole = sql`not exists ${endOfWindow(db, search)}`;
  return db
    .select(total(sql`count(*)`, isWhole))
    .from(lookedAt(search))
    .where(and(shown, rest));
}

/** Named, because a batch's answers have their columns by name. */
function total(count: SQL, isExact: SQL) {
  return {
    count: count.mapWith(Number).as("count"),
    isExact: isExact.mapWith(Boolean).as("is_exact"),
  };
}
