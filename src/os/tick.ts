import { canonicalJson } from "../approval/call-hash.ts";
import { KernError, messageOf } from "../errors.ts";
import { newRunId } from "../run/ids.ts";
import { isOver } from "../run/state.ts";
import type { ScheduleRow, ScheduleRunRow, ScheduleStore } from "../run/trigger-store.ts";
import { graceMs, occasionsOf } from "../triggers/due.ts";
import { scheduleRunId } from "../triggers/schedule-id.ts";
import { machineOf, type Principal } from "./principal.ts";
import { askRun } from "./runs.ts";
import type { ScheduleParts, Schedules } from "./schedules.ts";
import { startRun } from "./start-run.ts";

/** How many schedules are looked at in one tick; what is left is as due at the next. */
const maxDue = 200;
/** More than there are schedules, so that those which wait for long keep no other from its turn. */
const maxQueued = 2000;
/** So many of a schedule's last runs are asked whether they have ended, and as many of those by hand, among its last ones. */
const lastRuns = 3;
const lastLookedAt = 20;

export interface Ticked {
  started: number;
  /** Those that wait for the run before. */
  queued: number;
  skipped: number;
  /** Those that could not be started, now or for good. */
  failed: number;
}

type Env = Record<string, unknown>;

/**
 * Starts what the schedules have due. What is due is queued first, and the queue is the one place from which anything is
 * started, the longest due first: so whatever is lost in between is done again, under the same id, and two ticks at once
 * start nothing twice.
 */
export class Clock {
  readonly #parts: ScheduleParts;
  readonly #schedules: Schedules;

  constructor(parts: ScheduleParts, schedules: Schedules) {
    this.#parts = parts;
    this.#schedules = schedules;
  }

