import { and, asc, eq, getTableColumns, gt, lt, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { RunStatus } from "../approval/record.ts";
import type { ApprovalFilter, OtherFilters } from "../run/store.ts";
import type * as d1 from "./d1-schema.ts";
import { type ApprovalSearch, type Dialect, searching, window } from "./search.ts";

/** Who is asked: a database, or a transaction in it, in D1's types. Postgres is handed in as one: its rows are the same. */
export type Asked = Pick<DrizzleD1Database, "select" | "selectDistinct">;
type Tables = Pick<typeof d1, "approvals" | "kernMeta" | "runs">;

/** The queries that D1 and Postgres have in common, on the tables of either. */
export function queriesOf({ approvals, kernMeta, runs }: Tables, dialect: Dialect) {
  const { counting, countingEach, isPending, onPage, pendingOf, searchOf, shown } = searching(
    approvals,
    dialect,
  );
  const {
    version: _version,
    hidden: _hidden,
    created_at_ms: _created_at_ms,
    ...columns
  } = getTableColumns(approvals);
  /** A query of its own, because Drizzle leaves the table's name out of the columns of a selection's own text. */
  const statusOfRun = sql`select ${runs.status} from ${runs} where ${runs.id} = ${approvals.run_id}`;
  /** Where the run stands is told by the run's own row, which moves when the approval's does not. */
  const recordColumns = {
    ...columns,
    run_status: sql<RunStatus>`coalesce((${statusOfRun}), ${approvals.run_status})`,
  };
  // Literals in the sweeps' queries, because a partial index serves no parameter.
  const isMoving = sql`${runs.status} in ('PENDING', 'RUNNING')`;
  const isPaused = sql`${runs.status} = 'PAUSED'`;

  return {
    shown,
    searchOf,
    pendingOf,
    isPending,
    pageOf(db: Asked, search: ApprovalSearch, limit: number, offset: number) {
      const query = db
        .select({ ...recordColumns, at: search.at.mapWith(Number) })
        .from(approvals)
        .where(onPage(search, limit, offset))
        .orderBy(...search.order);
      return search.rest === undefined ? query.limit(limit).offset(offset) : query;
    },
    /** The place of the last row that is looked at; none where there are fewer. */
    endOfWindow(db: Asked, { at, led, order }: ApprovalSearch) {
      return db
        .select({ at: at.mapWith(Number), id: approvals.id })
        .from(approvals)
        .where(led)
        .orderBy(...order)
        .limit(1)
        .offset(window - 1);
    },
    /** How many there are, as far as they are looked at. */
    countOf(db: Asked, filter: ApprovalFilter) {
      const { columns, from, where } = counting(searchOf(filter, null));
      return db.select(columns).from(from).where(where);
    },
    /** How many there are of each status, as far as they are looked at. */
    countOfEach(db: Asked, filter: OtherFilters) {
      const { columns, from, where } = countingEach(filter);
      return db.select(columns).from(from).where(where);
    },
    approval(db: Asked, id: string) {
      const found = and(eq(approvals.id, id), shown);
      return db.select(recordColumns).from(approvals).where(found);
    },
    stuck(
      db: Asked,
      beforeMs: number,
      limit: number,
      after?: { updated_at_ms: number; id: string },
    ) {
      const place = sql`(${runs.updated_at_ms}, ${runs.id})`;
      const further =
        after && sql`${place} > (${after.updated_at_ms}, ${sql.param(after.id, runs.id)})`;
      return db
        .select()
        .from(runs)
        .where(and(isMoving, lt(runs.updated_at_ms, beforeMs), further))
        .orderBy(asc(runs.updated_at_ms), asc(runs.id))
        .limit(limit);
    },
    paused(db: Asked, afterId: string, limit: number) {
      return db
        .select({ id: runs.id })
        .from(runs)
        .where(and(isPaused, gt(runs.id, afterId)))
        .orderBy(asc(runs.id))
        .limit(limit);
    },
    overdue(db: Asked, beforeMs: number, limit: number, afterId: string) {
      const expired = sql`${dialect.lapsesAt} < ${Math.ceil(beforeMs / 1000)}`;
      return db
        .selectDistinct({ id: approvals.run_id })
        .from(approvals)
        .where(and(isPending, expired, gt(approvals.run_id, afterId)))
        .orderBy(asc(approvals.run_id))
        .limit(limit);
    },
    schemaVersion(db: Asked) {
      const named = eq(kernMeta.name, "schema_version");
      return db.select({ value: kernMeta.value }).from(kernMeta).where(named);
    },
  };
}
