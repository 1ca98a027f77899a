import { and, sql } from "drizzle-orm";
import type { ApprovalFilter } from "../run/store.ts";
import { approvals, kernMeta, runs } from "./postgres-schema.ts";
import { toPostgresText } from "./postgres-text.ts";
import { type Asked, queriesOf, type Tables } from "./queries.ts";
import { asksForStatusOnly, total } from "./search.ts";

const tables = { approvals, kernMeta, runs } as unknown as Tables;

export const queries = queriesOf(
  tables,
  (text, part) =>
    // Of this collation's letters, ASCII's alone have another case.
    sql`strpos(lower(${text} collate "C"), lower(${toPostgresText(part)}::text collate "C")) > 0`,
);

/** How many there are: of what is pending exactly, from an index that holds nothing else, and of the others so far. */
export function totalOf(db: Asked, filter: ApprovalFilter) {
  if (filter.status !== "pending" || !asksForStatusOnly(filter)) return queries.countOf(db, filter);
  return db
    .select(total(sql`count(*)`, sql`true`))
    .from(tables.approvals)
    .where(and(queries.isPending, queries.shown));
}
