import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  lt,
  ne,
  not,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { ApprovalRecord, RunStatus } from "../approval/record.ts";
import type { ApprovalFilter, ApprovalRow, PageRequest, RunRow, Store } from "../run/store.ts";
import { behind, isSchemaMissing, repeating, unavailable } from "./d1-failure.ts";
import { approvals, counters, d1SchemaVersion, kernMeta, runs } from "./d1-schema.ts";

const {
  version: _version,
  hidden: _hidden,
  created_at_ms: _at,
  ...columns
} = getTableColumns(approvals);
/** A query of its own, because Drizzle leaves the table's name out of the columns of a selection's own text. */
const statusOfRun = sql`select ${runs.status} from ${runs} where ${runs.id} = ${approvals.run_id}`;
/** Where the run stands is told by the run's own row, which moves when the approval's does not. */
const recordColumns = {
  ...columns,
  run_status: sql<RunStatus>`coalesce((${statusOfRun}), ${approvals.run_status})`,
};

/** The store on D1. `binding` is only used in messages. */
export class D1Store implements Store {
  readonly #db: DrizzleD1Database;
  readonly #binding: string;

  constructor(database: D1Database, binding: string) {
    this.#db = drizzle(database);
    this.#binding = binding;
  }

  async project(run: RunRow | null, rows: ApprovalRow[]): Promise<void> {
    const [first, ...others] = [
      ...(run === null ? [] : [this.#writeRun(run)]),
      ...rows.flatMap((row) => [this.#dropPredecessor(row), this.#writeApproval(row)]),
    ];
    if (first === undefined) return;
    await this.#ask(() => repeating(() => this.#db.batch([first, ...others])));
  }

  async listApprovals(filter: ApprovalFilter, { limit, offset }: PageRequest) {
    const page = this.#db
      .select(recordColumns)
      .from(approvals)
      .where(matching(filter))
      .orderBy(desc(approvals.created_at_ms), desc(approvals.id))
      .limit(limit)
      .offset(offset);
    const [records, [total]] = await this.#ask(() => this.#db.batch([page, this.#count(filter)]));
    return { records, totalCount: total?.n ?? 0 };
  }

  async countApprovals(filter: ApprovalFilter): Promise<number> {
    const [total] = await this.#ask(() => this.#count(filter));
    return total?.n ?? 0;
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    const shown = and(eq(approvals.id, id), not(approvals.hidden));
    const [record] = await this.#ask(() =>
      this.#db.select(recordColumns).from(approvals).where(shown),
    );
    return record ?? null;
  }

  stuckRuns(beforeMs: number, limit: number, after?: Pick<RunRow, "id" | "updated_at_ms">) {
    // Literals here and below, because a partial index serves no parameter.
    const moving = sql`${runs.status} in ('PENDING', 'RUNNING')`;
    const place = sql`(${runs.updated_at_ms}, ${runs.id})`;
    const further = after && sql`${place} > (${after.updated_at_ms}, ${after.id})`;
    return this.#ask(() =>
      this.#db
        .select()
        .from(runs)
        .where(and(moving, lt(runs.updated_at_ms, beforeMs), further))
        .orderBy(asc(runs.updated_at_ms), asc(runs.id))
        .limit(limit),
    );
  }

  async pausedRuns(afterId: string, limit: number): Promise<string[]> {
    const paused = sql`${runs.status} = 'PAUSED'`;
    const rows = await this.#ask(() =>
      this.#db
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
    const rows = await this.#ask(() =>
      this.#db
        .selectDistinct({ id: approvals.run_id })
        .from(approvals)
        .where(and(pending, overdue, gt(approvals.run_id, afterId)))
        .orderBy(asc(approvals.run_id))
        .limit(limit),
    );
    return rows.map(({ id }) => id);
  }

  async checkSchema(): Promise<void> {
    const found = await this.#schemaVersion();
    if (found < d1SchemaVersion) throw behind(found, d1SchemaVersion, this.#binding);
  }

  #writeRun(run: RunRow) {
    return this.#db
      .insert(runs)
      .values(run)
      .onConflictDoUpdate({
        target: runs.id,
        set: replaceRun,
        setWhere: sql`excluded.version > ${runs.version}`,
      });
  }

  #writeApproval({ record, ...row }: ApprovalRow) {
    return this.#db
      .insert(approvals)
      .values({ ...record, ...row })
      .onConflictDoUpdate({
        target: approvals.id,
        set: replaceApproval,
        setWhere: sql`excluded.version > ${approvals.version}`,
      });
  }

