import { sql } from "drizzle-orm";
import { approvalStatuses, endStatuses } from "../approval/record.ts";
import type { ApprovalFilter, OtherFilters } from "../run/store.ts";
import { approvals, counters, kernMeta, runs, sessions } from "./d1-schema.ts";
import { eachStatus, total } from "./found.ts";
import { type Asked, queriesOf } from "./queries.ts";
import { runQueriesOf } from "./run-queries.ts";
import { asksForStatusOnly, type Contains } from "./search.ts";
import { sessionQueriesOf } from "./session-queries.ts";

const contains: Contains = (text, part) => sql`instr(lower(${text}), lower(${part})) > 0`;

// A column that is not in the table's definition here, because it is no part of a row.
const lapsesAt = sql`${approvals}.lapses_at`;

export const queries = queriesOf({ approvals, kernMeta, runs }, { contains, lapsesAt });
export const runQueries = runQueriesOf({ runs });
export const sessionQueries = sessionQueriesOf({ runs, sessions }, contains);

/** How many there are: from the counters where they know. */
export function totalOf(db: Asked, filter: ApprovalFilter) {
  if (!asksForStatusOnly(filter)) return queries.countOf(db, filter);
  const all = filter.ended ? endStatuses : approvalStatuses;
  const columns = filter.status === undefined ? all : [filter.status];
  const n = sql.join(
    columns.map((name) => sql`${counters[name]}`),
    sql` + `,
  );
  return db.select(total(n, sql`1`)).from(counters);
}

/** The same of each status. */
export function totalsOf(db: Asked, filter: OtherFilters) {
  if (!asksForStatusOnly(filter)) return queries.countOfEach(db, filter);
  const counts = eachStatus((status) => sql`${counters[status]}`);
  return db.select({ ...counts, isExact: sql`1`.mapWith(Boolean) }).from(counters);
}
