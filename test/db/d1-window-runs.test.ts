import { afterAll, beforeAll, expect, test } from "vitest";
import { DB, store } from "./many.ts";
import { runRow } from "./rows.ts";

beforeAll(async () => {
  await store.project(runRow({ id: "model", agent_id: "model" }), []);
  const rows =
    "WITH RECURSIVE rows (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM rows WHERE i < 10049)";
  const same = "version, root_run_id, session_id, status, input, updated_at_ms";
  // Newer than what other tests leave behind.
  await DB.prepare(
    `${rows} INSERT INTO runs (id, agent_id, created_at_ms, ${same})
     SELECT 'many-' || i, iif(i < 40, 'old', 'new'), 4e12 + i, ${same} FROM runs, rows WHERE id = 'model'`,
  ).run();
});
afterAll(async () => {
  await DB.prepare("DELETE FROM runs WHERE agent_id IN ('model', 'old', 'new')").run();
});

test("a list of runs goes on from where looking ended, and finds what lies behind", async () => {
  const filter = { agent_id: "old" };
  const { next, runs } = await store.listRuns(filter, { limit: 50, after: null });
  expect([runs, next]).toEqual([[], { created_at_ms: 4e12 + 50, id: "many-50" }]);
  const behind = await store.listRuns(filter, { limit: 50, after: next });
  expect(behind.runs.map(({ id }) => id)).toEqual(
    Array.from({ length: 40 }, (_, index) => `many-${39 - index}`),
  );
  expect(behind.next).toBeNull();
});
