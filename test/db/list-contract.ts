import { describe, expect, test } from "vitest";
import type { ApprovalFilter, ApprovalRow, Store } from "../../src/run/store.ts";
import { approvalRow, runRow, startMs } from "./rows.ts";

/** What lists and counts keep to: their order, their pages, each filter. */
export function listContract(store: () => Store): void {
  const project = (...rows: ApprovalRow[]) => store().project(runRow(), rows);
  const listIds = async (filter: ApprovalFilter = {}, limit = 100, offset = 0) =>
    (await store().listApprovals(filter, { limit, offset })).records.map(({ id }) => id);

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
      expect(await store().listApprovals({}, { limit: 10, offset: 10 })).toEqual({
        records: [],
        totalCount: 1,
      });
      expect(await store().listApprovals({ user_id: "ann" }, { limit: 10, offset: 10 })).toEqual({
        records: [],
        totalCount: 1,
      });
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
    } as const satisfies Required<ApprovalFilter>;

    test.each<[keyof ApprovalFilter, string]>([
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
    ])("%s narrows the list and the count, alone and with all the others", async (field, other) => {
      await project(
        approvalRow({ ...asked, id: "a" }),
        approvalRow({ ...asked, id: "b", [field]: other }),
        approvalRow({ ...asked, id: "c" }, { created_at_ms: startMs + 1 }),
      );
      for (const filter of [{ [field]: asked[field] }, asked]) {
        expect(await listIds(filter)).toEqual(["c", "a"]);
        expect(await store().countApprovals(filter)).toBe(2);
        const page = await store().listApprovals(filter, { limit: 1, offset: 1 });
        expect(page).toMatchObject({ records: [{ id: "a" }], totalCount: 2 });
      }
      expect(await listIds({ [field]: other })).toEqual(["b"]);
      expect(await store().countApprovals({ ...asked, [field]: other })).toBe(1);
      expect(await store().countApprovals({ [field]: "nobody" })).toBe(0);
    });

    test("a field that is undefined asks for nothing", async () => {
      await project(approvalRow());
      expect(await listIds({ status: undefined, user_id: undefined, run_id: undefined })).toEqual([
        "approval-1",
      ]);
      expect(await store().countApprovals({ status: "pending", user_id: undefined })).toBe(1);
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
        totalCount: 2,
      });
      expect(await listIds({ run_id: "member-1" })).toEqual(["member"]);
      expect(await store().countApprovals({ run_id: "root-1", status: "pending" })).toBe(2);
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
        expect(await store().countApprovals(filter)).toBe(1);
      }
      expect(await listIds({ status: "approved" })).toEqual([]);
      expect(await store().countApprovals({ status: "approved" })).toBe(0);
    });
  });
}
