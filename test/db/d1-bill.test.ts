import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { D1Db } from "../../src/db/d1.ts";
import type { ApprovalFilter, Store } from "../../src/run/store.ts";
import { approvalRow, runRow, startMs } from "./rows.ts";

const { DB } = env as unknown as { DB: D1Database };

describe("what D1 bills", () => {
  const sent: { query: string; params: unknown[] }[] = [];
  let written = 0;
  const recording = {
    prepare: (query: string) => ({
      bind(...params: unknown[]) {
        sent.push({ query, params });
        return DB.prepare(query).bind(...params);
      },
    }),
    async batch(statements: D1PreparedStatement[]) {
      const results = await DB.batch(statements);
      written += results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
      return results;
    },
  };
  let store: Store;
  beforeAll(async () => {
    await DB.batch([DB.prepare("DELETE FROM approvals"), DB.prepare("DELETE FROM runs")]);
    store = new D1Db({ binding: "DB" }).connect({ DB: recording });
    const rows = Array.from({ length: 300 }, (_, index) =>
      approvalRow(
        {
          id: `approval-${index}`,
          run_id: `run-${index}`,
          root_run_id: index % 2 ? `run-${index}` : "team-1",
          user_id: index % 30 ? "ann" : "bob",
          status: index % 10 ? "approved" : "pending",
          expires_at: startMs / 1000 + index,
        },
        { created_at_ms: startMs + index },
      ),
    );
    for (const [index, row] of rows.entries()) {
      const status = index % 3 ? "PAUSED" : "RUNNING";
      const run = { id: row.record.run_id, status, updated_at_ms: row.created_at_ms } as const;
      await store.project(runRow(run), [row]);
    }
  });

  /** How SQLite goes about each query that `ask` sent, and how many rows the query reads. */
  async function watch(ask: () => Promise<unknown>) {
    sent.length = 0;
    await ask();
    const watched = [];
    for (const { query, params } of sent) {
      const plan = await DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
        .bind(...params)
        .all<{ detail: string }>();
      const { meta } = await DB.prepare(query)
        .bind(...params)
        .all();
      watched.push({
        plan: plan.results.map(({ detail }) => detail).join("; "),
        rowsRead: meta.rows_read,
      });
    }
    return watched;
  }

  const page = { limit: 20, offset: 0 };
  /** The `run_status` of each record that is returned. */
  const statusOfRun = "CORRELATED SCALAR SUBQUERY 1; SEARCH runs USING PRIMARY KEY (id=?)";

  test.each<[ApprovalFilter, string]>([
    [{}, "SCAN approvals USING INDEX approvals_newest"],
    [{ status: "pending" }, "SEARCH approvals USING INDEX approvals_by_status (status=?)"],
    [
      { status: "pending", agent_id: "data-manager" },
      "SEARCH approvals USING INDEX approvals_by_status (status=?)",
    ],
    [{ user_id: "ann" }, "SEARCH approvals USING INDEX approvals_by_user (user_id=?)"],
    [
      { user_id: "ann", status: "approved" },
      "SEARCH approvals USING INDEX approvals_by_user (user_id=?)",
    ],
  ])(
    "a page of %j walks one index in its order, unsorted, and reads little more than the page",
    async (filter, plan) => {
      const [list] = await watch(() => store.listApprovals(filter, page));
      expect(list?.plan).toBe(`${plan}; ${statusOfRun}`);
      expect(list?.rowsRead).toBeLessThanOrEqual(2 * page.limit + 6);
    },
  );

  test("a page further on looks up no run for the approvals that it skips", async () => {
    const [list] = await watch(() => store.listApprovals({}, { ...page, offset: 100 }));
    expect(list?.rowsRead).toBeLessThanOrEqual(100 + 2 * page.limit + 6);
  });

  test("a read finds the approval and its run by their keys", async () => {
    const [read] = await watch(() => store.readApproval("approval-7"));
    expect(read?.plan).toBe(`SEARCH approvals USING PRIMARY KEY (id=?); ${statusOfRun}`);
    expect(read?.rowsRead).toBe(2);
  });

  test.each<ApprovalFilter>([
    { run_id: "run-7" },
    { run_id: "run-7", status: "approved" },
    { run_id: "run-7", user_id: "ann", status: "approved", agent_id: "data-manager" },
  ])(
    "a page and a count of %j read that run's approvals alone, by both indexes",
    async (filter) => {
      const watched = await watch(() => store.listApprovals(filter, page));
      expect(watched).toHaveLength(2);
      expect(watched[0]?.plan).toContain(statusOfRun);
      for (const { plan, rowsRead } of watched) {
        expect(plan).toContain("approvals_by_run (run_id=?)");
        expect(plan).toContain("approvals_by_root (root_run_id=?)");
        expect(plan).not.toContain("SCAN");
        expect(rowsRead).toBeLessThanOrEqual(5);
      }
    },
  );

  test("a page of a team, being sorted, reads each of the team's approvals with its run", async () => {
    const [list, count] = await watch(() => store.listApprovals({ run_id: "team-1" }, page));
    expect(list?.rowsRead).toBeLessThanOrEqual(2 * 150 + page.limit);
    expect(count?.rowsRead).toBeLessThanOrEqual(150);
  });

  test.each<ApprovalFilter>([{}, { status: "pending" }, { status: "approved" }])(
    "a count of %j reads counters, not approvals",
    async (filter) => {
      const [count] = await watch(() => store.countApprovals(filter));
      const [, total] = await watch(() => store.listApprovals(filter, page));
      for (const watched of [count, total]) {
        expect(watched?.plan).toMatch(/counters/);
        expect(watched?.rowsRead).toBeLessThanOrEqual(5);
      }
    },
  );

  test("a page of stuck or of paused runs reads what it returns, wherever the walk is", async () => {
    const beforeMs = startMs + 250;
    const after = { id: "run-150", updated_at_ms: startMs + 150 };
    const [stuck] = await watch(() => store.stuckRuns(beforeMs, 5));
    const [further] = await watch(() => store.stuckRuns(beforeMs, 5, after));
    const [paused] = await watch(() => store.pausedRuns("run-150", 5));
    expect(stuck?.plan).toBe("SEARCH runs USING INDEX runs_moving (updated_at_ms<?)");
    expect(further?.plan).toBe(
      "SEARCH runs USING INDEX runs_moving ((updated_at_ms,id)>(?,?) AND updated_at_ms<?)",
    );
    expect(paused?.plan).toBe("SEARCH runs USING COVERING INDEX runs_paused (id>?)");
    for (const watched of [stuck, further, paused]) {
      expect(watched?.rowsRead).toBeLessThanOrEqual(6);
    }
  });

  test.each([undefined, "run-30"])(
    "a page of overdue runs after %s reads what is pending and overdue, from an index of its own",
    async (afterId) => {
      const [none] = await watch(() => store.overdueRuns(startMs, 5, afterId));
      const [eleven] = await watch(() => store.overdueRuns(startMs + 101_000, 5, afterId));
      expect(eleven?.plan).toBe(
        "SEARCH approvals USING COVERING INDEX approvals_overdue (status=? AND expires_at<?); " +
          "USE TEMP B-TREE FOR DISTINCT",
      );
      expect(none?.rowsRead).toBeLessThanOrEqual(2);
      expect(eleven?.rowsRead).toBeLessThanOrEqual(2 * 11);
    },
  );

  test("an approval costs few writes", async () => {
    const cost = async (...args: Parameters<Store["project"]>) => {
      written = 0;
      await store.project(...args);
      return written;
    };
    const run = runRow({ id: "priced" });
    expect(await cost(run, [])).toBe(2);
    const record = { id: "priced", run_id: "priced" };
    expect(await cost(run, [approvalRow(record)])).toBe(7);
    expect(await cost(run, [approvalRow(record)])).toBe(0);
    const approved = { ...record, status: "approved" as const };
    expect(await cost(run, [approvalRow(approved, { version: 2 })])).toBe(4);
    expect(
      await cost(run, [approvalRow({ ...approved, call_outcome: "succeeded" }, { version: 3 })]),
    ).toBe(2);
  });
});
