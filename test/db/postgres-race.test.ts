import { env } from "cloudflare:workers";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import { PostgresDb } from "../../src/db/postgres.ts";
import type { Position } from "../../src/run/position.ts";
import { queryPostgres } from "../query-postgres.ts";
import { copying } from "./copies.ts";
import { approvalRow } from "./rows.ts";

const { EMPTY_POSTGRES_URL: url } = env as unknown as { EMPTY_POSTGRES_URL: string };
afterAll(async () => {
  await queryPostgres(url, "TRUNCATE approvals, runs, sessions");
});

test("a list in Postgres repeats nothing, though approvals are added all the while", async () => {
  const store = new PostgresDb({ url }).connect(env);
  await store.project(null, [approvalRow({ id: "model", user_id: "yan" })]);
  const copy = await copying(url, {
    id: "'many-' || n",
    user_id: "'zoe'",
    agent_id: "CASE WHEN n < 12000 AND n % 50 = 0 THEN 'old' ELSE 'new' END",
    created_at_ms: "n",
  });
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
