import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { ApprovalRecord } from "../approval/record.ts";
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
import {
  type Asked,
  endOfWindow,
  pageOf,
  recordColumns,
  searchOf,
  shown,
  totalOf,
} from "./postgres-search.ts";
import { write } from "./postgres-write.ts";
import type { Search } from "./search.ts";

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
    const search = searchOf(filter, "after" in page ? page.after : null);
    // What is added in between would move the end of what was looked at.
    if (search.rest !== undefined)
      return this.#ask(async (db) =>
        db.transaction(async (seen) => listIn(seen, { filter, page, search }), snapshot),
      );
    return this.#ask(async (db) => listIn(db, { filter, page, search }));
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

const snapshot = { isolationLevel: "repeatable read", accessMode: "read only" } as const;

async function listIn(
  db: Asked,
  { filter, page, search }: { filter: ApprovalFilter; page: PageRequest; search: Search },
): Promise<ApprovalList> {
  const { limit } = page;
  const first = "after" in page ? null : page;
  const rows = await pageOf(db, search, limit + 1, first?.offset ?? 0);
  // Where an index leads to all of them, a first page that is not full has them all.
  const isAll = search.rest === undefined && first?.offset === 0 && rows.length <= limit;
  const all = isAll ? { count: rows.length, isExact: true } : null;
  const total = first === null ? null : (all ?? (await count(db, filter)));
  const records = rows.slice(0, limit).map(({ at: _at, ...record }) => record);
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined)
    return { records, total, next: { created_at_ms: last.at, id: last.id } };
  if (search.rest === undefined || total?.isExact === true) return { records, total, next: null };
  const [end = null] = await endOfWindow(db, search);
  return { records, total, next: end };
}

async function count(db: Asked, filter: ApprovalFilter): Promise<Total> {
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
