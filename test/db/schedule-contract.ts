import { describe, expect, test } from "vitest";
import type { Store } from "../../src/run/store.ts";
import type { ScheduleRow, ScheduleRunRow } from "../../src/run/trigger-store.ts";

/** What every store keeps to with schedules. */
export function scheduleContract(store: () => Store): void {
  describe("schedules", () => {
    test("one is added once, and comes back as it was given", async () => {
      const { schedules } = store();
      const odd = row({ message: "漢字 'it''s' \u0000\uFFFF", user_id: null, session_id: null });
      expect(await schedules.add(odd)).toBe(true);
      expect(await schedules.add(row({ message: "another" }))).toBe(false);
      expect(await schedules.read("nightly")).toEqual(odd);
      expect(await schedules.read("Nightly")).toBeNull();
    });

    test("they are listed in the order of their ids, from one on", async () => {
      const { schedules } = store();
      for (const id of ["c", "a", "b"]) await schedules.add(row({ id }));
      const ids = async (...asked: Parameters<typeof schedules.list>) =>
        (await schedules.list(...asked)).map(({ id }) => id);
      expect(await ids(2)).toEqual(["a", "b"]);
      expect(await ids(2, "b")).toEqual(["c"]);
      expect(await ids(2, "c")).toEqual([]);
    });

    test("due are those that run, the longest due first", async () => {
      const { schedules } = store();
      for (const [id, fields] of [
        ["b", { next_at_ms: 5 }],
        ["a", { next_at_ms: 5 }],
        ["c", { next_at_ms: 4 }],
        ["later", { next_at_ms: 6 }],
        ["never", { next_at_ms: null }],
        ["off", { next_at_ms: 1, is_enabled: false }],
      ] as const)
        await schedules.add(row({ id, ...fields }));
      const ids = async (nowMs: number, limit: number) =>
        (await schedules.due(nowMs, limit)).map(({ id }) => id);
      expect(await ids(5, 9)).toEqual(["c", "a", "b"]);
      expect(await ids(5, 2)).toEqual(["c", "a"]);
      expect(await ids(3, 9)).toEqual([]);
    });

    test("a change takes the place of the version before it, once, and of no other", async () => {
      const { schedules } = store();
      await schedules.add(row());
      const changed = row({
        version: 2,
        is_enabled: false,
        message: "another",
        user_id: null,
        overlap: "allow",
        missed: "skip",
        next_at_ms: null,
        updated_at_ms: 9,
      });
      expect(await schedules.change({ ...changed, version: 3 })).toBe(false);
      expect(await schedules.change({ ...changed, version: 1 })).toBe(false);
      const asked = Array.from({ length: 20 }, () => schedules.change(changed));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
      expect(await schedules.read("nightly")).toEqual(changed);
      expect(await schedules.change(row({ id: "gone", version: 2 }))).toBe(false);
    });

    test("of twenty who move it on at once one does, and of those who come late nobody", async () => {
      const { schedules } = store();
      await schedules.add(row({ next_at_ms: 5 }));
      const asked = Array.from({ length: 20 }, () => schedules.advance(row(), 5, 65));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
      expect(await schedules.read("nightly")).toEqual(row({ next_at_ms: 65 }));
      expect(await schedules.advance(row(), 5, 125)).toBe(false);
      expect(await schedules.advance(row({ version: 2 }), 65, 125)).toBe(false);
      expect(await schedules.advance(row({ id: "gone" }), 65, 125)).toBe(false);
      expect(await schedules.advance(row(), 65, null)).toBe(true);
      expect(await schedules.read("nightly")).toEqual(row({ next_at_ms: null }));
    });

    test("a change of what it says does not set it back to a time that it was moved on from", async () => {
      const { schedules } = store();
      await schedules.add(row({ next_at_ms: 5 }));
      const read = await schedules.read("nightly");
      if (read === null) throw new Error("There is no schedule.");
      await schedules.advance(read, 5, 65);
      expect(await schedules.change({ ...read, version: 2, message: "another" })).toBe(true);
      expect((await schedules.read("nightly"))?.next_at_ms).toBe(65);
      for (const [version, when] of [
        [3, { cron: "0 3 * * *" }],
        [4, { timezone: "Europe/Berlin" }],
        [5, { is_enabled: false }],
      ] as const) {
        const before = await schedules.read("nightly");
        await schedules.change({ ...read, ...before, ...when, version, next_at_ms: version });
        expect((await schedules.read("nightly"))?.next_at_ms).toBe(version);
      }
    });

    test("a change and a move at once leave it due when the change says", async () => {
      const { schedules } = store();
      await schedules.add(row({ next_at_ms: 5 }));
      const changed = row({ version: 2, cron: "0 3 * * *", next_at_ms: 99 });
      await Promise.all([schedules.advance(row(), 5, 65), schedules.change(changed)]);
      expect(await schedules.read("nightly")).toEqual(changed);
    });

    test("one that is taken away is gone with its queued runs, and those that were started stay", async () => {
      const { schedules } = store();
      await schedules.add(row());
      for (const [id, fields] of [
        ["queued", { status: "queued" }],
        ["started", { status: "started" }],
        ["other", { status: "queued", schedule_id: "other" }],
      ] as const)
        await schedules.note(run({ id, ...fields }));
      expect(await schedules.remove("nightly")).toBe(true);
      expect(await schedules.remove("nightly")).toBe(false);
      expect(await schedules.read("nightly")).toBeNull();
      expect((await schedules.queued(9)).map(({ id }) => id)).toEqual(["other"]);
      expect(await schedules.readRun("queued")).toBeNull();
      expect(await schedules.readRun("started")).toEqual(run({ id: "started" }));
    });
  });

  describe("runs of schedules", () => {
    test("what was told last of one stands, with the time that it was due and first noted", async () => {
      const { schedules } = store();
      const waits = { status: "queued", run_id: null, reason: "漢字 'it''s' \u0000" } as const;
      await schedules.note(run(waits));
      expect(await schedules.readRun("srn_1")).toEqual(run(waits));
      const told = { status: "started", run_id: "run_1", reason: null, updated_at_ms: 9 } as const;
      const late = { due_at_ms: 8, created_at_ms: 8, schedule_id: "x", is_manual: true };
      await schedules.note(run({ ...told, ...late }));
      expect(await schedules.readRun("srn_1")).toEqual(run(told));
      expect(await schedules.queued(9)).toEqual([]);
      expect(await schedules.readRun("srn_2")).toBeNull();
    });

    test("that one was started stands, whatever is told of it by who has not seen it", async () => {
      const { schedules } = store();
      const started = run({ status: "started", run_id: "run_1", reason: null });
      await schedules.note(started);
      for (const status of ["queued", "skipped", "failed"] as const)
        await schedules.note(run({ status, run_id: null, reason: "late", updated_at_ms: 99 }));
      expect(await schedules.readRun("srn_1")).toEqual(started);
    });

    test("the last started, and those that wait, are found among the others in their order", async () => {
      const { schedules } = store();
      for (const [id, due_at_ms, status, schedule_id] of [
        ["a", 1, "started", "nightly"],
        ["b", 2, "skipped", "nightly"],
        ["c", 3, "started", "nightly"],
        ["d", 3, "started", "nightly"],
        ["e", 4, "failed", "nightly"],
        ["f", 5, "queued", "nightly"],
        ["g", 5, "queued", "hourly"],
        ["h", 4, "queued", "weekly"],
        ["i", 9, "started", "hourly"],
      ] as const)
        await schedules.note(run({ id, due_at_ms, status, schedule_id }));
      const ids = (rows: ScheduleRunRow[]) => rows.map(({ id }) => id);
      expect(ids(await schedules.started("nightly", 9))).toEqual(["d", "c", "a"]);
      expect(ids(await schedules.started("nightly", 1))).toEqual(["d"]);
      expect(ids(await schedules.started("nowhere", 1))).toEqual([]);
      expect(ids(await schedules.queued(9))).toEqual(["h", "f", "g"]);
      expect(ids(await schedules.queued(1))).toEqual(["h"]);
    });

    test("those of one schedule are listed newest due first, and pages neither repeat nor miss one", async () => {
      const { schedules } = store();
      for (const [index, id] of ["a", "b", "c", "d", "e"].entries())
        await schedules.note(run({ id, due_at_ms: Math.floor(index / 2), is_manual: id === "c" }));
      await schedules.note(run({ id: "other", schedule_id: "other" }));
      const page = async (after: ScheduleRunRow | null) =>
        schedules.runs("nightly", { limit: 2, after });
      expect(await page(null)).toEqual([
        run({ id: "e", due_at_ms: 2 }),
        run({ id: "d", due_at_ms: 1 }),
      ]);
      const [c, b] = await page(run({ id: "d", due_at_ms: 1 }));
      expect([c, b?.id]).toEqual([run({ id: "c", due_at_ms: 1, is_manual: true }), "b"]);
      expect((await page(b ?? null)).map(({ id }) => id)).toEqual(["a"]);
    });

    test("those that were due before a moment are forgotten, but for what still waits", async () => {
      const { schedules } = store();
      await schedules.note(run({ id: "old", due_at_ms: 4, updated_at_ms: 9 }));
      await schedules.note(run({ id: "skipped", due_at_ms: 4, status: "skipped" }));
      await schedules.note(run({ id: "waits", due_at_ms: 4, status: "queued" }));
      await schedules.note(run({ id: "new", due_at_ms: 5 }));
      await store().prune(9, 5);
      const left = await schedules.runs("nightly", { limit: 9, after: null });
      expect(left.map(({ id }) => id)).toEqual(["new", "waits"]);
    });
  });
}

function row(fields: Partial<ScheduleRow> = {}): ScheduleRow {
  return {
    id: "nightly",
    source: "api",
    agent_id: "data-manager",
    cron: "0 2 * * *",
    timezone: "UTC",
    message: "Look what is old.",
    user_id: "ann",
    session_id: "nights",
    overlap: "skip",
    missed: "run_once",
    is_enabled: true,
    authors: `["user:ann"]`,
    next_at_ms: 1,
    version: 1,
    created_at_ms: 1,
    updated_at_ms: 1,
    ...fields,
  };
}

function run(fields: Partial<ScheduleRunRow> = {}): ScheduleRunRow {
  return {
    id: "srn_1",
    schedule_id: "nightly",
    due_at_ms: 1,
    status: "started",
    run_id: "run_1",
    reason: null,
    is_manual: false,
    created_at_ms: 1,
    updated_at_ms: 1,
    ...fields,
  };
}
