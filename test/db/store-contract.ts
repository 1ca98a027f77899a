import { beforeEach, describe, expect, test } from "vitest";
import type { ApprovalRow, Store } from "../../src/run/store.ts";
import { listContract } from "./list-contract.ts";
import { pendingContract } from "./pending-contract.ts";
import { projectContract } from "./project-contract.ts";
import { approvalRecord, approvalRow, runRow, startMs } from "./rows.ts";
import { channelContract } from "./channel-contract.ts";
import { apiKeyContract } from "./api-key-contract.ts";
import { switchContract } from "./switch-contract.ts";
import { runListContract } from "./run-list-contract.ts";
import { sessionContract } from "./session-contract.ts";
import { eventContract } from "./event-contract.ts";
import { scheduleContract } from "./schedule-contract.ts";

/** What every store keeps to. `make` gives one that is empty; `numRuns` is how many stories it is told. */
export function storeContract(
  name: string,
  make: () => Promise<Store> | Store,
  numRuns: number,
): void {
  describe(`${name} keeps the store's contract`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await make();
    });

    const project = (...rows: ApprovalRow[]) => store.project(runRow(), rows);

    describe("reading", () => {
      test("a record comes back exactly as it was given, its keys in their order", async () => {
        const record = approvalRecord({
          tool_args: {
            text: `"quoted" 'it''s' \\ 漢字 🙈 \u0007 \u0000`,
            nested: [{ deep: [1.5, -0.1, null, true, ""] }],
            empty: {},
          },
          resolution_data: { note: "no" },
          requirements: [
            {
              id: "requirement-1",
              created_at: "2026-11-01T00:00:00.000Z",
              tool_execution: {
                tool_call_id: "c",
                tool_name: "delete_user_data",
                tool_args: {},
                tool_call_error: null,
                result: null,
                requires_confirmation: true,
                confirmed: false,
                confirmation_note: null,
                requires_user_input: null,
                user_input_schema: [
                  {
                    name: "reason",
                    field_type: "number",
                    description: null,
                    value: 0,
                    required: true,
                    schema: { type: "number" },
                  },
                ],
                answered: null,
                external_execution_required: null,
                approval_type: "required",
                child_run_id: null,
                approval_id: "approval-1",
                created_at: 1,
              },
            },
          ],
        });
        await project(approvalRow(record));
        const read = await store.readApproval(record.id);
        const { records } = await store.listApprovals({}, { limit: 1, offset: 0 });
        expect(JSON.stringify(read)).toBe(JSON.stringify(record));
        expect(JSON.stringify(records)).toBe(JSON.stringify([record]));
      });

      test("an approval that is not there is null", async () => {
        expect(await store.readApproval("approval-1")).toBeNull();
      });

      test("a database that has its schema passes the check", async () => {
        await expect(store.checkSchema()).resolves.toBeUndefined();
      });
    });

    projectContract(() => store, numRuns);

    listContract(() => store, numRuns);

    pendingContract(() => store, numRuns);

    sessionContract(() => store);
    runListContract(() => store);
    apiKeyContract(() => store);
    switchContract(() => store);
    channelContract(() => store);
    eventContract(() => store);
    scheduleContract(() => store);

    describe("sweeping", () => {
      test("stuck runs are those that should move and have not since, oldest first", async () => {
        const rows = [
          runRow({ id: "later", status: "RUNNING", updated_at_ms: startMs + 2 }),
          runRow({ id: "first", status: "PENDING", updated_at_ms: startMs + 1 }),
          runRow({ id: "fresh", status: "RUNNING", updated_at_ms: startMs + 3 }),
          ...(["PAUSED", "COMPLETED", "CANCELLED", "ERROR"] as const).map((status) =>
            runRow({ id: status, status }),
          ),
        ];
        for (const row of rows) await store.project(row, []);
        expect(await store.stuckRuns(startMs + 3, 10)).toEqual([rows[1], rows[0]]);
        expect(await store.stuckRuns(startMs + 3, 1)).toEqual([rows[1]]);
      });

      test("stuck runs are walked on from the last one, also among those of one moment", async () => {
        const rows = ["a", "b", "c", "d"].map((id) =>
          runRow({ id, status: "RUNNING", updated_at_ms: startMs + (id === "d" ? 1 : 2) }),
        );
        for (const row of rows) await store.project(row, []);
        const [a, b, c, d] = rows;
        expect(await store.stuckRuns(startMs + 3, 2)).toEqual([d, a]);
        expect(await store.stuckRuns(startMs + 3, 2, a)).toEqual([b, c]);
        expect(await store.stuckRuns(startMs + 3, 2, c)).toEqual([]);
        expect(await store.stuckRuns(startMs + 2, 2, d)).toEqual([]);
      });

      test("a stuck run that has moved does not stop the walk that goes on from it", async () => {
        const rows = ["a", "b", "c"].map((id) => runRow({ id, status: "RUNNING" }));
        for (const row of rows) await store.project(row, []);
        await store.project(runRow({ id: "a", version: 2, status: "COMPLETED" }), []);
        const after = { updated_at_ms: startMs, id: "a" };
        expect(await store.stuckRuns(startMs + 1, 10, after)).toEqual([rows[1], rows[2]]);
      });

      test("paused runs are walked in the order of their ids, from one on", async () => {
        for (const id of ["c", "a", "d", "b"]) await store.project(runRow({ id }), []);
        await store.project(runRow({ id: "d", version: 2, status: "RUNNING" }), []);
        expect(await store.pausedRuns("", 2)).toEqual(["a", "b"]);
        expect(await store.pausedRuns("b", 2)).toEqual(["c"]);
        expect(await store.pausedRuns("c", 2)).toEqual([]);
      });

      test("an overdue run has an approval still pending after its time, and is named once", async () => {
        const at = startMs / 1000;
        await project(
          approvalRow({ id: "1", run_id: "overdue", expires_at: at - 1 }),
          approvalRow({ id: "2", run_id: "overdue", expires_at: at - 2 }),
          approvalRow({ id: "3", run_id: "due now", expires_at: at }),
          approvalRow({ id: "4", run_id: "decided", expires_at: at - 1, status: "approved" }),
          approvalRow({ id: "5", run_id: "never", expires_at: null }),
        );
        expect(await store.overdueRuns(startMs, 10)).toEqual(["overdue"]);
        expect(await store.overdueRuns(startMs + 1, 10)).toEqual(["due now", "overdue"]);
      });

      test("overdue runs are walked in the order of their ids, from one on", async () => {
        const at = startMs / 1000;
        await project(
          ...["c", "a", "d", "b", "c"].map((run_id, index) =>
            approvalRow({ id: `approval-${index}`, run_id, expires_at: at - index - 1 }),
          ),
        );
        expect(await store.overdueRuns(startMs, 2)).toEqual(["a", "b"]);
        expect(await store.overdueRuns(startMs, 2, "b")).toEqual(["c", "d"]);
        expect(await store.overdueRuns(startMs, 2, "c")).toEqual(["d"]);
        expect(await store.overdueRuns(startMs, 2, "d")).toEqual([]);
      });

      test("a hidden approval that is overdue still names its run", async () => {
        const expires_at = startMs / 1000 - 1;
        await project(approvalRow({ expires_at }, { hidden: true }));
        expect(await store.overdueRuns(startMs, 10)).toEqual(["run-1"]);
      });
    });
  });
}
