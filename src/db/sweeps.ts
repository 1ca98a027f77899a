import { and, type Column, gt, lt, type SQL, sql, type Table } from "drizzle-orm";

/** What the sweeps look for. The literals are there because a partial index serves no parameter. */
export function sweeping(approvals: ApprovalsTable, runs: RunsTable) {
  /** Runs that are moving and were not written since, behind a place. */
  function stuck(beforeMs: number, after?: { updated_at_ms: number; id: string }): SQL | undefined {
    const moving = sql`${runs.status} in ('PENDING', 'RUNNING')`;
    const place = sql`(${runs.updated_at_ms}, ${runs.id})`;
    const further =
      after && sql`${place} > (${after.updated_at_ms}, ${sql.param(after.id, runs.id)})`;
    return and(moving, lt(runs.updated_at_ms, beforeMs), further);
  }
  function paused(afterId: string): SQL | undefined {
    return and(sql`${runs.status} = 'PAUSED'`, gt(runs.id, afterId));
  }
  /** Approvals that are pending although they have expired. */
  function overdue(beforeMs: number, afterId: string): SQL | undefined {
    const pending = sql`${approvals.status} = 'pending'`;
    const expired = lt(approvals.expires_at, Math.ceil(beforeMs / 1000));
    return and(pending, expired, gt(approvals.run_id, afterId));
  }
  return { overdue, paused, stuck };
}

type ApprovalsTable = Table & Record<"expires_at" | "run_id" | "status", Column>;
type RunsTable = Table & Record<"id" | "status" | "updated_at_ms", Column>;
