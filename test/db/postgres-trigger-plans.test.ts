import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deliveriesOn } from "../../src/db/deliveries.ts";
import { eventsOn } from "../../src/db/events.ts";
import { tables } from "../../src/db/postgres-search.ts";
import { prunerOn } from "../../src/db/prune.ts";
import { schedulesOn } from "../../src/db/schedules.ts";
import type { Ask } from "../../src/db/session-queries.ts";
import { queryPostgres } from "../query-postgres.ts";
import { watch } from "./postgres-watch.ts";
import { stored, triggerRows, triggerTables } from "./trigger-rows.ts";

const { EMPTY_POSTGRES_URL: url } = env as unknown as { EMPTY_POSTGRES_URL: string };

/** How Postgres goes about each query that is asked. */
async function watchAll(use: (ask: Ask) => Promise<unknown>) {
  const db = drizzle.mock() as unknown as Parameters<Parameters<Ask>[0]>[0];
  const watched: Awaited<ReturnType<typeof watch>>[] = [];
  await use(async (query) => {
    watched.push(await watch(query(db) as unknown as Parameters<typeof watch>[0]));
    return [] as never;
  });
  return watched;
}

describe("how Postgres goes about triggers", () => {
  const empty = () => queryPostgres(url, `TRUNCATE ${triggerTables.join(", ")}`);
  beforeAll(async () => {
    await empty();
    const numbers = `FROM generate_series(1, ${stored}) AS numbers (n)`;
    for (const sql of triggerRows) await queryPostgres(url, sql.replace("FROM numbers", numbers));
    await queryPostgres(url, `VACUUM ANALYZE ${triggerTables.join(", ")}`);
  }, 60_000);
  afterAll(empty);

  const limit = 20;

  test.each([
    [{}, "events_newest"],
    [{ webhook: "rare" }, "events_by_webhook"],
  ])("a page of events of %j walks one index in its order", async (filter, index) => {
    for (const after of [null, { created_at_ms: 10_000, id: "a" }]) {
      const [page] = await watchAll((ask) =>
        eventsOn(tables.events, ask).list(filter, { limit, after }),
      );
      expect(page).toMatchObject({ led: [index], isSorted: false });
      expect(page?.read).toBeLessThanOrEqual(limit);
    }
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
    expect(watched.map(({ isSorted, led }) => [led, isSorted])).toEqual([
      [["schedules_due"], false],
      [["schedule_runs_started"], false],
      [["schedule_runs_queued"], false],
      [["schedule_runs_newest"], false],
      [["schedule_runs_newest"], false],
    ]);
    expect(watched.map(({ read }) => read)).toEqual([limit, 5, 1, limit, limit]);
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
      expect(page).toEqual({ led: ["deliveries_failed"], isSorted: false, read: limit });
    }
  });

  test("what is forgotten is found by an index", async () => {
    const watched = await watchAll((ask) => prunerOn(tables, ask)(0, 1));
    const led = watched.slice(-3).map(({ led }) => led);
    expect(led).toEqual([["deliveries_newest"], ["events_newest"], ["schedule_runs_ended"]]);
  });
});
