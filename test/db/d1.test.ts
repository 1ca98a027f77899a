import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { schemaVersion } from "../../src/db/failure.ts";
import {
  apiKeys,
  approvals,
  channels,
  counters,
  deliveries,
  events,
  kernMeta,
  linkCodes,
  links,
  runs,
  scheduleRuns,
  schedules,
  sessions,
  spentTokens,
  switches,
} from "../../src/db/d1-schema.ts";
import { D1Db } from "../../src/db/d1.ts";
import type { ApprovalFilter, Store } from "../../src/run/store.ts";
import { approvalRecord, approvalRow, runRow } from "./rows.ts";
import { expectSessionsOfBefore, runsOfBefore } from "./runs-of-before.ts";
import { questionsTo } from "./questions.ts";
import { storeContract } from "./store-contract.ts";

const bindings = env as unknown as {
  DB: D1Database;
  TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1];
};
const { DB, TEST_MIGRATIONS } = bindings;
const db = new D1Db({ binding: "DB" });

/** The tables that the store writes, but for the counters, which triggers keep. */
const own = [
  "approvals",
  "runs",
  "sessions",
  "api_keys",
  "switches",
  "deliveries",
  "channels",
  "links",
  "link_codes",
  "spent_tokens",
  "events",
  "schedules",
  "schedule_runs",
];

async function emptyStore(): Promise<Store> {
  await DB.batch(own.map((name) => DB.prepare(`DELETE FROM ${name}`)));
  return db.connect(env);
}

storeContract("D1Db", emptyStore, 60);

describe("a database behind the release", () => {
  const tables = [...own, "counters", "kern_meta", "d1_migrations"];
  const dropAll = () =>
    DB.batch(tables.map((table) => DB.prepare(`DROP TABLE IF EXISTS ${table}`)));
  beforeEach(dropAll);
  afterEach(async () => {
    await dropAll();
    await applyD1Migrations(DB, TEST_MIGRATIONS);
  });

  const saying = (has: string) => ({
    code: "unavailable",
    retryAfterMs: undefined,
    message:
      `The database is behind this version of kern (has ${has}, needs ${schemaVersion}). ` +
      "Apply its migrations: npx wrangler d1 migrations apply DB --local (or --remote).",
  });

  test("whatever is asked of it, the answer says which command applies the migrations", async () => {
    const store = db.connect(env);
    for (const asked of questionsTo(store)) {
      await expect(asked()).rejects.toMatchObject(saying("0"));
    }
  });

  test("an older database with data is told of, and upgraded with its data counted", async () => {
    const store = db.connect(env);
    await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, 2));
    const insert = (id: string, status: string, hidden: number) =>
      DB.prepare(
        "INSERT INTO approvals (id, run_id, session_id, status, source_type, approval_type, pause_type, tool_name, " +
          "tool_args, requirements, context, created_at, updated_at, run_status, root_run_id, call_id, args_hash, " +
          "version, hidden, created_at_ms) VALUES (?, 'r', 's', ?, 'agent', 'required', 'confirmation', 't', '{}', " +
          "'[]', '{}', 1, 1, 'PAUSED', 'r', 'c', 'h', 1, ?, 1000)",
      ).bind(id, status, hidden);
    await DB.batch([
      insert("a", "pending", 0),
      insert("b", "pending", 0),
      insert("c", "expired", 0),
      insert("d", "expired", 1),
    ]);
    await expect(store.checkSchema()).rejects.toMatchObject(saying("2"));
    await expect(store.countApprovals({})).rejects.toMatchObject(saying("2"));
    await applyD1Migrations(DB, TEST_MIGRATIONS);
    await store.checkSchema();
    const counted = async () => {
      const counts = ["pending", "expired", "cancelled", undefined].map((status) =>
        store.countApprovals({ status } as ApprovalFilter),
      );
      return (await Promise.all(counts)).map(({ count }) => count);
    };
    expect(await counted()).toEqual([2, 1, 0, 3]);
    await DB.exec("UPDATE approvals SET status = 'cancelled' WHERE id = 'a'");
    await DB.exec("UPDATE approvals SET hidden = 1 WHERE id = 'c'");
    expect(await counted()).toEqual([1, 0, 1, 2]);
    expect(await store.listApprovals({}, { limit: 9, offset: 0 })).toMatchObject({
      records: [{ id: "b" }, { id: "a" }],
      total: { count: 2 },
    });
  });

  test("the sessions of runs that an older database holds are listed after its upgrade", async () => {
    const store = db.connect(env);
    await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, 3));
    await expect(store.sessions.read("s")).rejects.toMatchObject(saying("3"));
    await DB.batch(runsOfBefore.map((sql) => DB.prepare(sql)));
    await applyD1Migrations(DB, TEST_MIGRATIONS);
    await expectSessionsOfBefore(store);
  });

  test("a lost column is named as such", async () => {
    await applyD1Migrations(DB, TEST_MIGRATIONS);
    await DB.exec("ALTER TABLE approvals DROP COLUMN args_hash");
    const store = db.connect(env);
    await expect(store.project(runRow(), [approvalRow()])).rejects.toMatchObject(
      saying(`${schemaVersion} with a table or column missing`),
    );
  });
});

