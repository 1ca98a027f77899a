import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  queries,
  runQueries,
  sessionQueries,
  totalOf,
  totalsOf,
} from "../../src/db/postgres-search.ts";
import type { Asked } from "../../src/db/queries.ts";
import { PostgresDb } from "../../src/db/postgres.ts";
import type { Position } from "../../src/run/position.ts";
import type { ApprovalFilter, SessionFilter, SessionRow } from "../../src/run/store.ts";
import { queryPostgres } from "../query-postgres.ts";
import { copying } from "./copies.ts";
import { watch } from "./postgres-watch.ts";
import { approvalRow, runRow } from "./rows.ts";

const { EMPTY_POSTGRES_URL: url } = env as unknown as { EMPTY_POSTGRES_URL: string };
const db = drizzle.mock() as unknown as Asked;

const stored = 40_000;
const limit = 20;
const page = (filter: ApprovalFilter, after: Position | null = null) =>
  watch(queries.pageOf(db, queries.searchOf(filter, after), limit, 0));
const count = (filter: ApprovalFilter) => watch(totalOf(db, filter));

describe("how Postgres goes about a list", () => {
  beforeAll(async () => {
    await queryPostgres(url, "TRUNCATE approvals, runs, sessions");
    await new PostgresDb({ url }).connect(env).project(runRow(), [approvalRow({ id: "model" })]);
    const copy = await copying(url, {
      id: "'approval-' || n",
      run_id: "'run-' || n",
      root_run_id: "CASE WHEN n % 1000 = 0 THEN 'team-run' ELSE 'run-' || n END",
      user_id: "'user-' || n % 100",
      team_id: "CASE WHEN n % 1000 = 0 THEN 'team-1' END",
      workflow_id: "CASE WHEN n % 1000 = 1 THEN 'workflow-1' END",
      schedule_id: "CASE WHEN n % 1000 = 2 THEN 'schedule-1' END",
      status: "CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'approved' END",
      created_at_ms: "n",
      expires_at: "CASE WHEN n % 300 = 0 THEN NULL ELSE expires_at + n % 7 END",
    });
    await queryPostgres(url, copy(1, stored));
    await queryPostgres(url, "VACUUM ANALYZE approvals");
  }, 60_000);
  afterAll(async () => {
    await queryPostgres(url, "TRUNCATE approvals, runs, sessions");
  });

  test.each<[ApprovalFilter, string]>([
    [{}, "approvals_newest"],
    [{ status: "pending" }, "approvals_by_status"],
    [{ user_id: "user-7" }, "approvals_by_user"],
    [{ team_id: "team-1" }, "approvals_by_team"],
    [{ workflow_id: "workflow-1" }, "approvals_by_workflow"],
    [{ schedule_id: "schedule-1" }, "approvals_by_schedule"],
    [{ created_after: 100, created_before: 20_000 }, "approvals_newest"],
  ])(
    "a page of %j, the first or one far behind, walks one index in its order",
    async (filter, index) => {
      for (const after of [null, { created_at_ms: 15_000, id: "a" }]) {
        const { isSorted, led, read } = await page(filter, after);
        expect(led.filter((name) => name !== "runs_pkey")).toEqual([index]);
        expect(isSorted).toBe(false);
        expect(read).toBeLessThanOrEqual(2 * limit);
      }
    },
  );

  test("a page of what is pending, the first or one far behind, walks one index in its order", async () => {
    for (const after of [null, { expires_at: 1_793_494_800, id: "approval-2" }]) {
      const search = queries.pendingOf({}, after);
      const { isSorted, led, read } = await watch(queries.pageOf(db, search, limit, 0));
      expect(led.filter((name) => name !== "runs_pkey")).toEqual(["approvals_soonest"]);
      expect(isSorted).toBe(false);
      expect(read).toBeLessThanOrEqual(2 * limit);
    }
  });

  test("a page of what is pending with a filter looks at nothing else", async () => {
    for (const filter of [{ q: "nowhere" }, { user_id: "user-7", requested_by: "key:a" }]) {
      const search = queries.pendingOf(filter, null);
      for (const query of [queries.pageOf(db, search, limit, 0), queries.endOfWindow(db, search)]) {
        const { led, read } = await watch(query);
        expect(led).not.toContain("all of approvals");
        expect(read).toBeLessThanOrEqual(stored / 100 + 1);
      }
    }
  });

  test("a page of what has ended reads little more than a page of each status", async () => {
    const { led, read } = await page({ ended: true });
    expect(led).toContain("approvals_by_status");
    expect(led).not.toContain("all of approvals");
    expect(read).toBeLessThanOrEqual(4 * limit + 3 * limit);
  });

  test("the counts of every status look at no more than the window of each", async () => {
    const { read } = await watch(totalsOf(db, {}));
    expect(read).toBeLessThanOrEqual(stored / 100 + 1 + 10_001);
  });

  test.each<ApprovalFilter>([
    { source_type: "agent" },
    { approval_type: "required" },
    { pause_type: "confirmation" },
    { agent_id: "nobody" },
    { session_id: "session-1" },
    { tool_name: "delete_user_data" },
    { resolved_by: "nobody" },
    { q: "u-7" },
    { q: "nowhere" },
  ])("a page of %j looks at no more than its window, newest first", async (filter) => {
    const { led, read } = await page(filter);
    expect(led).toContain("approvals_newest");
    expect(led).not.toContain("all of approvals");
    expect(read).toBeLessThanOrEqual(10_000 + 2 * limit);
  });

  test.each<[ApprovalFilter, string, number]>([
    [{ user_id: "user-7", status: "approved", created_after: 9 }, "approvals_by_user", 400],
    [{ user_id: "user-7", status: "pending" }, "approvals_by_status", 400],
    [{ run_id: "team-run", status: "pending" }, "approvals_by_root", 40],
    [{ run_id: "run-7" }, "approvals_by_run", 1],
  ])("a page and a count of %j read what the index leads to", async (filter, index, most) => {
    for (const { led, read } of [await page(filter), await count(filter)]) {
      expect(led).toContain(index);
      expect(led).not.toContain("all of approvals");
      expect(read).toBeLessThanOrEqual(2 * most + 2 * limit);
    }
  });

  test.each<[ApprovalFilter, number]>([
    [{ status: "pending" }, stored / 100 + 1],
    [{ status: "approved" }, 10_001],
    [{ ended: true }, 10_001],
    [{}, 10_001],
    [{ user_id: "user-7" }, 400],
  ])("a count of %j looks at no more than it counts", async (filter, most) => {
    expect((await count(filter)).read).toBeLessThanOrEqual(most);
  });
});

