import { and, asc, eq, getTableColumns, gt, lt, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApprovalRecord, RunStatus } from "../approval/record.ts";
import type {
  ApprovalFilter,
  ApprovalList,
  ApprovalRow,
  PageRequest,
  RunRow,
  Store,
  Total,
} from "../run/store.ts";
import { behind, repeating, schemaVersion, unavailable } from "./failure.ts";
import { connected } from "./postgres-client.ts";
import { isOfTheMoment, isSchemaMissing } from "./postgres-failure.ts";
import { approvals, kernMeta, runs } from "./postgres-schema.ts";
import { endOfWindow, newestFirst, onPage, searchOf, shown, totalOf } from "./postgres-search.ts";
import { write } from "./postgres-write.ts";
import type { Search } from "./search.ts";

const {
  version: _version,
  hidden: _hidden,
  created_at_ms,
  ...columns
} = getTableColumns(approvals);
/** A query of its own, because Drizzle leaves the table's name out of the columns of a selection's own text. */
const statusOfRun = sql`select ${runs.status} from ${runs} where ${runs.id} = ${approvals.run_id}`;
/** Where the run stands is told by the run's own row, which moves when the approval's does not. */
const recordColumns = {
  ...columns,
  run_status: sql<RunStatus>`coalesce((${statusOfRun}), ${approvals.run_status})`,
};

/** The store on the Postgres at `url`. Everything that is asked of it is safe to repeat. */
export class PostgresStore implements Store {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async project(run: RunRow | null, rows: ApprovalRow[]): Promise<void> {
    if (run === null && rows.length === 0) return;
    await this.#ask(async (db) => db.execute(write(run, rows)));
  }

  async listApprovals(filter: ApprovalFilter, page: PageRequest): Promise<ApprovalList> {
    const { limit } = page;
    const isFirst = !("after" in page);
    const search = searchOf(filter, isFirst ? null : page.after);
    return this.#ask(async (db) => {
      const rows = await pageOf(db, search, limit + 1, isFirst ? page.offset : 0);
      const isAll = isFirst && page.offset === 0 && rows.length <= limit;
      const total = isFirst ? await totalBeside(db, filter, isAll ? rows.length : null) : null;
      const records = rows.slice(0, limit).map(({ at: _at, ...record }) => record);
      const last = rows[limit - 1];
      if (rows.length > limit && last !== undefined)
        return { records, total, next: { created_at_ms: last.at, id: last.id } };
      if (search.rest === undefined || total?.isExact === true)
        return { records, total, next: null };
      const [end = null] = await endOfWindow(db, search);
      return { records, total, next: end };
    });

    /** Where an index leads to all of them, a first page that is not full has them all. */
    async function totalBeside(db: NodePgDatabase, filter: ApprovalFilter, found: number | null) {
      if (found !== null && search.rest === undefined) return { count: found, isExact: true };
      return count(db, filter);
    }
  }

  async countApprovals(filter: ApprovalFilter): Promise<Total> {
    return this.#ask(async (db) => count(db, filter));
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    const [record] = await this.#ask(async (db) =>
      db
        .select(recordColumns)
        .from(approvals)
        .where(and(eq(approvals.id, id), shown)),
    );
    return record ?? null;
  }

  async stuckRuns(beforeMs: number, limit: number, after?: Pick<RunRow, "id" | "updated_at_ms">) {
    // Literals here and below, because a partial index serves no parameter.
    const moving = sql`${runs.status} in ('PENDING', 'RUNNING')`;
    const place = sql`(${runs.updated_at_ms}, ${runs.id})`;
    const further = after && sql`${place} > (${after.updated_at_ms}, ${after.id})`;
    return this.#ask(async (db) =>
      db
        .select()
        .from(runs)
        .where(and(moving, lt(runs.updated_at_ms, beforeMs), further))
        .orderBy(asc(runs.updated_at_ms), asc(runs.id))
        .limit(limit),
    );
  }

  async pausedRuns(afterId: string, limit: number): Promise<string[]> {
    const paused = sql`${runs.status} = 'PAUSED'`;
    const rows = await this.#ask(async (db) =>
      db
        .select({ id: runs.id })
        .from(runs)
        .where(and(paused, gt(runs.id, afterId)))
        .orderBy(asc(runs.id))
        .limit(limit),
    );
    return rows.map(({ id }) => id);
  }

  async overdueRuns(beforeMs: number, limit: number, afterId = ""): Promise<string[]> {
    const pending = sql`${approvals.status} = 'pending'`;
    const overdue = lt(approvals.expires_at, Math.ceil(beforeMs / 1000));
    const rows = await this.#ask(async (db) =>
      db
        .selectDistinct({ id: approvals.run_id })
        .from(approvals)
        .where(and(pending, overdue, gt(approvals.run_id, afterId)))
        .orderBy(asc(approvals.run_id))
        .limit(limit),
    );
    return rows.map(({ id }) => id);
  }

  async checkSchema(): Promise<void> {
    const found = await this.#ask(versionIn);
    if (found < schemaVersion) throw behind(found, command);
  }

  async #ask<T>(use: (db: NodePgDatabase) => Promise<T>): Promise<T> {
    const once = async () => connected(this.#url, use);
    try {
      return await repeating(once, isOfTheMoment);
    } catch (error) {
      if (isSchemaMissing(error)) throw behind(await this.#ask(versionIn), command);
      throw unavailable(error);
    }
  }
}

const command =
  "npx kern-migrate-postgres postgres://… (in kern's own repository: npm run migrate:postgres -- postgres://…).";

async function pageOf(db: NodePgDatabase, search: Search, limit: number, offset: number) {
  const query = db
    .select({ ...recordColumns, at: created_at_ms })
    .from(approvals)
    .where(onPage(search, limit, offset))
    .orderBy(...newestFirst);
  return search.rest === undefined ? query.limit(limit).offset(offset) : query;
}

async function count(db: NodePgDatabase, filter: ApprovalFilter): Promise<Total> {
  const [total] = await totalOf(db, filter);
  return total ?? { count: 0, isExact: true };
}

async function versionIn(db: NodePgDatabase): Promise<number> {
  try {
    const [row] = await db.select().from(kernMeta).where(eq(kernMeta.name, "schema_version"));
    return row?.value ?? 0;
  } catch (error) {
    if (isSchemaMissing(error)) return 0;
    throw error;
  }
}
