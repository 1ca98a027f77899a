import { sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { approvalStatuses } from "../approval/record.ts";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, counters } from "./d1-schema.ts";
import { asksForStatusOnly, type Search, searching, total, window } from "./search.ts";

const { counting, newestFirst, onPage, searchOf, shown } = searching(
  approvals,
  (text, part) => sql`instr(lower(${text}), lower(${part})) > 0`,
);
export { newestFirst, onPage, searchOf, shown };

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
  const { columns, from, where } = counting(searchOf(filter, null));
  return db.select(columns).from(from).where(where);
}
