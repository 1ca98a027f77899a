import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as tables from "../../src/db/d1-schema.ts";
import { deliveriesOn } from "../../src/db/deliveries.ts";
import { eventsOn } from "../../src/db/events.ts";
import { prunerOn } from "../../src/db/prune.ts";
import { schedulesOn } from "../../src/db/schedules.ts";
import type { Ask } from "../../src/db/session-queries.ts";
import { stored, triggerRows, triggerTables } from "./trigger-rows.ts";

const { DB } = env as unknown as { DB: D1Database };

/** How SQLite goes about each query that is asked, and how many rows it reads and writes. */
async function watchAll(use: (ask: Ask) => Promise<unknown>) {
  const watched: { plan: string; read: number; written: number }[] = [];
  await use(async (ask) => {
    const query = ask(drizzle(DB)) as unknown as { toSQL(): { sql: string; params: unknown[] } };
    const { params, sql } = query.toSQL();
    const plan = await DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...params)
      .all<{ detail: string }>();
    const { meta } = await DB.prepare(sql)
      .bind(...params)
      .all();
    watched.push({
      plan: plan.results.map(({ detail }) => detail).join("; "),
      read: meta.rows_read,
      written: meta.rows_written,
    });
    return [] as never;
  });
  return watched;
}

describe("what D1 bills for triggers", () => {
  const empty = () => DB.batch(triggerTables.map((name) => DB.prepare(`DELETE FROM ${name}`)));
  beforeAll(async () => {
    await empty();
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${stored})`;
    for (const sql of triggerRows) await DB.prepare(`${numbers} ${sql}`).run();
  }, 60_000);
  afterAll(empty);

  const limit = 20;

  test.each([
    [{}, "SCAN events USING INDEX events_newest"],
    [{ webhook: "rare" }, "SEARCH events USING INDEX events_by_webhook (webhook=?)"],
  ])("a page of events of %j walks one index in its order", async (filter, plan) => {
    const [page] = await watchAll((ask) =>
      eventsOn(tables.events, ask).list(filter, { limit, after: null }),
    );
    expect(page?.plan).toBe(plan);
    expect(page?.read).toBeLessThanOrEqual(2 * limit + 2);
    const after = { created_at_ms: 10_000, id: "a" };
    const [further] = await watchAll((ask) =>
      eventsOn(tables.events, ask).list(filter, { limit, after }),
    );
    expect(further?.plan).toContain("(created_at_ms,id)<(?,?)");
    expect(further?.read).toBeLessThanOrEqual(2 * limit + 2);
  });

  test("each question about schedules is answered by one index, in its order, with no row more", async () => {
    const after = { due_at_ms: 10_000, id: "a" };
    const watched = await watchAll(async (ask) => {
      const schedules = schedulesOn(tables, ask);
      await schedules.due(stored, limit);
      await schedules.started("busy", 5);
      await schedules.queued(limit);
      await schedules.runs("busy", { limit, after: null });
      await schedules.runs("busy", { limit, after });
    });
    const of = "SEARCH schedule_runs USING INDEX";
    expect(watched.map(({ plan }) => plan)).toEqual([
      "SEARCH schedules USING INDEX schedules_due (next_at_ms<?)",
      `${of} schedule_runs_started (schedule_id=?)`,
      "SCAN schedule_runs USING INDEX schedule_runs_queued",
      `${of} schedule_runs_newest (schedule_id=?)`,
      `${of} schedule_runs_newest (schedule_id=? AND (due_at_ms,id)<(?,?))`,
    ]);
    for (const { read } of watched) expect(read).toBeLessThanOrEqual(2 * limit + 2);
  });

  test("what a channel was not told is found by one index, in its order", async () => {
    for (const after of [undefined, { updated_at_ms: 5000, id: "a" }]) {
      const [page] = await watchAll(async (ask) => {
        await deliveriesOn(tables.deliveries, ask).stale(
          "hook",
          { sinceMs: 0, beforeMs: 15_000 },
          limit,
          after,
        );
      });
      expect(page?.plan).toMatch(/^SEARCH deliveries USING INDEX deliveries_failed \(channel=\?/);
      expect(page?.plan).not.toContain(";");
      expect(page?.read).toBeLessThanOrEqual(2 * limit + 2);
    }
  });

  test("what is forgotten is found by an index", async () => {
    const watched = await watchAll((ask) => prunerOn(tables, ask)(0, 1));
    expect(watched.slice(-3).map(({ plan }) => plan)).toEqual([
      "SEARCH deliveries USING INDEX deliveries_newest (created_at_ms<?)",
      "SEARCH events USING INDEX events_newest (created_at_ms<?)",
      "SEARCH schedule_runs USING INDEX schedule_runs_ended (due_at_ms<?)",
    ]);
    for (const { read } of watched.slice(-3)) expect(read).toBeLessThanOrEqual(1);
  });

  test("an event writes three rows, each delivery more one; a run of a schedule that starts four, and to move on two", async () => {
    const event = { id: "priced", webhook: "github", type: null, status: "started" } as const;
    const facts = { run_id: "r", error: null, headers: "{}", body: "{}" };
    const times = { created_at_ms: 1, updated_at_ms: 1 };
    const run = { id: "priced", schedule_id: "schedule-1", due_at_ms: 1, status: "started" };
    const told = { run_id: "r", reason: null, is_manual: false };
    const watched = await watchAll(async (ask) => {
      const events = eventsOn(tables.events, ask);
      const schedules = schedulesOn(tables, ask);
      await events.note({ ...event, ...facts, ...times });
      await events.note({ ...event, ...facts, ...times });
      await schedules.note({ ...run, ...told, ...times, status: "started" });
      await schedules.advance({ id: "schedule-1", version: 1 }, 1, 2);
    });
    expect(watched.map(({ written }) => written)).toEqual([3, 1, 4, 2]);
  });
});
