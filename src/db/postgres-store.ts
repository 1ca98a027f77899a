import { and, asc, eq } from "drizzle-orm";
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
import { behind, repeating, schemaVersion } from "./failure.ts";
import { connected, type Place } from "./postgres-client.ts";
import { failed, isOfTheMoment, isSchemaMissing } from "./postgres-failure.ts";
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
import { listOf, type Read, type Search } from "./search.ts";
import { sweeping } from "./sweeps.ts";

const { overdue, paused, stuck } = sweeping(approvals, runs);

/** The store on a Postgres. Everything that is asked of it is safe to repeat. */
export class PostgresStore implements Store {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async project(run: RunRow | null, rows: ApprovalRow[]): Promise<void> {
    if (run === null && rows.length === 0) return;
    await this.#ask(async (db) => db.execute(write(run, rows)));
  }

  async listApprovals(filter: ApprovalFilter, page: PageRequest): Promise<ApprovalList> {
    const search = searchOf(filter, "after" in page ? page.after : null);
    const asked = { filter, page, search };
    const found = await this.#ask(async (db) =>
      // What is added in between would move the end of what was looked at.
      search.rest === undefined
        ? read(db, asked)
        : db.transaction(async (seen) => read(seen, asked), snapshot),
    );
    return listOf(found, page.limit, search);
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
    return this.#ask(async (db) =>
      db
        .select()
        .from(runs)
        .where(stuck(beforeMs, after))
        .orderBy(asc(runs.updated_at_ms), asc(runs.id))
        .limit(limit),
    );
  }

  async pausedRuns(afterId: string, limit: number): Promise<string[]> {
    const rows = await this.#ask(async (db) =>
      db
        .select({ id: runs.id })
        .from(runs)
        .where(paused(afterId))
        .orderBy(asc(runs.id))
        .limit(limit),
    );
    return rows.map(({ id }) => id);
  }

  async overdueRuns(beforeMs: number, limit: number, afterId = ""): Promise<string[]> {
    const rows = await this.#ask(async (db) =>
      db
        .selectDistinct({ id: approvals.run_id })
        .from(approvals)
        .where(overdue(beforeMs, afterId))
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
    const once = async () => connected(this.#place, use);
    try {
      return await repeating(once, isOfTheMoment);
    } catch (error) {
      if (isSchemaMissing(error)) throw behind(await this.#ask(versionIn), command);
      throw failed(error);
    }
  }
}

const command =
  "npx kern-migrate-postgres postgres://… (in kern's own repository: npm run migrate:postgres -- postgres://…).";

const snapshot = { isolationLevel: "repeatable read", accessMode: "read only" } as const;

async function read(
  db: Asked,
  { filter, page, search }: { filter: ApprovalFilter; page: PageRequest; search: Search },
): Promise<Read> {
  const first = "after" in page ? null : page;
  const rows = await pageOf(db, search, page.limit + 1, first?.offset ?? 0);
  if (search.rest !== undefined) {
    const total = first === null ? null : await count(db, filter);
    const [end = null] = await endOfWindow(db, search);
    return { rows, total, end };
  }
  if (first === null) return { rows, total: null, end: null };
  // A first page that is not full has them all.
  const isAll = first.offset === 0 && rows.length <= page.limit;
  const all = { count: rows.length, isExact: true };
  return { rows, total: isAll ? all : await count(db, filter), end: null };
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