  /** Removes the row that an earlier run of the same id left under this id, so that `replaceApproval` need not replace all. */
  #dropPredecessor({ record, version, created_at_ms }: ApprovalRow) {
    const predecessor = and(
      eq(approvals.id, record.id),
      lt(approvals.version, version),
      ne(approvals.created_at_ms, created_at_ms),
    );
    return this.#db.delete(approvals).where(predecessor);
  }

  #count({ status, ...others }: ApprovalFilter) {
    if (Object.values(others).some((value) => value !== undefined)) {
      return this.#db
        .select({ n: count() })
        .from(approvals)
        .where(matching({ status, ...others }));
    }
    const counted = sql`coalesce(sum(${counters.n}), 0)`.mapWith(Number);
    return this.#db
      .select({ n: counted })
      .from(counters)
      .where(status === undefined ? undefined : eq(counters.status, status));
  }

  async #schemaVersion(): Promise<number> {
    try {
      const [row] = await this.#db
        .select()
        .from(kernMeta)
        .where(eq(kernMeta.name, "schema_version"));
      return row?.value ?? 0;
    } catch (error) {
      if (isSchemaMissing(error)) return 0;
      throw unavailable(error);
    }
  }

  async #ask<T>(ask: () => PromiseLike<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isSchemaMissing(error))
        throw behind(await this.#schemaVersion(), d1SchemaVersion, this.#binding);
      throw unavailable(error);
    }
  }
}

const replaceRun = replacing(getTableColumns(runs), ["id"]);

/** What an index holds and an approval never changes is left out: naming it would write its index entries again. */
const replaceApproval = replacing(getTableColumns(approvals), [
  "id",
  "run_id",
  "root_run_id",
  "user_id",
  "created_at_ms",
]);

function replacing(columns: Record<string, SQLiteColumn>, kept: string[]): Record<string, SQL> {
  const replaced = Object.entries(columns).filter(([name]) => !kept.includes(name));
  return Object.fromEntries(
    replaced.map(([name, column]) => [name, sql`excluded.${sql.identifier(column.name)}`]),
  );
}

/** The columns that can be asked for, those whose index narrows a list most first. */
const filterColumns: Record<keyof ApprovalFilter, SQLiteColumn> = {
  run_id: approvals.run_id,
  user_id: approvals.user_id,
  status: approvals.status,
  source_type: approvals.source_type,
  approval_type: approvals.approval_type,
  pause_type: approvals.pause_type,
  agent_id: approvals.agent_id,
  team_id: approvals.team_id,
  workflow_id: approvals.workflow_id,
  schedule_id: approvals.schedule_id,
};
const filterNames = Object.keys(filterColumns) as (keyof ApprovalFilter)[];

/**
 * Only the first column asked for may be looked up in an index: without statistics the planner takes any for equally
 * good, and would walk all that is approved to find the approvals of one run.
 */
function matching(filter: ApprovalFilter): SQL | undefined {
  const [lead, ...others] = filterNames.filter((name) => filter[name] !== undefined);
  return and(
    not(approvals.hidden),
    lead &&
      (lead === "run_id" ? ofRun(filter.run_id) : sql`${filterColumns[lead]} = ${filter[lead]}`),
    ...others.map((name) => sql`${filterColumns[name]} || '' = ${filter[name]}`),
  );
}

/** Of the run, or of its members: the second half says what the index on `root_run_id` holds. */
function ofRun(id: string | undefined): SQL | undefined {
  const ofMember = sql`${approvals.root_run_id} = ${id} and ${approvals.root_run_id} <> ${approvals.run_id}`;
  return or(sql`${approvals.run_id} = ${id}`, ofMember);
}
