import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approvalStatuses } from "../../src/approval/record.ts";
import type { ApprovalFilter, ApprovalRow, RunRow, Store } from "../../src/run/store.ts";
import { approvalRecord, approvalRow, runRow, startMs } from "./rows.ts";

/** What writing keeps to: all or nothing, and only what is newer. */
export function projectContract(store: () => Store, numRuns: number): void {
  const project = (...rows: ApprovalRow[]) => store().project(runRow(), rows);
  const listIds = async (filter: ApprovalFilter = {}, limit = 100, offset = 0) =>
    (await store().listApprovals(filter, { limit, offset })).records.map(({ id }) => id);
  const count = async (filter: ApprovalFilter = {}) => (await store().countApprovals(filter)).count;

  describe("projecting", () => {
    test("one run may bring any number of approvals", async () => {
      await project(
        ...Array.from({ length: 120 }, (_, index) => approvalRow({ id: `approval-${index}` })),
      );
      expect(await count()).toBe(120);
    });

    test("a run without approvals is written too", async () => {
      await store().project(runRow(), []);
      expect(await store().pausedRuns("", 10)).toEqual(["run-1"]);
    });

    test("a run that moves on shows its status on all its approvals, although they are not written again", async () => {
      await store().project(runRow({ id: "run-2" }), []);
      await project(
        approvalRow({ id: "a" }),
        approvalRow({ id: "b", status: "approved" }),
        approvalRow({ id: "c", run_id: "run-2" }),
      );
      await store().project(runRow({ version: 2, status: "COMPLETED" }), []);
      const expected = [
        approvalRecord({ id: "c", run_id: "run-2", run_status: "PAUSED" }),
        approvalRecord({ id: "b", status: "approved", run_status: "COMPLETED" }),
        approvalRecord({ id: "a", run_status: "COMPLETED" }),
      ];
      const { records } = await store().listApprovals({}, { limit: 10, offset: 0 });
      expect(records).toEqual(expected);
      for (const record of expected) expect(await store().readApproval(record.id)).toEqual(record);
    });

    test("an approval whose run has no row shows the run status that it came with", async () => {
      await project(approvalRow({ run_id: "run-2", run_status: "CANCELLED" }));
      expect(await store().readApproval("approval-1")).toMatchObject({ run_status: "CANCELLED" });
    });

    test("when one row cannot be written, none is", async () => {
      const broken = approvalRow({ id: "approval-2", tool_name: null as unknown as string });
      await expect(project(approvalRow(), broken)).rejects.toMatchObject({ code: "unavailable" });
      expect(await listIds()).toEqual([]);
      expect(await store().pausedRuns("", 10)).toEqual([]);
      expect(await count()).toBe(0);
    });

    test("a run that is born again under its id replaces what its predecessor left, and is not overwritten by it", async () => {
      const before = approvalRow({ user_id: "ann", status: "approved" }, { version: 7 });
      const after = approvalRow(
        { user_id: "bob", root_run_id: "root-1", created_at: startMs / 1000 + 5 },
        { version: 5000, created_at_ms: startMs + 5000 },
      );
      await project(before);
      await project(after);
      await project({ ...before, version: 8 });
      expect(await store().readApproval("approval-1")).toEqual(after.record);
      expect(await listIds({ user_id: "ann" })).toEqual([]);
      expect(await listIds({ run_id: "root-1" })).toEqual(["approval-1"]);
      expect(await count({ status: "approved" })).toBe(0);
    });

    test("late, repeated and reordered writes change nothing, and the counters stay equal to a recount", async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(delivery, { minLength: 1, maxLength: 14 }),
          async (deliveries) => {
            const agent_id = `agent-${round++}`;
            const newest = new Map<string, ApprovalRow>();
            let newestRun: RunRow | undefined;
            for (const { run, approval } of deliveries) {
              const row = stateOf(agent_id, approval.index, approval.version);
              const rowOfRun = runStateOf(agent_id, run);
              await store().project(rowOfRun, [row]);
              if (row.version > (newest.get(row.record.id)?.version ?? 0))
                newest.set(row.record.id, row);
              if (rowOfRun.version > (newestRun?.version ?? 0)) newestRun = rowOfRun;
            }

            const shown = [...newest.values()]
              .filter(({ hidden }) => !hidden)
              .map(({ record }) => ({ ...record, run_status: newestRun?.status }));
            const { records, total } = await store().listApprovals(
              { agent_id },
              { limit: 100, offset: 0 },
            );
            expect(records.toSorted(byId)).toEqual(shown.toSorted(byId));
            expect(total).toEqual({ count: shown.length, isExact: true });
            const moving = await store().stuckRuns(Number.MAX_SAFE_INTEGER, 1000);
            const expected = newestRun?.status === "RUNNING" ? newestRun : undefined;
            expect(moving.find(({ id }) => id === agent_id)).toEqual(expected);
            for (const status of approvalStatuses) {
              const recount = await count({ status, source_type: "agent" });
              expect(await count({ status })).toBe(recount);
            }
          },
        ),
        { numRuns },
      );
    });
  });
}

const delivery = fc.record({
  run: fc.integer({ min: 1, max: 4 }),
  approval: fc.record({ index: fc.nat(2), version: fc.integer({ min: 1, max: 6 }) }),
});

/** The state that an approval has at a version: always the same, with changes of status, of visibility and of life. */
function stateOf(agent_id: string, index: number, version: number): ApprovalRow {
  const life = version > 4 ? 1 : 0;
  return approvalRow(
    {
      id: `${agent_id}-${index}`,
      run_id: agent_id,
      agent_id,
      status: approvalStatuses[(index + version) % 3] ?? "pending",
      user_id: life ? "ann" : "bob",
      tool_args: { version },
    },
    { version, hidden: (index + version) % 4 === 0, created_at_ms: startMs + life },
  );
}

function runStateOf(id: string, version: number): RunRow {
  return runRow({
    id,
    version,
    status: version % 2 ? "RUNNING" : "PAUSED",
    output: `at ${version}`,
  });
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
