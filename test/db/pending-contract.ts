import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approvalStatuses } from "../../src/approval/record.ts";
import type { ApprovalRow, Deadline, OtherFilters, Store } from "../../src/run/store.ts";
import { approvalRow, runRow, startMs } from "./rows.ts";

/** What the list of what is pending keeps to, the counts by status, and the list of all that has ended. */
export function pendingContract(store: () => Store, numRuns: number): void {
  const project = (...rows: ApprovalRow[]) => store().project(runRow(), rows);
  const first = { limit: 100, after: null };
  const listed = async (filter: OtherFilters = {}) =>
    (await store().listPending(filter, first)).records.map(({ id }) => id);
  const counted = async (filter: OtherFilters = {}) => {
    const counts = await store().countByStatus(filter);
    return approvalStatuses.map((status) => counts[status].count);
  };

  describe("what is pending", () => {
    test("what expires soonest comes first, what never does last, equals in a stable order, and what has ended not at all", async () => {
      await project(
        approvalRow({ id: "never-b", expires_at: null }),
        approvalRow({ id: "late", expires_at: 9 }),
        approvalRow({ id: "soon-b", expires_at: 2 }, { created_at_ms: startMs + 9 }),
        approvalRow({ id: "never-a", expires_at: null }),
        approvalRow({ id: "soon-a", expires_at: 2 }),
        approvalRow({ id: "done", expires_at: 1, status: "approved" }),
        approvalRow({ id: "hidden", expires_at: 1 }, { hidden: true }),
      );
      const ordered = ["soon-a", "soon-b", "late", "never-a", "never-b"];
      expect(await listed()).toEqual(ordered);
      expect(await listed({ user_id: "ann" })).toEqual(ordered);
      await project(approvalRow({ id: "never-a", expires_at: 1 }, { version: 2 }));
      expect((await listed())[0]).toBe("never-a");
    });

    test("each record is as it was told, and its run's status is that of the run's row", async () => {
      const row = approvalRow({ tool_args: { text: "漢字 'q'" }, expires_at: null });
      await store().project(runRow({ status: "RUNNING" }), [row]);
      const { next, records } = await store().listPending({}, first);
      expect([records, next]).toEqual([[{ ...row.record, run_status: "RUNNING" }], null]);
    });

    test.each<[OtherFilters, string[]]>([
      [{ q: "U-8" }, ["b"]],
      [{ q: "pay" }, ["b", "c"]],
      [{ user_id: "bob" }, ["c"]],
      [{ user_id: "ann", requested_by: "key:ann" }, ["a"]],
      [{ requested_by: "key:ann" }, ["a"]],
      [{ agent_id: "teller", q: "pay" }, ["b", "c"]],
      [{ run_id: "root" }, ["c"]],
      [{ tool_name: "pay", user_id: "bob" }, ["c"]],
      [{ created_after: startMs + 1, created_before: startMs + 2 }, ["b"]],
      [{ q: "nothing" }, []],
    ])("%j narrows it", async (filter, ids) => {
      await project(
        approvalRow({ id: "a", expires_at: 1, requested_by: "key:ann" }),
        approvalRow(
          {
            id: "b",
            expires_at: 2,
            tool_name: "pay",
            agent_id: "teller",
            tool_args: { to: "u-8" },
          },
          { created_at_ms: startMs + 1 },
        ),
        approvalRow(
          {
            id: "c",
            expires_at: null,
            tool_name: "pay",
            agent_id: "teller",
            user_id: "bob",
            run_id: "member",
            root_run_id: "root",
          },
          { created_at_ms: startMs + 2 },
        ),
        approvalRow({ id: "d", expires_at: 1, tool_name: "pay", status: "rejected" }),
      );
      expect(await listed(filter)).toEqual(ids);
    });

    test("its pages neither repeat nor miss one, whatever is added or decided meanwhile", async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(fc.nat(4)), { maxLength: 12 }),
          fc.integer({ min: 1, max: 5 }),
          fc.constantFrom("user_id", "agent_id"),
          fc.array(fc.option(fc.nat(6)), { minLength: 12, maxLength: 12 }),
          async (expiries, limit, field, added) => {
            const asked = { [field]: `mia-${round++}` };
            const at = (expires_at: number | null, id: string) =>
              approvalRow({ id: `${asked[field]}-${id}`, expires_at, ...asked });
            const there = expiries.map((expires, index) => at(expires, String(index)));
            await project(...there);
            const before = await listed(asked);
            const seen: string[] = [];
            let after: Deadline | null = null;
            const later = [...added];
            do {
              const page = await store().listPending(asked, { limit, after });
              seen.push(...page.records.map(({ id }) => id));
              const [last] = page.records.slice(-1);
              if (last !== undefined)
                await project({
                  ...approvalRow({ ...last, status: "approved" }),
                  version: 2,
                });
              await project(at(later.pop() ?? null, `added-${later.length}`));
              ({ next: after } = page);
            } while (after !== null);
            expect(seen.filter((id) => !id.includes("added"))).toEqual(before);
            expect(new Set(seen).size).toBe(seen.length);
          },
        ),
        { numRuns },
      );
    });

    test("it goes on behind a place where nothing is any more", async () => {
      await project(
        ...[1, 3, null].map((expires_at) => approvalRow({ id: `at-${expires_at}`, expires_at })),
      );
      const behind = async (after: Deadline) =>
        (await store().listPending({}, { limit: 9, after })).records.map(({ id }) => id);
      expect(await behind({ expires_at: 2, id: "gone" })).toEqual(["at-3", "at-null"]);
      expect(await behind({ expires_at: 3, id: "at-3" })).toEqual(["at-null"]);
      expect(await behind({ expires_at: null, id: "at-null" })).toEqual([]);
    });
  });

  describe("counting by status", () => {
    test("each status is counted, alone those that fit, and without the hidden ones", async () => {
      await project(
        ...approvalStatuses.flatMap((status, index) =>
          Array.from({ length: index + 1 }, (_, n) =>
            approvalRow({
              id: `${status}-${n}`,
              status,
              user_id: n === 0 ? "bob" : "ann",
              requested_by: n === 1 ? "key:a" : null,
            }),
          ),
        ),
        approvalRow({ id: "hidden" }, { hidden: true }),
      );
      expect(await counted()).toEqual([1, 2, 3, 4, 5]);
      expect(await counted({ user_id: undefined })).toEqual([1, 2, 3, 4, 5]);
      expect(await counted({ user_id: "ann" })).toEqual([0, 1, 2, 3, 4]);
      expect(await counted({ user_id: "ann", requested_by: "key:a" })).toEqual([0, 1, 1, 1, 1]);
      expect(await counted({ user_id: "bob", requested_by: "key:a" })).toEqual([0, 0, 0, 0, 0]);
      expect(await counted({ q: "CANCELLED-" })).toEqual([0, 0, 0, 0, 5]);
      expect(await counted({ user_id: "nobody" })).toEqual([0, 0, 0, 0, 0]);
      const { approved } = await store().countByStatus({ q: "approved" });
      expect(approved).toEqual({ count: 2, isExact: true });
    });

    test("of none at all, there is none of each", async () => {
      expect(await counted()).toEqual([0, 0, 0, 0, 0]);
    });
  });

  describe("what has ended", () => {
    test("it is listed and counted whatever its status, newest first, page by page", async () => {
      await project(
        ...Array.from({ length: 30 }, (_, index) =>
          approvalRow(
            {
              id: `at-${index}`,
              status: approvalStatuses[index % 5] ?? "pending",
              user_id: index % 2 === 0 ? "ann" : "bob",
            },
            { created_at_ms: startMs + Math.floor(index / 2) },
          ),
        ),
      );
      for (const filter of [{}, { user_id: "bob" }, { agent_id: "data-manager" }, { q: "AT-2" }]) {
        const { records } = await store().listApprovals(filter, { limit: 100, offset: 0 });
        const ended = records.filter(({ status }) => status !== "pending").map(({ id }) => id);
        expect(ended.length).toBeGreaterThan(7);
        const asked = { ...filter, ended: true } as const;
        const total = { count: ended.length, isExact: true };
        expect(await store().countApprovals(asked)).toEqual(total);
        let page = await store().listApprovals(asked, { limit: 5, offset: 0 });
        expect(page.total).toEqual(total);
        const seen = page.records.map(({ id }) => id);
        while (page.next !== null) {
          page = await store().listApprovals(asked, { limit: 5, after: page.next });
          seen.push(...page.records.map(({ id }) => id));
        }
        expect(seen).toEqual(ended);
        const third = await store().listApprovals(asked, { limit: 3, offset: 4 });
        expect(third.records.map(({ id }) => id)).toEqual(ended.slice(4, 7));
        expect(third.total).toEqual(total);
      }
      const some = await store().listApprovals(
        { created_after: startMs + 2, created_before: startMs + 4, ended: true },
        { limit: 9, offset: 0 },
      );
      expect(some.records.map(({ id }) => id)).toEqual(["at-7", "at-6", "at-4"]);
    });
  });
}
