import { and, sql } from "drizzle-orm";
import type { ApprovalFilter } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import * as schema from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { type Asked, queriesOf } from "./queries.ts";
import { runQueriesOf } from "./run-queries.ts";
import { asksForStatusOnly, type Contains, total } from "./search.ts";
import { sessionQueriesOf } from "./session-queries.ts";

/** The tables, handed in as D1's: a row read from one is a row read from the other. */
export const tables = schema as unknown as typeof d1;

// Of this collation's letters, ASCII's alone have another case.
const contains: Contains = (text, part) =>
  sql`strpos(lower(${text} collate "C"), lower(${toPostgresText(part)}::text collate "C")) > 0`;

export const queries = queriesOf(tables, contains);
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