describe("a failing D1", () => {
  /** Fails as often as told, then answers with nothing. */
  function failing(times: number, message: string) {
    const fake = {
      asked: 0,
      cause: new Error(message),
      prepare: () => statement,
      batch: () => answer(),
    };
    const answer = () => (fake.asked++ < times ? Promise.reject(fake.cause) : Promise.resolve([]));
    const statement = { bind: () => statement, run: answer, all: answer, raw: answer };
    return fake;
  }

  test("is told as unavailable, with its cause, without the query's parameters", async () => {
    const fake = failing(9, "D1_ERROR: D1 DB is overloaded. Requests queued for too long.");
    const store = db.connect({ DB: fake });
    for (const asked of [
      () => store.checkSchema(),
      () => store.readApproval("secret"),
      () => store.listApprovals({ user_id: "secret" }, { limit: 1, offset: 0 }),
      () => store.project(runRow(), [approvalRow()]),
    ]) {
      fake.asked = 0;
      await expect(asked()).rejects.toMatchObject({
        code: "unavailable",
        message: "The database cannot be reached at the moment.",
        retryAfterMs: 1000,
        cause: fake.cause,
      });
      expect(fake.asked).toBe(1);
    }
  });

  test("a write that lost its connection is repeated, twice at most", async () => {
    const once = failing(1, "D1_ERROR: Network connection lost.");
    await db.connect({ DB: once }).project(runRow(), []);
    expect(once.asked).toBe(2);
    const forever = failing(9, "D1_ERROR: Network connection lost.");
    await expect(db.connect({ DB: forever }).project(runRow(), [])).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(forever.asked).toBe(3);
  });

  test.each([undefined, {}, { DB: "text" }])(
    "an env without the binding (%j) is told by the binding's name",
    (without) => {
      expect(() => db.connect(without)).toThrow(/no D1 database bound as DB/);
    },
  );
});

describe("the schema", () => {
  test.each<[string, SQLiteTable]>([
    ["approvals", approvals],
    ["runs", runs],
    ["sessions", sessions],
    ["api_keys", apiKeys],
    ["switches", switches],
    ["deliveries", deliveries],
    ["channels", channels],
    ["links", links],
    ["link_codes", linkCodes],
    ["spent_tokens", spentTokens],
    ["events", events],
    ["schedules", schedules],
    ["schedule_runs", scheduleRuns],
    ["counters", counters],
    ["kern_meta", kernMeta],
  ])("the migrated table %s has the columns that the code expects", async (name, table) => {
    const { results } = await DB.prepare(`PRAGMA table_info(${name})`).all();
    const migrated = results.map(({ name, type, notnull, pk }) => ({
      name,
      type,
      notNull: notnull === 1,
      primary: pk === 1,
    }));
    const expected = getTableConfig(table).columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      notNull: column.notNull,
      primary: column.primary,
    }));
    // A column that came later stands last in the table.
    const byName = (a: { name: unknown }, b: { name: unknown }) =>
      String(a.name).localeCompare(String(b.name));
    expect(migrated.toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  test("each field of the record and of the run's row has a column, in the same order", () => {
    const names = (table: SQLiteTable) => getTableConfig(table).columns.map(({ name }) => name);
    expect(names(approvals)).toEqual([
      ...Object.keys(approvalRecord()),
      "version",
      "hidden",
      "created_at_ms",
    ]);
    expect(names(runs)).toEqual(Object.keys(runRow()));
  });
});
