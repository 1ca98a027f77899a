import { and, asc, desc, eq, gt, lte, sql } from "drizzle-orm";
import type { ScheduleRow, ScheduleStore } from "../run/trigger-store.ts";
import type * as d1 from "./d1-schema.ts";
import type { Ask } from "./session-queries.ts";

/** The schedules and what became of their runs, on the tables of either database. */
export function schedulesOn(
  { schedules, scheduleRuns }: Pick<typeof d1, "scheduleRuns" | "schedules">,
  ask: Ask,
): ScheduleStore {
  // As literal as the partial indexes say it.
  const isEnabled = sql`${schedules.is_enabled}`;
  const isStarted = sql`${scheduleRuns.status} = 'started'`;
  const isQueued = sql`${scheduleRuns.status} = 'queued'`;
  const newestFirst = [desc(scheduleRuns.due_at_ms), desc(scheduleRuns.id)];

  /** When it is due next after a change: as it stands, unless what says so has changed. */
  function nextAfter({ cron, is_enabled, next_at_ms, timezone }: ScheduleRow) {
    const isSame = and(
      eq(schedules.cron, cron),
      eq(schedules.timezone, timezone),
      eq(schedules.is_enabled, is_enabled),
    );
    const next = sql.param(next_at_ms, schedules.next_at_ms);
    return sql`case when ${isSame} then ${schedules.next_at_ms} else ${next} end`;
  }

  return {
    async add(row) {
      const added = await ask((db) =>
        db
          .insert(schedules)
          .values(row)
          .onConflictDoNothing({ target: schedules.id })
          .returning({ id: schedules.id }),
      );
      return added.length > 0;
    },
    async read(id) {
      const [row] = await ask((db) => db.select().from(schedules).where(eq(schedules.id, id)));
      return row ?? null;
    },
    list: async (limit, afterId) =>
      ask((db) =>
        db
          .select()
          .from(schedules)
          .where(afterId === undefined ? undefined : gt(schedules.id, afterId))
          .orderBy(asc(schedules.id))
          .limit(limit),
      ),
    due: async (nowMs, limit) =>
      ask((db) =>
        db
          .select()
          .from(schedules)
          .where(and(isEnabled, lte(schedules.next_at_ms, nowMs)))
          .orderBy(asc(schedules.next_at_ms), asc(schedules.id))
          .limit(limit),
      ),
    async change(row) {
      const { id, ...changed } = row;
      const changedOnes = await ask((db) =>
        db
          .update(schedules)
          .set({ ...changed, next_at_ms: nextAfter(row) })
          .where(and(eq(schedules.id, id), eq(schedules.version, row.version - 1)))
          .returning({ id: schedules.id }),
      );
      return changedOnes.length > 0;
    },
    async advance({ id, version }, fromMs, toMs) {
      const isStillDue = and(
        eq(schedules.id, id),
        eq(schedules.version, version),
        eq(schedules.next_at_ms, fromMs),
      );
      const advanced = await ask((db) =>
        db
          .update(schedules)
          .set({ next_at_ms: toMs })
          .where(isStillDue)
          .returning({ id: schedules.id }),
      );
      return advanced.length > 0;
    },
    async remove(id) {
      const removed = await ask((db) =>
        db.delete(schedules).where(eq(schedules.id, id)).returning({ id: schedules.id }),
      );
      await ask((db) =>
        db.delete(scheduleRuns).where(and(isQueued, eq(scheduleRuns.schedule_id, id))),
      );
      return removed.length > 0;
    },
    async addRun(row) {
      const added = await ask((db) =>
        db
          .insert(scheduleRuns)
          .values(row)
          .onConflictDoNothing({ target: scheduleRuns.id })
          .returning({ id: scheduleRuns.id }),
      );
      return added.length > 0;
    },
    async note({ id, reason, run_id, status, updated_at_ms, ...facts }) {
      const told = { status, run_id, reason, updated_at_ms };
      await ask((db) =>
        db
          .insert(scheduleRuns)
          .values({ id, ...facts, ...told })
          .onConflictDoUpdate({
            target: scheduleRuns.id,
            set: told,
            ...(status !== "started" && { setWhere: sql`${scheduleRuns.status} <> 'started'` }),
          })
          .returning({ id: scheduleRuns.id }),
      );
    },
    async readRun(id) {
      const [row] = await ask((db) =>
        db.select().from(scheduleRuns).where(eq(scheduleRuns.id, id)),
      );
      return row ?? null;
    },
    started: async (scheduleId, limit) =>
      ask((db) =>
        db
          .select()
          .from(scheduleRuns)
          .where(and(isStarted, eq(scheduleRuns.schedule_id, scheduleId)))
          .orderBy(...newestFirst)
          .limit(limit),
      ),
    queued: async (limit, scheduleId) =>
      ask((db) =>
        db
          .select()
          .from(scheduleRuns)
          .where(
            and(
              isQueued,
              scheduleId === undefined ? undefined : eq(scheduleRuns.schedule_id, scheduleId),
            ),
          )
          .orderBy(asc(scheduleRuns.due_at_ms), asc(scheduleRuns.id))
          .limit(limit),
      ),
    async runs(scheduleId, { after, limit }) {
      const place = sql`(${scheduleRuns.due_at_ms}, ${scheduleRuns.id})`;
      const isBehind =
        after === null
          ? undefined
          : sql`${place} < (${after.due_at_ms}, ${sql.param(after.id, scheduleRuns.id)})`;
      return ask((db) =>
        db
          .select()
          .from(scheduleRuns)
          .where(and(eq(scheduleRuns.schedule_id, scheduleId), isBehind))
          .orderBy(...newestFirst)
          .limit(limit),
      );
    },
  };
}
