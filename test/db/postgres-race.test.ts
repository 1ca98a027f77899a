import { env } from "cloudflare:workers";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import { PostgresDb } from "../../src/db/postgres.ts";
import type { Position } from "../../src/run/store.ts";
import { queryPostgres } from "../database.ts";
import { approvalRow } from "./rows.ts";

const { EMPTY_POSTGRES_URL: url } = env as unknown as { EMPTY_POSTGRES_URL: string };
afterAll(async () => {
  await queryPostgres(url, "TRUNCATE approvals, runs");
});

test("a list in Postgres repeats nothing, though approvals are added all the while", async () => {
  const store = new PostgresDb({ url }).connect(env);
  await store.project(null, [approvalRow({ id: "model", user_id: "yan" })]);
  const [same] = await queryPostgres(
    url,
    "SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute WHERE attrelid = 'approvals'::regclass " +
      "AND attnum > 0 AND attname NOT IN ('id', 'user_id', 'agent_id', 'created_at_ms')",
  );
  const columns = String(same?.["columns"]);
  const copy = (from: number, to: number) =>
    `INSERT INTO approvals (id, user_id, agent_id, created_at_ms, ${columns})
     SELECT 'many-' || n, 'zoe', CASE WHEN n < 12000 AND n % 50 = 0 THEN 'old' ELSE 'new' END, n, ${columns}
     FROM approvals, generate_series(${from}, ${to}) AS n WHERE id = 'model'`;
  await queryPostgres(url, copy(0, 11_999));

  let at = 12_000;
  let isOver = false;
  const begun = Promise.withResolvers<void>();
  const adding = (async () => {
    const client = new Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    for (; !isOver; at += 200) {
      await client.query(copy(at, at + 199));
      begun.resolve();
    }
    await client.end();
  })();
  await begun.promise;
  const ids: string[] = [];
  let after: Position | null = null;
  for (let page = 0; page === 0 || after !== null; page++) {
    const request = after === null ? { limit: 500, offset: 0 } : { limit: 500, after };
    const { next, records } = await store.listApprovals(
      { user_id: "zoe", agent_id: "old" },
      request,
    );
    ids.push(...records.map(({ id }) => id));
    after = next;
  }
  isOver = true;
  await adding;
  expect(at).toBeGreaterThan(12_000);
  const all = Array.from({ length: 240 }, (_, n) => `many-${n * 50}`);
  expect(ids.toSorted()).toEqual(all.toSorted());
});
