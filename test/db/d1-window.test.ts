import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { D1Db } from "../../src/db/d1.ts";
import type { ApprovalFilter } from "../../src/run/store.ts";
import { approvalRow } from "./rows.ts";

const { DB } = env as unknown as { DB: D1Database };
const store = new D1Db({ binding: "DB" }).connect(env);

describe("with more approvals than are looked at", () => {
  beforeAll(async () => {
    await store.project(null, [approvalRow({ id: "model", user_id: "yan" })]);
    const same =
      "run_id, session_id, status, source_type, approval_type, pause_type, tool_name, tool_args, requirements, context, " +
      "created_at, updated_at, run_status, root_run_id, call_id, args_hash, version, hidden";
    const rows =
      "WITH RECURSIVE rows (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM rows WHERE i < 10049)";
    await DB.prepare(
      `${rows} INSERT INTO approvals (id, user_id, agent_id, created_at_ms, ${same})
       SELECT 'many-' || i, 'zoe', iif(i < 40, 'old', 'new'), i, ${same} FROM approvals, rows WHERE id = 'model'`,
    ).run();
  });
  afterAll(async () => {
    await DB.prepare("DELETE FROM approvals WHERE user_id IN ('yan', 'zoe')").run();
  });

  const page = { limit: 20, offset: 0 };
  const first = { created_at_ms: 50, id: "many-50" };

  test.each<[ApprovalFilter, number]>([
    [{ user_id: "zoe" }, 10_000],
    [{ user_id: "zoe", q: "MANY" }, 10_000],
    [{ user_id: "zoe", agent_id: "new" }, 10_000],
    [{ user_id: "zoe", agent_id: "old" }, 0],
  ])("a total of %j ends where looking ends, and says so", async (filter, count) => {
    expect(await store.countApprovals(filter)).toEqual({ count, isExact: false });
    expect((await store.listApprovals(filter, page)).total).toEqual({ count, isExact: false });
  });

  test("counters know of all of them", async () => {
    const { count, isExact } = await store.countApprovals({ status: "pending" });
    expect(isExact).toBe(true);
    expect(count).toBeGreaterThan(10_050);
  });

  test("a list goes on from where looking ended, and finds what lies behind", async () => {
    const filter = { user_id: "zoe", agent_id: "old" };
    expect(await store.listApprovals(filter, page)).toMatchObject({ records: [], next: first });
    const { records, next } = await store.listApprovals(filter, { limit: 50, after: first });
    expect(records.map(({ id }) => id)).toEqual(
      Array.from({ length: 40 }, (_, index) => `many-${39 - index}`),
    );
    expect(next).toBeNull();
  });

  test("where an index leads to all, a page by number reaches the end", async () => {
    const last = await store.listApprovals({ user_id: "zoe" }, { limit: 20, offset: 10_040 });
    expect(last).toMatchObject({ records: { length: 10 }, next: null });
  });
});
