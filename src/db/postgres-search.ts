import { and, eq, sql } from "drizzle-orm";
import type { ApprovalFilter, OtherFilters } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import { eachStatus, never, total } from "./found.ts";
import * as schema from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { type Asked, queriesOf } from "./queries.ts";
import { runQueriesOf } from "./run-queries.ts";
import { asksForStatusOnly, type Contains, window } from "./search.ts";
import { sessionQueriesOf } from "./session-queries.ts";

/** The tables, handed in as D1's: a row read from one is a row read from the other. */
export const tables = schema as unknown as typeof d1;

// Of this collation's letters, ASCII's alone have another case.
const contains: Contains = (text, part) =>
  sql`strpos(lower(${text} collate "C"), lower(${toPostgresText(part)}::text collate "C")) > 0`;

const lapsesAt = sql`coalesce(${tables.approvals.expires_at}, ${sql.raw(String(never))})`;

export const queries = queriesOf(tables, { contains, lapsesAt });
export const runQueries = runQueriesOf(tables);
export const sessionQueries = sessionQueriesOf(tables, contains);

/** How many there are: of what is pending exactly, from an index that holds nothing else, and of the others so far. */
export function totalOf(db: Asked, filter: ApprovalFilter) {
  if (filter.status !== "pending" || !asksForStatusOnly(filter)) return queries.countOf(db, filter);
  return db
    .select(total(sql`count(*)`, sql`true`))
    .from(tables.approvals)
    .where(and(queries.isPending, queries.shown));
}

/** The same of each status; what is counted beyond the window says that there is more. */
export function totalsOf(db: Asked, filter: OtherFilters) {
  if (!asksForStatusOnly(filter)) return queries.countOfEach(db, filter);
  const { approvals: all } = tables;
  const counts = eachStatus((status) => {
    const isOne = status === "pending" ? queries.isPending : eq(all.status, status);
    const most = status === "pending" ? sql`` : sql`limit ${window + 1}`;
    const some = sql`select 1 from ${all} where ${and(isOne, queries.shown)} ${most}`;
    return sql`(select count(*) from (${some}) as counted)`;
  });
  return db.select({ ...counts, isExact: sql`true`.mapWith(Boolean) }).from(sql`(select 1) as one`);
}
