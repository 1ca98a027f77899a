import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { ApprovalFilter, ApprovalRow, Store } from "../../src/run/store.ts";
import { approvalRow, runRow, startMs } from "./rows.ts";

/** What lists and counts keep to: their order, their pages, each filter. */
export function listContract(store: () => Store, numRuns: number): void {
  const project = (...rows: ApprovalRow[]) => store().project(runRow(), rows);
  const listIds = async (filter: ApprovalFilter = {}, limit = 100, offset = 0) =>
    (await store().listApprovals(filter, { limit, offset })).records.map(({ id }) => id);
  const count = async (filter: ApprovalFilter = {}) => (await store().countApprovals(filter)).count;

  describe("listing", () => {
    test("newest comes first, equals stand in a stable order, and pages neither repeat nor miss one", async () => {
      const rows = Array.from({ length: 25 }, (_, index) =>
        approvalRow(
          { id: `approval-${index}` },
          { created_at_ms: startMs + Math.floor(index / 5) },
        ),
      );
      await project(...rows.toSorted(() => -1));
      const ordered = rows
        .toSorted(
          (a, b) => b.created_at_ms - a.created_at_ms || (b.record.id < a.record.id ? -1 : 1),
        )
        .map(({ record }) => record.id);
      expect(await listIds()).toEqual(ordered);
      const pages = [
        await listIds({}, 10, 0),
        await listIds({}, 10, 10),
        await listIds({}, 10, 20),
      ];
      expect(pages.flat()).toEqual(ordered);
    });

    test("a page past the end is empty and still knows the total", async () => {
      await project(approvalRow());
      const past = { records: [], total: { count: 1, isExact: true }, next: null };
      for (const filter of [{}, { user_id: "ann" }, { user_id: "ann", agent_id: "data-manager" }]) {
        expect(await store().listApprovals(filter, { limit: 10, offset: 10 })).toEqual(past);
      }
    });

    const asked = {
      status: "pending",
      source_type: "agent",
      approval_type: "required",
      pause_type: "confirmation",
      agent_id: "agent-a",
      team_id: "team-a",
      workflow_id: "workflow-a",
      user_id: "ann",
      schedule_id: "schedule-a",
      run_id: "run-a",
      session_id: "session-a",
      tool_name: "tool-a",
      resolved_by: "carol",
      requested_by: "key:a",
    } as const satisfies Required<
      Omit<ApprovalFilter, "created_after" | "created_before" | "ended" | "q">
    >;

    test.each<[keyof typeof asked, string]>([
      ["status", "approved"],
      ["source_type", "team"],
      ["approval_type", "audit"],
      ["pause_type", "user_input"],
      ["agent_id", "agent-b"],
      ["team_id", "team-b"],
      ["workflow_id", "workflow-b"],
      ["user_id", "bob"],
      ["schedule_id", "schedule-b"],
      ["run_id", "run-b"],
      ["session_id", "session-b"],
      ["tool_name", "tool-b"],
      ["resolved_by", "dave"],
      ["requested_by", "key:b"],
    ])("%s narrows the list and the count, alone and with all the others", async (field, other) => {
      await project(
        approvalRow({ ...asked, id: "a" }),
        approvalRow({ ...asked, id: "b", [field]: other }),
        approvalRow({ ...asked, id: "c" }, { created_at_ms: startMs + 1 }),
      );
      for (const filter of [{ [field]: asked[field] }, asked]) {
        expect(await listIds(filter)).toEqual(["c", "a"]);
        expect(await count(filter)).toBe(2);
        const page = await store().listApprovals(filter, { limit: 1, offset: 1 });
        expect(page).toMatchObject({ records: [{ id: "a" }], total: { count: 2 } });
      }
      expect(await listIds({ [field]: other })).toEqual(["b"]);
      expect(await count({ ...asked, [field]: other })).toBe(1);
      expect(await count({ [field]: field === "status" ? "cancelled" : "nobody" })).toBe(0);
    });

    test("a field that is undefined asks for nothing", async () => {
      await project(approvalRow());
      expect(await listIds({ status: undefined, user_id: undefined, run_id: undefined })).toEqual([
        "approval-1",
      ]);
      expect(await count({ status: "pending", user_id: undefined })).toBe(1);
    });

    test("created_after begins at its moment, and created_before ends before it", async () => {
      await project(
        ...[0, 1, 2].map((ms) => approvalRow({ id: `at-${ms}` }, { created_at_ms: startMs + ms })),
      );
      const from = { created_after: startMs + 1 };
      const before = { created_before: startMs + 1 };
      for (const others of [
        {},
        { user_id: "ann" },
        { run_id: "run-1", agent_id: "data-manager" },
      ]) {
        expect(await listIds({ ...others, ...from })).toEqual(["at-2", "at-1"]);
        expect(await listIds({ ...others, ...before })).toEqual(["at-0"]);
        expect(await listIds({ ...others, ...from, ...before })).toEqual([]);
        expect(await count({ ...others, ...from })).toBe(2);
      }
    });

    test.each<[string, Partial<ApprovalRecord>]>([
      ["PPROVAL-FOUN", { id: "approval-found" }],
      ["run-7", { run_id: "run-77" }],
      ["session-x", { session_id: "Session-X" }],
      ["refund", { tool_name: "pay_refund" }],
      ["clerk", { agent_id: "clerk" }],
      ["front desk", { source_name: "Front Desk" }],
      ["bob", { user_id: "bob@example.com" }],
      ["eve", { resolved_by: "Eve" }],
      ["u-42", { tool_args: { user: { id: "U-42" } } }],
      ['say "hi"\nand \\ go', { tool_args: { text: 'I say "hi"\nand \\ go' } }],
      ["100%_'漢", { tool_args: { text: "at 100%_'漢字" } }],
    ])("q finds %j wherever it stands, and nothing else", async (q, fields) => {
      const found = approvalRow({ id: "found", ...fields });
      await project(approvalRow({ id: "other" }), found);
      expect(await listIds({ q })).toEqual([found.record.id]);
      expect(await count({ q, status: "pending" })).toBe(1);
      expect(await listIds({ q, session_id: "elsewhere" })).toEqual([]);
    });

    test("a page that goes on behind a place neither repeats nor misses one, whatever is added or decided meanwhile", async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(5), { maxLength: 12 }),
          fc.integer({ min: 1, max: 5 }),
          fc.constantFrom("user_id", "agent_id"),
          fc.array(fc.nat(20), { minLength: 12, maxLength: 12 }),
          async (times, limit, field, added) => {
            const asked = { [field]: `mia-${round++}` };
            const rowAt = (ms: number, id: string) =>
              approvalRow(
                { id: `${asked[field]}-${id}`, ...asked },
                { created_at_ms: startMs + ms },
              );
            const there = times.map((ms, index) => rowAt(ms, String(index)));
            await project(...there);
            const before = await listIds(asked);
            const seen: string[] = [];
            let page = await store().listApprovals(asked, { limit, offset: 0 });
            const later = [...added];
            while (page.next !== null) {
              seen.push(...page.records.map(({ id }) => id));
              expect(page.records).toHaveLength(limit);
              const ms = later.pop();
              if (ms !== undefined) await project(rowAt(ms, `added-${ms}`));
              page = await store().listApprovals(asked, { limit, after: page.next });
            }
            seen.push(...page.records.map(({ id }) => id));
            expect(seen.filter((id) => !id.includes("added"))).toEqual(before);
            expect(new Set(seen).size).toBe(seen.length);
          },
        ),
        { numRuns },
      );
    });

    test("a place goes on where a page by number ended, and is not counted again", async () => {
      await project(...["a", "b", "c", "d"].map((id) => approvalRow({ id })));
      const page = await store().listApprovals({}, { limit: 2, offset: 1 });
      expect(page).toMatchObject({ records: [{ id: "c" }, { id: "b" }], total: { count: 4 } });
      const next = page.next ?? { created_at_ms: 0, id: "" };
      const last = await store().listApprovals({}, { limit: 2, after: next });
      expect(last).toMatchObject({ records: [{ id: "a" }], total: null, next: null });
    });

    test("run_id matches the run itself and the root of its team, each approval once", async () => {
      await project(
        approvalRow({ id: "own", run_id: "root-1" }),
        approvalRow(
          { id: "member", run_id: "member-1", root_run_id: "root-1" },
          { created_at_ms: startMs + 1 },
        ),
        approvalRow({ id: "other", run_id: "run-2" }),
      );
      expect(
        await store().listApprovals({ run_id: "root-1" }, { limit: 10, offset: 0 }),
      ).toMatchObject({
        records: [{ id: "member" }, { id: "own" }],
        total: { count: 2, isExact: true },
      });
      expect(await listIds({ run_id: "member-1" })).toEqual(["member"]);
      expect(await count({ run_id: "root-1", status: "pending" })).toBe(2);
    });

    test("a hidden approval is in no list, count or read", async () => {
      await project(approvalRow({ id: "seen" }), approvalRow({ id: "gone", status: "approved" }));
      await project(approvalRow({ id: "gone", status: "approved" }, { version: 2, hidden: true }));
      expect(await store().readApproval("gone")).toBeNull();
      for (const filter of [
        {},
        { user_id: "ann" },
        { run_id: "run-1" },
        { source_type: "agent" },
      ]) {
        expect(await listIds(filter)).toEqual(["seen"]);
        expect(await count(filter)).toBe(1);
      }
      expect(await listIds({ status: "approved" })).toEqual([]);
      expect(await count({ status: "approved" })).toBe(0);
    });
  });
}
