import { and, type SQL, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals } from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { asksForStatusOnly, type Search, searching, window } from "./search.ts";

const { lookedAt, newestFirst, onPage, searchOf, shown } = searching(
  approvals,
  (text, part) =>
    // Of this collation's letters, ASCII's alone have another case.
    sql`strpos(lower(${text} collate "C"), lower(${toPostgresText(part)}::text collate "C")) > 0`,
);
export { newestFirst, onPage, searchOf, shown };

/** The place of the last row that is looked at; none where there are fewer. */
export function endOfWindow(db: NodePgDatabase, { led }: Search) {
  return db
    .select({ created_at_ms: approvals.created_at_ms, id: approvals.id })
    .from(approvals)
    .where(led)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(window - 1);
}

/** How many there are: of what is pending exactly, from an index that holds nothing else, and of the others so far. */
export function totalOf(db: NodePgDatabase, filter: ApprovalFilter) {
  if (filter.status === "pending" && asksForStatusOnly(filter)) {
    // A literal, because a partial index serves no parameter.
    const pending = sql`${approvals.status} = 'pending'`;
    return db
      .select(total(sql`count(*)`, sql`true`))
      .from(approvals)
      .where(and(pending, shown));
  }
  const search = searchOf(filter, null);
  const { led, rest } = search;
  if (rest === undefined) {
    const some = sql`select 1 from ${approvals} where ${and(shown, led)} limit ${window + 1}`;
    return db
      .select(total(sql`least(count(*), ${window})`, sql`count(*) <= ${window}`))
      .from(sql`(${some})`);
  }
  const isWhole = sql`not exists ${endOfWindow(db, search)}`;
  return db
    .select(total(sql`count(*)`, isWhole))
    .from(lookedAt(search))
    .where(and(shown, rest));
}

function total(count: SQL, isExact: SQL<unknown>) {
  return { count: count.mapWith(Number), isExact: isExact.mapWith(Boolean) };
}
