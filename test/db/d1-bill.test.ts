import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { D1Db } from "../../src/db/d1.ts";
import type { ApprovalFilter, OtherFilters, Store } from "../../src/run/store.ts";
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
  const empty = () =>
    DB.batch(["approvals", "runs", "sessions"].map((name) => DB.prepare(`DELETE FROM ${name}`)));
  afterAll(empty);
  beforeAll(async () => {
    await empty();
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
    [{ user_id: "ann" }, "SEARCH approvals USING INDEX approvals_by_user (user_id=?)"],
    [{ team_id: "t" }, "SEARCH approvals USING INDEX approvals_by_team (team_id=?)"],
    [{ workflow_id: "w" }, "SEARCH approvals USING INDEX approvals_by_workflow (workflow_id=?)"],
    [{ schedule_id: "s" }, "SEARCH approvals USING INDEX approvals_by_schedule (schedule_id=?)"],
    [
      { created_after: startMs + 9, created_before: startMs + 99 },
      "SEARCH approvals USING INDEX approvals_newest (created_at_ms>? AND created_at_ms<?)",
    ],
    [
      { status: "approved", created_after: startMs + 9 },
      "SEARCH approvals USING INDEX approvals_by_status (status=? AND created_at_ms>?)",
    ],
  ])(
    "a page of %j walks one index in its order, unsorted, and reads little more than the page",
    async (filter, plan) => {
      const [list] = await watch(() => store.listApprovals(filter, page));
      expect(list?.plan).toBe(`${plan}; ${statusOfRun}`);
      expect(list?.rowsRead).toBeLessThanOrEqual(2 * page.limit + 6);
    },
  );

  test.each<[ApprovalFilter, string]>([
    [{ source_type: "agent" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ approval_type: "required" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ pause_type: "confirmation" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ agent_id: "data-manager" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ session_id: "session-1" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ tool_name: "delete_user_data" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ resolved_by: "nobody" }, "SCAN approvals USING INDEX approvals_newest"],
    [{ q: "u-7" }, "SCAN approvals USING INDEX approvals_newest"],
    [
      { user_id: "ann", status: "approved", created_after: startMs + 9 },
      "SEARCH approvals USING INDEX approvals_by_user (user_id=? AND created_at_ms>?)",
    ],
    [
      { user_id: "bob", status: "pending", q: "u-7" },
      "SEARCH approvals USING INDEX approvals_by_status (status=?)",
    ],
  ])(
    "a page of %j looks at what one index leads to until it is full, and sorts no more than the page",
    async (filter, plan) => {
      const [list] = await watch(() => store.listApprovals(filter, page));
      expect(list?.plan).toBe(
        "SEARCH approvals USING PRIMARY KEY (id=?); LIST SUBQUERY 3; CO-ROUTINE approvals; " +
          `${plan}; SCAN approvals; ${statusOfRun}; USE TEMP B-TREE FOR ORDER BY`,
      );
      const { records } = await store.listApprovals(filter, page);
      const looked = records.length < page.limit ? 2 * 300 : 3 * page.limit;
      expect(list?.rowsRead).toBeLessThanOrEqual(looked + 3 * page.limit);
    },
  );

  test.each<[ApprovalFilter, string]>([
    [{}, "approvals_newest ((created_at_ms,id)<(?,?))"],
    [{ status: "approved" }, "approvals_by_status (status=? AND (created_at_ms,id)<(?,?))"],
    [
      { user_id: "ann", created_after: startMs, created_before: startMs + 299 },
      "approvals_by_user (user_id=? AND created_at_ms>? AND (created_at_ms,id)<(?,?))",
    ],
  ])("a page of %j that goes on far behind reads as little as the first", async (filter, plan) => {
    const { next } = await store.listApprovals(filter, { limit: 1, offset: 200 });
    const after = next ?? { created_at_ms: 0, id: "" };
    const [list, ...others] = await watch(() => store.listApprovals(filter, { limit: 20, after }));
    expect(list?.plan).toBe(`SEARCH approvals USING INDEX ${plan}; ${statusOfRun}`);
    expect(list?.rowsRead).toBeLessThanOrEqual(2 * page.limit + 6);
    expect(others).toEqual([]);
  });

  test("a page of what is pending walks one index in its order, the first or one far behind", async () => {
    const { next } = await store.listPending({}, { limit: 15, after: null });
    for (const [after, place] of [
      [null, ""],
      [next, " AND (lapses_at,id)>(?,?)"],
    ] as const) {
      const [list, ...others] = await watch(() => store.listPending({}, { limit: 10, after }));
      expect(list?.plan).toBe(
        `SEARCH approvals USING INDEX approvals_soonest (status=?${place}); ${statusOfRun}`,
      );
      expect(list?.rowsRead).toBeLessThanOrEqual(2 * 10 + 6);
      expect(others).toEqual([]);
    }
  });

  test.each<OtherFilters>([
    { q: "u-7" },
    { user_id: "bob", requested_by: "key:a" },
    { created_after: startMs + 9 },
  ])("a page of what is pending of %j looks at nothing else", async (filter) => {
    const [list] = await watch(() => store.listPending(filter, { limit: 20, after: null }));
    expect(list?.plan).toBe(
      "SEARCH approvals USING PRIMARY KEY (id=?); LIST SUBQUERY 3; CO-ROUTINE approvals; " +
        "SEARCH approvals USING INDEX approvals_soonest (status=?); SCAN approvals; " +
        `${statusOfRun}; USE TEMP B-TREE FOR ORDER BY`,
    );
    expect(list?.rowsRead).toBeLessThanOrEqual(2 * 30 + 3 * 20);
  });

  test("a page of what has ended reads little more than a page of each status, and its count the counters", async () => {
    const filter = { ended: true } as const;
    const { next } = await store.listApprovals(filter, { limit: 1, offset: 200 });
    const after = next ?? { created_at_ms: 0, id: "" };
    for (const where of [page, { limit: page.limit, after }]) {
      const [list, total] = await watch(() => store.listApprovals(filter, where));
      expect(list?.plan.match(/approvals_by_status \(status=\?[^;]*\)/g)).toHaveLength(4);
      expect(list?.plan).not.toMatch(/SCAN approvals/);
      expect(list?.rowsRead).toBeLessThanOrEqual(4 * page.limit + 3 * page.limit + 20);
      if (total !== undefined) expect(total.rowsRead).toBe(1);
    }
  });

  test("the counts of every status are one row, and those of a user one walk", async () => {
    const [all, ...others] = await watch(() => store.countByStatus({}));
    expect([all?.plan, all?.rowsRead, others]).toEqual(["SCAN counters", 1, []]);
    const [own, ...more] = await watch(() =>
      store.countByStatus({ user_id: "bob", requested_by: "key:a" }),
    );
    expect(own?.plan).toContain("SEARCH approvals USING INDEX approvals_by_user (user_id=?)");
    expect(own?.rowsRead).toBeLessThanOrEqual(3 * 10 + 6);
    expect(more).toEqual([]);
  });

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
      expect(watched[0]?.plan).toContain(statusOfRun);
      for (const { plan, rowsRead } of watched) {
        expect(plan).toContain("approvals_by_run (run_id=?)");
        expect(plan).toContain("approvals_by_root (root_run_id=?)");
        expect(plan).not.toMatch(/SCAN \w+ USING/);
        expect(rowsRead).toBeLessThanOrEqual(8);
      }
    },
  );

  test("a page of a team, being sorted, reads each of the team's approvals with its run", async () => {
    const [list, count] = await watch(() => store.listApprovals({ run_id: "team-1" }, page));
    expect(list?.rowsRead).toBeLessThanOrEqual(2 * 150 + page.limit + 1);
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

  test("a page of runs walks one index in its order, the first or one far behind, and with a filter its newest", async () => {
    const after = { created_at_ms: startMs, id: "run-150" };
    const first = { limit: 20, after: null };
    const [all] = await watch(() => store.listRuns({}, first));
    const [further] = await watch(() => store.listRuns({}, { limit: 20, after }));
    const [paused] = await watch(() => store.listRuns({ status: "PAUSED" }, first));
    expect(all?.plan).toBe("SCAN runs USING INDEX runs_newest");
    expect(further?.plan).toBe("SEARCH runs USING INDEX runs_newest ((created_at_ms,id)<(?,?))");
    expect(paused?.plan).toContain("SCAN runs USING INDEX runs_newest; SCAN runs");
    for (const watched of [all, further])
      expect(watched?.rowsRead).toBeLessThanOrEqual(2 * page.limit + 6);
    expect(paused?.rowsRead).toBeLessThanOrEqual(6 * page.limit);
  });

  const byNewest = { limit: 20, offset: 0, sortBy: "created_at", ascending: false } as const;
  const isLooked = "CO-ROUTINE sessions; ";

  test.each([
    [{}, "SCAN sessions USING INDEX sessions_newest"],
    [{ user_id: "ann" }, "SEARCH sessions USING INDEX sessions_by_user (user_id=?)"],
  ])("a page of sessions of %j walks one index in its order, unsorted", async (filter, plan) => {
    for (const ascending of [false, true]) {
      const [list] = await watch(() => store.sessions.list(filter, { ...byNewest, ascending }));
      expect(list?.plan).toBe(plan);
      expect(list?.rowsRead).toBeLessThanOrEqual(2 * byNewest.limit + 2);
    }
    const [sorted, count] = await watch(() =>
      store.sessions.list({ ...filter, name: "u-7" }, { ...byNewest, sortBy: "updated_at" }),
    );
    expect(sorted?.plan).toContain(`${isLooked}${plan}; SCAN sessions; USE TEMP B-TREE`);
    expect(count?.plan).toContain(`${isLooked}${plan}; `);
  });

  test("a session's runs, its history and what was left behind in it are found by one index", async () => {
    const session = await store.sessions.read("session-1");
    if (session === null) throw new Error("There is no session.");
    const led = "SEARCH runs USING INDEX runs_by_session (session_id=?)";
    const component = { type: "agent", id: "data-manager" } as const;
    const left = { afterId: "", limit: 5 };
    const watched = await watch(async () => {
      await store.sessions.runs(session, 20, 0);
      await store.sessions.history({ ...session, user_id: null }, component, 3);
      await store.sessions.leftBehind({ ...left, of: { sessionId: "session-1" } });
      await store.sessions.leftBehind({ ...left, of: { deletedSinceMs: startMs } });
    });
    const gone = "USE TEMP B-TREE FOR ORDER BY";
    expect(watched.map(({ plan }) => plan)).toEqual([
      led,
      led,
      `SEARCH sessions USING PRIMARY KEY (id=?); ${led}; ${gone}`,
      `SEARCH sessions USING INDEX sessions_deleted (deleted_at_ms>?); ${led}; ${gone}`,
    ]);
    expect(watched[0]?.rowsRead).toBeLessThanOrEqual(2 * 20 + 2);
    expect(watched[3]?.rowsRead).toBeLessThanOrEqual(2);
  });

  test.each([undefined, "run-30"])(
    "a page of overdue runs after %s reads what is pending and overdue, from the index of what expires",
    async (afterId) => {
      const [none] = await watch(() => store.overdueRuns(startMs, 5, afterId));
      const [eleven] = await watch(() => store.overdueRuns(startMs + 101_000, 5, afterId));
      expect(eleven?.plan).toBe(
        "SEARCH approvals USING INDEX approvals_soonest (status=? AND lapses_at<?); " +
          "USE TEMP B-TREE FOR DISTINCT",
      );
      expect(none?.rowsRead).toBeLessThanOrEqual(2);
      expect(eleven?.rowsRead).toBeLessThanOrEqual(2 * 11);
    },
  );

  test("a whole cycle, from a new session's run and its pause over the decision to the end, writes 19 rows", async () => {
    const cost = async (...args: Parameters<Store["project"]>) => {
      written = 0;
      await store.project(...args);
      return written;
    };
    const run = { id: "priced", session_id: "priced" };
    const pending = { id: "priced", run_id: "priced" };
    const approved = { ...pending, status: "approved", resolved_by: "eve" } as const;
    const ended = { ...approved, call_outcome: "succeeded", run_status: "COMPLETED" } as const;
    expect(await cost(runRow(run), [approvalRow(pending)])).toBe(14);
    expect(await cost(runRow(run), [approvalRow(pending)])).toBe(0);
    expect(await cost(null, [approvalRow(approved, { version: 2 })])).toBe(3);
    const completed = runRow({ ...run, version: 3, status: "COMPLETED", output: "Done." });
    expect(await cost(completed, [approvalRow(ended, { version: 3 })])).toBe(2);
    expect(await cost(completed, [approvalRow(ended, { version: 3 })])).toBe(0);
  });

  test("a run in a session that is there costs three rows less, and to claim the session one", async () => {
    const begun = { id: "claimed", user_id: "ann", name: "", type: "agent" } as const;
    const times = { created_at_ms: startMs, updated_at_ms: startMs, deleted_at_ms: null };
    const bill = async () => {
      sent.length = 0;
      await store.sessions.claim({ ...begun, ...times, component_id: null });
      const [claim] = sent;
      const { meta } = await DB.prepare(claim?.query ?? "")
        .bind(...(claim?.params ?? []))
        .run();
      return meta.rows_written;
    };
    await bill();
    expect(await bill()).toBe(1);
    written = 0;
    await store.project(runRow({ id: "in claimed", session_id: "claimed" }), []);
    expect(written).toBe(4);
  });

  test("a decision that is told together with its outcome is one change of status", async () => {
    const record = { id: "at-once", run_id: "at-once", user_id: null };
    await store.project(null, [approvalRow(record)]);
    written = 0;
    const ended = { ...record, status: "approved", call_outcome: "succeeded" } as const;
    await store.project(null, [approvalRow(ended, { version: 2 })]);
    expect(written).toBe(3);
  });
});
