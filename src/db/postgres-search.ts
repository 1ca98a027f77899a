import { and, getTableColumns, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, runs } from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { asksForStatusOnly, type Search, runStatusOf, searching, total, window } from "./search.ts";

const { counting, newestFirst, onPage, searchOf, shown } = searching(
  approvals,
  (text, part) =>
    // Of this collation's letters, ASCII's alone have another case.
    sql`strpos(lower(${text} collate "C"), lower(${toPostgresText(part)}::text collate "C")) > 0`,
);
export { searchOf, shown };

/** The database, or a transaction in it. */
export type Asked = Pick<NodePgDatabase, "select">;

const {
  version: _version,
  hidden: _hidden,
  created_at_ms,
  ...columns
} = getTableColumns(approvals);
export const recordColumns = { ...columns, run_status: runStatusOf(approvals, runs) };

export function pageOf(db: Asked, search: Search, limit: number, offset: number) {
  const query = db
    .select({ ...recordColumns, at: created_at_ms })
    .from(approvals)
    .where(onPage(search, limit, offset))
    .orderBy(...newestFirst);
  return search.rest === undefined ? query.limit(limit).offset(offset) : query;
}

/** The place of the last row that is looked at; none where there are fewer. */
export function endOfWindow(db: Asked, { led }: Search) {
  return db
    .select({ created_at_ms: approvals.created_at_ms, id: approvals.id })
    .from(approvals)
    .where(led)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(window - 1);
}

/** How many there are: of what is pending exactly, from an index that holds nothing else, and of the others so far. */
export function totalOf(db: Asked, filter: ApprovalFilter) {
  if (filter.status === "pending" && asksForStatusOnly(filter)) {
    // A literal, because a partial index serves no parameter.
    const pending = sql`${approvals.status} = 'pending'`;
    return db
      .select(total(sql`count(*)`, sql`true`))
      .from(approvals)
      .where(and(pending, shown));
  }
  const { columns, from, where } = counting(searchOf(filter, null));
  return db.select(columns).from(from).where(where);
}