describe("how Postgres goes about sessions", () => {
  beforeAll(async () => {
    await queryPostgres(url, "TRUNCATE runs, sessions");
    await queryPostgres(
      url,
      `INSERT INTO sessions SELECT 'session-' || n, 'user-' || n % 100, 'about ' || n, 'agent', 'a', n, n,
         CASE WHEN n % 1000 = 0 THEN n + 1 END FROM generate_series(1, ${stored}) AS n`,
    );
    await queryPostgres(
      url,
      `INSERT INTO runs SELECT 'run-' || n, 1, 'run-' || n, 'a', NULL, 'session-' || n % 4000, 'user-' || n % 100, NULL,
         CASE WHEN n % 2 = 0 THEN 'PAUSED' ELSE 'COMPLETED' END, '', '', n, n, NULL FROM generate_series(1, ${stored}) AS n`,
    );
    await queryPostgres(url, "VACUUM ANALYZE sessions, runs");
  }, 60_000);
  afterAll(async () => {
    await queryPostgres(url, "TRUNCATE runs, sessions");
  });

  const session: SessionRow = {
    id: "session-7",
    user_id: "user-7",
    name: "about 7",
    type: "agent",
    component_id: "a",
    created_at_ms: 7,
    updated_at_ms: 7,
    deleted_at_ms: null,
  };

  test.each<[SessionFilter, string]>([
    [{}, "sessions_newest"],
    [{ user_id: "user-7" }, "sessions_by_user"],
  ])("a page of %j walks one index in its order", async (filter, index) => {
    for (const ascending of [false, true]) {
      const page = { limit, offset: 0, sortBy: "created_at", ascending } as const;
      const { isSorted, led, read } = await watch(sessionQueries.page(db, filter, page));
      expect([led, isSorted]).toEqual([[index], false]);
      expect(read).toBeLessThanOrEqual(limit);
    }
  });

  test("a page by name looks at no more than its window", async () => {
    const page = { limit, offset: 0, sortBy: "session_name", ascending: true } as const;
    const { led, read } = await watch(sessionQueries.page(db, { name: "about 39" }, page));
    expect(led).toContain("sessions_newest");
    expect(read).toBeLessThanOrEqual(10_000 + 2 * limit);
  });

  test("a page of runs walks one index, and with a filter looks at no more than its window", async () => {
    for (const after of [null, { created_at_ms: 15_000, id: "a" }]) {
      const all = await watch(runQueries.page(db, runQueries.searchOf({}, after), limit));
      expect([all.led, all.isSorted]).toEqual([["runs_newest"], false]);
      expect(all.read).toBeLessThanOrEqual(limit);
      const of = { agents: ["b"], teams: [] };
      const none = await watch(runQueries.page(db, runQueries.searchOf({ of }, after), limit));
      expect(none.led).toContain("runs_newest");
      expect(none.led).not.toContain("all of runs");
      expect(none.read).toBeLessThanOrEqual(10_000 + 2 * limit);
    }
  });

  test("a session's runs, its history and what was left behind are found by one index", async () => {
    const runs = await watch(sessionQueries.runsIn(db, session, limit, 0));
    const component = { type: "agent", id: "a" } as const;
    const history = await watch(sessionQueries.history(db, session, component, 3));
    for (const { led, read } of [runs, history]) {
      expect(led).toEqual(["runs_by_session"]);
      expect(read).toBeLessThanOrEqual(10);
    }
    const of = { deletedSinceMs: stored - 5000 };
    const left = await watch(sessionQueries.leftBehind(db, { of, afterId: "", limit: 50 }));
    expect(left.led).toEqual(["sessions_deleted", "runs_by_session"]);
    expect(left.read).toBeLessThanOrEqual(6 + 60);
  });
});
