import type { ApprovalRow, RunRow } from "../../../../src/run/store.ts";

/** The database's tables: a row gives way only to one with a higher version, whatever comes, and whenever. */
export class Database {
  readonly runs = new Map<string, RunRow>();
  readonly approvals = new Map<string, ApprovalRow>();

  commit(run: RunRow | null, approvals: readonly ApprovalRow[]): void {
    if (run !== null && run.version > (this.runs.get(run.id)?.version ?? 0))
      this.runs.set(run.id, run);
    for (const row of approvals) {
      const { id } = row.record;
      if (row.version > (this.approvals.get(id)?.version ?? 0)) this.approvals.set(id, row);
    }
  }

  /** What a panel shows to those who decide. */
  get pending(): ApprovalRow[] {
    return [...this.approvals.values()].filter(
      ({ hidden, record }) => !hidden && record.status === "pending",
    );
  }
}