  async tick(env: Env): Promise<Ticked> {
    const ticked: Ticked = { started: 0, queued: 0, skipped: 0, failed: 0 };
    const store = await this.#schedules.renewed(env);
    const due = await store.due(this.#parts.now(), maxDue);
    for (const row of due) await this.#guarded(row.id, async () => this.#enqueue(env, store, row));
    const left = new Map<string, ScheduleRow | null>();
    const waits = new Set<string>();
    const isDue = new Set(due.map(({ id }) => id));
    for (const occasion of inFairOrder(await store.queued(maxQueued), isDue)) {
      const id = occasion.schedule_id;
      // Behind one that waits nothing is started.
      if (waits.has(id)) continue;
      const status = await this.#guarded(id, async () => {
        if (!left.has(id)) left.set(id, await store.read(id));
        return this.#dequeue(env, store, left.get(id) ?? null, occasion);
      });
      if (status === "queued" || status === null) waits.add(id);
      ticked[status ?? "failed"] += 1;
    }
    return ticked;
  }

  /** Starts one now, whatever the clock says; whoever says so is who asks for the run. Safe to repeat with the same name. */
  async runNow(
    env: Env,
    id: string,
    { by, local, name }: { by: Principal; local: boolean; name: string },
  ): Promise<ScheduleRunRow> {
    const row = await this.#schedules.read(env, id);
    this.#schedules.mayRun(row.agent_id, by);
    const store = await this.#schedules.store(env);
    const nowMs = this.#parts.now();
    const occasion: ScheduleRunRow = {
      ...occasionAt(row, nowMs, nowMs),
      id: scheduleRunId(id, { by: by.id, name }),
      is_manual: true,
    };
    const earlier = await store.readRun(occasion.id);
    if (earlier !== null) return earlier;
    const run = await this.#start(env, row, occasion, { by, local });
    const started: ScheduleRunRow = { ...occasion, status: "started", run_id: run };
    await store.note(started);
    return started;
  }

  /** What is due of it is queued, or passed over, each time once; then it is due when it is due next. */
  async #enqueue(env: Env, store: ScheduleStore, row: ScheduleRow): Promise<void> {
    const { next_at_ms: dueMs } = row;
    if (dueMs === null) return;
    const nowMs = this.#parts.now();
    const isThere = this.#schedules.isThere(row);
    // While a release comes in, the one that knows this schedule is to find it due.
    if (!isThere && nowMs - dueMs <= graceMs) return;
    const { nextAtMs, run, skipped } = occasionsOf({ ...row, nextAtMs: dueMs }, nowMs);
    if (isThere) {
      if (skipped > 0)
        await store.addRun({
          ...occasionAt(row, dueMs, nowMs),
          status: "skipped",
          reason: `${skipped === 1 ? "Its time" : `${skipped} times`} went by while nothing could be started.`,
        });
      if (run !== null) {
        const occasion = occasionAt(row, run, nowMs);
        const reason = await this.#inTheWay(env, store, row, occasion);
        await store.addRun(reason === null ? occasion : { ...occasion, status: "skipped", reason });
      }
    }
    await store.advance(row, dueMs, nextAtMs);
  }

  /** Why this one is passed over; null where it is to be started, or to wait. */
  async #inTheWay(
    env: Env,
    store: ScheduleStore,
    row: ScheduleRow,
    occasion: ScheduleRunRow,
  ): Promise<string | null> {
    if (row.overlap === "allow") return null;
    const waits = await store.queued(2, row.id);
    if (waits.some(({ id }) => id !== occasion.id)) return "One waits already for the run before.";
    return row.overlap === "skip" ? this.#live(env, store, row, occasion) : null;
  }

  /** What has become of one that was queued; throws where it is to be tried again. */
  async #dequeue(
    env: Env,
    store: ScheduleStore,
    row: ScheduleRow | null,
    occasion: ScheduleRunRow,
  ): Promise<ScheduleRunRow["status"]> {
    const end = async (
      told: Pick<ScheduleRunRow, "reason" | "run_id" | "status">,
    ): Promise<ScheduleRunRow["status"]> => {
      await store.note({ ...occasion, ...told, updated_at_ms: this.#parts.now() });
      return told.status;
    };
    // A tick that was lost before it could say so may have started it.
    const passOver = async (
      status: "failed" | "skipped",
      reason: string,
    ): Promise<ScheduleRunRow["status"]> => {
      const runId = runIdOf(occasion);
      const { ok } = await askRun(env, runId, async (run) => run.view());
      return end(
        ok ? { status: "started", run_id: runId, reason: null } : { status, run_id: null, reason },
      );
    };
    const isKnown =
      row !== null && this.#schedules.isThere(row) && this.#parts.all.has(row.agent_id);
    // While a release comes in, one that knows the schedule, and its agent, may have queued it.
    if (row !== null && !isKnown && this.#parts.now() - occasion.created_at_ms <= graceMs)
      return "queued";
    if (row === null || !this.#schedules.isThere(row))
      return passOver("skipped", "The schedule is not there any more.");
    if (!row.is_enabled) return passOver("skipped", "The schedule is paused.");
    if (row.overlap !== "allow") {
      const live = await this.#live(env, store, row, occasion);
      if (live !== null && row.overlap === "queue") return "queued";
      if (live !== null) return passOver("skipped", live);
    }
    try {
      const runId = await this.#start(env, row, occasion, { by: null, local: false });
      return await end({ status: "started", run_id: runId, reason: null });
    } catch (error) {
      if (!(error instanceof KernError) || error.code === "unavailable") throw error;
      return passOver("failed", error.message);
    }
  }

  /** Says which of the schedule's last runs has not ended; null where all have. */
  async #live(
    env: Env,
    store: ScheduleStore,
    { id }: ScheduleRow,
    occasion: ScheduleRunRow,
  ): Promise<string | null> {
    const started = await store.started(id, lastLookedAt);
    const last = [false, true].flatMap((byHand) =>
      started.filter(({ is_manual }) => is_manual === byHand).slice(0, lastRuns),
    );
    for (const { id: earlier, run_id: runId } of last) {
      if (earlier === occasion.id || runId === null) continue;
      const reply = await askRun(env, runId, async (run) => run.view());
      if (reply.ok && !isOver(reply.run.status)) return `The run before, ${runId}, has not ended.`;
    }
    return null;
  }

  /** Starts its run, or finds it started; the run's id. */
  async #start(
    env: Env,
    row: ScheduleRow,
    occasion: ScheduleRunRow,
    { by, local }: { by: Principal | null; local: boolean },
  ): Promise<string> {
    const agent = this.#parts.all.get(row.agent_id);
    if (agent === undefined)
      throw new KernError("not_found", `There is no agent or team '${row.agent_id}' any more.`);
    const authors = JSON.parse(row.authors) as string[];
    const { run_id: runId } = await startRun(env, this.#parts, {
      agent,
      // Whoever wrote what is asked for has asked for it, whoever else has it run.
      principal:
        by === null
          ? machineOf(`schedule:${row.id}`, authors)
          : { ...by, aliases: [...new Set([...by.aliases, ...authors])] },
      message: row.message,
      userId: row.user_id,
      sessionId: row.session_id,
      key: undefined,
      runId: runIdOf(occasion),
      schedule: { scheduleId: row.id, id: occasion.id },
      local,
      unattended: true,
      waitMs: 0,
    });
    return runId;
  }

  /** One schedule that fails is no other's loss; null where it did. */
  async #guarded<T>(id: string, act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      console.error("kern: a schedule is tried again at the next tick", id, messageOf(error));
      return null;
    }
  }
}

/** The run of one time of a schedule's: the same, however often it is started. */
function runIdOf({ id, schedule_id }: ScheduleRunRow): string {
  return newRunId(canonicalJson(["schedule", schedule_id, id]));
}

/**
 * Those of the schedules that were due just now come first, the others from a random place on: where a tick ends early, it is
 * not always the same ones that had their turn.
 */
function inFairOrder(
  queued: readonly ScheduleRunRow[],
  isDue: ReadonlySet<string>,
): ScheduleRunRow[] {
  const others = queued.filter((one) => !isDue.has(one.schedule_id));
  const from = Math.floor(Math.random() * others.length);
  return [
    ...queued.filter((one) => isDue.has(one.schedule_id)),
    ...others.slice(from),
    ...others.slice(0, from),
  ];
}

/** One time of a schedule's, which waits to be started. */
function occasionAt({ id }: ScheduleRow, dueMs: number, nowMs: number): ScheduleRunRow {
  return {
    id: scheduleRunId(id, dueMs),
    schedule_id: id,
    due_at_ms: dueMs,
    status: "queued",
    run_id: null,
    reason: null,
    is_manual: false,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
  };
}
