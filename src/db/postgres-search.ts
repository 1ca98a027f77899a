import { and, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { RunStatus } from "../approval/record.ts";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, runs } from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { asksForStatusOnly, type Search, searching, window } from "./search.ts";

const { lookedAt, newestFirst, onPage, searchOf, shown } = searching(
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
/** A query of its own, because Drizzle leaves the table's name out of the columns of a selection's own text. */
const statusOfRun = sql`select ${runs.status} from ${runs} where ${runs.id} = ${approvals.run_id}`;
/** Where the run stands is told by the run's own row, which moves when the approval's does not. */
export const recordColumns = {
  ...columns,
  run_status: sql<RunStatus>`coalesce((${statusOfRun}), ${approvals.run_status})`,
};

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
