import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApprovalFilter, Deadline } from "../../src/run/store.ts";
import { removeMany, store, storeMany } from "./many.ts";

describe("with more approvals than are looked at", () => {
  beforeAll(async () => storeMany(40));
  afterAll(removeMany);

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

  test("the list of what is pending goes on from where looking ended, and loses nothing", async () => {
    const filter = { user_id: "zoe", q: "many-9999" };
    const { next, records } = await store.listPending(filter, { limit: 20, after: null });
    expect(records).toEqual([]);
    const behind = await store.listPending(filter, { limit: 20, after: next });
    expect(behind).toMatchObject({ records: [{ id: "many-9999" }], next: null });
    const seen = new Set<string>();
    let after: Deadline | null = null;
    do {
      const page = await store.listPending({}, { limit: 1000, after });
      for (const { id } of page.records) if (id.startsWith("many-")) seen.add(id);
      ({ next: after } = page);
    } while (after !== null);
    expect(seen.size).toBe(10_050);
  });

  test("counts by status end where looking ends, and say so; the counters know of all", async () => {
    const { approved, pending } = await store.countByStatus({ user_id: "zoe" });
    expect([pending, approved]).toEqual([
      { count: 10_000, isExact: false },
      { count: 0, isExact: false },
    ]);
    const all = await store.countByStatus({});
    expect(all.pending.isExact).toBe(true);
    expect(all.pending.count).toBeGreaterThan(10_050);
  });

  test("where an index leads to all, a page by number reaches the end", async () => {
    const last = await store.listApprovals({ user_id: "zoe" }, { limit: 20, offset: 10_040 });
    expect(last).toMatchObject({ records: { length: 10 }, next: null });
  });
});
