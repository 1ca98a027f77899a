import { sql } from "drizzle-orm";
import { approvalStatuses } from "../approval/record.ts";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, counters, kernMeta, runs, sessions } from "./d1-schema.ts";
import { type Asked, queriesOf } from "./queries.ts";
import { runQueriesOf } from "./run-queries.ts";
import { asksForStatusOnly, type Contains, total } from "./search.ts";
import { sessionQueriesOf } from "./session-queries.ts";

const contains: Contains = (text, part) => sql`instr(lower(${text}), lower(${part})) > 0`;

export const queries = queriesOf({ approvals, kernMeta, runs }, contains);
export const runQueries = runQueriesOf({ runs });
export const sessionQueries = sessionQueriesOf({ runs, sessions }, contains);

/** How many there are: from the counters where they know. */
export function totalOf(db: Asked, filter: ApprovalFilter) {
  if (!asksForStatusOnly(filter)) return queries.countOf(db, filter);
  const columns = filter.status === undefined ? approvalStatuses : [filter.status];
  const n = sql.join(
    columns.map((name) => sql`${counters[name]}`),
    sql` + `,
  );
  return db.select(total(n, sql`1`)).from(counters);
}
