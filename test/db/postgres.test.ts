import { env } from "cloudflare:workers";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schemaVersion } from "../../src/db/failure.ts";
import { migratePostgres, type PostgresMigration } from "../../src/db/postgres-migrate.ts";
import {
  apiKeys,
  approvals,
  channels,
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
} from "../../src/db/postgres-schema.ts";
import { PostgresDb } from "../../src/db/postgres.ts";
import type { Store } from "../../src/run/store.ts";
import { queryPostgres } from "../query-postgres.ts";
import { approvalRecord, approvalRow, runRow } from "./rows.ts";
import { expectSessionsOfBefore, runsOfBefore } from "./runs-of-before.ts";
import { questionsTo } from "./questions.ts";
import { storeContract } from "./store-contract.ts";

const {
  EMPTY_POSTGRES_URL: url,
  PROXIED_POSTGRES_URL: proxied,
  POSTGRES_MIGRATIONS: migrations,
  TEST_MIGRATIONS: d1Migrations,
} = env as unknown as {
  EMPTY_POSTGRES_URL: string;
  PROXIED_POSTGRES_URL: string;
  POSTGRES_MIGRATIONS: PostgresMigration[];
  TEST_MIGRATIONS: { name: string; queries: string[] }[];
};

async function emptyStore(): Promise<Store> {
  await queryPostgres(
    url,
    "TRUNCATE approvals, runs, sessions, api_keys, switches, deliveries, channels, links, link_codes, spent_tokens, " +
      "events, schedules, schedule_runs",
  );
  return new PostgresDb({ url }).connect(env);
}

storeContract("PostgresDb", emptyStore, 15);

describe("text that Postgres cannot keep as it is", () => {
  test.each(["\0", "a\0b\0\0", "\uFFFF", "\uFFFF\0", "\uFFFE\uFFFF\uFFFF", "\uFFFF\uFFFE"])(
    "%j comes back as it was, and is found",
    async (text) => {
      const store = await emptyStore();
      const odd = { tool_name: text, user_id: text, tool_args: { [text]: text } };
      const record = approvalRecord({ ...odd, resolution_data: { note: text } });
      await store.project(runRow({ input: text, status: "RUNNING" }), [approvalRow(record)]);
      const shown = { ...record, run_status: "RUNNING" };
      expect(await store.readApproval(record.id)).toEqual(shown);
      expect(await store.stuckRuns(Number.MAX_SAFE_INTEGER, 1)).toMatchObject([{ input: text }]);
      for (const filter of [{ q: text }, { user_id: text }, { tool_name: text }])
        expect(await store.countApprovals(filter)).toEqual({ count: 1, isExact: true });
    },
  );

  test("half a surrogate pair comes back as the character for what is no character", async () => {
    const store = await emptyStore();
    await store.project(runRow(), [approvalRow({ tool_name: "a\uD800" })]);
    expect(await store.readApproval("approval-1")).toMatchObject({ tool_name: "a\uFFFD" });
  });
});

describe("a Postgres behind the release", () => {
  const old = url.replace(/[^/]+$/, "old");
  beforeAll(async () => {
    await queryPostgres(url, "CREATE DATABASE old");
  });
  afterAll(async () => {
    await queryPostgres(url, "DROP DATABASE old WITH (FORCE)");
  });

  const saying = (has: string) => ({
    code: "unavailable",
    retryAfterMs: undefined,
    message:
      `The database is behind this version of kern (has ${has}, needs ${schemaVersion}). Apply its migrations: ` +
      "npx kern-migrate-postgres postgres://… (in kern's own repository: npm run migrate:postgres -- postgres://…).",
  });

  test("whatever is asked of it, the answer says which command applies the migrations", async () => {
    const store = new PostgresDb({ url: old }).connect(env);
    for (const asked of questionsTo(store)) {
      await expect(asked()).rejects.toMatchObject(saying("0"));
    }
  });

  test("it is brought up to date once, whoever is at it at the same time", async () => {
    const applied = await Promise.all([1, 2, 3].map(async () => migratePostgres(old, migrations)));
    expect(applied.flat()).toEqual(migrations.map(({ name }) => name));
    await new PostgresDb({ url: old }).connect(env).checkSchema();
  });

  test("an older one with data is upgraded with its data, and stays as it was where that fails", async () => {
    const store = new PostgresDb({ url: old }).connect(env);
    await store.project(runRow(), [approvalRow()]);
    const later = schemaVersion + 1;
    const sql = `UPDATE kern_meta SET value = ${later}; ALTER TABLE approvals ADD COLUMN more text`;
    const numbered = (n: number, name: string) => `${String(n).padStart(4, "0")}_${name}.sql`;
    const next = { name: numbered(schemaVersion, "more"), sql };
    const broken = {
      name: numbered(later, "broken"),
      sql: "CREATE TABLE more (id text); SELECT nothing",
    };
    const all = [broken, next, ...migrations];
    await expect(migratePostgres(old, all)).rejects.toThrow(/"nothing" does not exist/);
    const version = async () =>
      queryPostgres(old, "SELECT value, to_regclass('more') FROM kern_meta");
    expect(await version()).toEqual([{ value: schemaVersion, to_regclass: null }]);
    expect(await migratePostgres(old, [next, ...migrations])).toEqual([next.name]);
    expect(await version()).toEqual([{ value: later, to_regclass: null }]);
    // A release goes on with what a later one has added to.
    await store.checkSchema();
    expect(await store.readApproval("approval-1")).toEqual(approvalRecord());
    await queryPostgres(old, `UPDATE kern_meta SET value = ${schemaVersion}`);
  });

  test("the sessions of runs that an older one holds are listed after its upgrade", async () => {
    await queryPostgres(url, "CREATE DATABASE older");
    const older = url.replace(/[^/]+$/, "older");
    const store = new PostgresDb({ url: older }).connect(env);
    await migratePostgres(older, migrations.slice(0, 1));
    await expect(store.sessions.read("s")).rejects.toMatchObject(saying("3"));
    for (const sql of runsOfBefore) await queryPostgres(older, sql);
    await migratePostgres(older, migrations);
    await expectSessionsOfBefore(store);
    await queryPostgres(url, "DROP DATABASE older WITH (FORCE)");
  });

  test("a database in another encoding is refused before anything is made in it", async () => {
    await queryPostgres(
      url,
      "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    const latin = url.replace(/[^/]+$/, "latin");
    await expect(migratePostgres(latin, migrations)).rejects.toThrow(
      /is encoded in LATIN1, and kern needs UTF8/,
    );
    expect(await queryPostgres(latin, "SELECT to_regclass('approvals') AS made")).toEqual([
      { made: null },
    ]);
    await queryPostgres(url, "DROP DATABASE latin WITH (FORCE)");
  });

  test("a lost column is named as such", async () => {
    await queryPostgres(old, "ALTER TABLE approvals DROP COLUMN args_hash");
    const store = new PostgresDb({ url: old }).connect(env);
    await expect(store.project(runRow(), [approvalRow()])).rejects.toMatchObject(
      saying(`${schemaVersion} with a table or column missing`),
    );
  });
});

describe("a failing Postgres", () => {
  const gone = { code: "unavailable", message: "The database cannot be reached at the moment." };
  const cut = (times: number, name: string) =>
    new PostgresDb({ url: `${proxied}?application_name=cut-${times}-${name}` }).connect(env);
  const row = approvalRow({ user_id: "secret-1" });

  test("a connection that is cut between the commit and its answer loses nothing and doubles nothing", async () => {
    const store = await emptyStore();
    await cut(2, "a").project(runRow(), [row]);
    await cut(1, "b").project(runRow({ version: 2, status: "RUNNING" }), [{ ...row, version: 2 }]);
    expect(await store.listApprovals({}, { limit: 9, offset: 0 })).toMatchObject({
      records: [{ id: row.record.id, run_status: "RUNNING" }],
      total: { count: 1 },
    });
  });

  test("one that is cut every time is told as unavailable, and what was committed stands", async () => {
    const store = await emptyStore();
    await expect(cut(9, "c").project(runRow(), [row])).rejects.toMatchObject({
      ...gone,
      retryAfterMs: 1000,
    });
    expect(await store.readApproval(row.record.id)).toEqual(row.record);
  });

  test("too many connections, and a statement that takes too long, are told as unavailable without a secret", async () => {
    const store = await emptyStore();
    for (const [role, limit] of [
      ["crowded", "CONNECTION LIMIT 0"],
      ["hurried", "SUPERUSER"],
    ])
      await queryPostgres(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret-1' ${limit}`);
    await queryPostgres(url, "ALTER ROLE hurried SET statement_timeout = '50ms'");
    const as = (role: string) =>
      new PostgresDb({ url: url.replace(/\/\/[^@]+@/, `//${role}:secret-1@`) }).connect(env);
    const holding = new Client({ connectionString: url });
    holding.on("error", () => undefined);
    await holding.connect();
    await holding.query("BEGIN; LOCK TABLE runs");
    const told = await Promise.allSettled([
      as("crowded").readApproval("approval-1"),
      as("crowded").project(runRow(), [row]),
      as("hurried").project(runRow(), [row]),
    ]);
    for (const answer of told) {
      const { reason } = answer as PromiseRejectedResult;
      expect(reason).toMatchObject({ ...gone, retryAfterMs: 1000 });
      expect(`${reason} ${reason.cause} ${JSON.stringify(reason.cause)}`).not.toContain("secret-1");
    }
    const codes = told.map((answer) => (answer as PromiseRejectedResult).reason.cause.code);
    expect(codes).toEqual(["53300", "53300", "57014"]);
    await holding.query("COMMIT");
    await holding.end();
    expect(await store.countApprovals({})).toEqual({ count: 0, isExact: true });
    await queryPostgres(url, "DROP ROLE crowded; DROP ROLE hurried");
  });

  test("what fails until somebody mends it is told with Postgres's code", async () => {
    await queryPostgres(url, "CREATE ROLE stranger LOGIN PASSWORD 'secret-1'");
    const as = (user: string) =>
      new PostgresDb({ url: url.replace(/\/\/[^@]+@/, `//${user}@`) }).connect(env);
    for (const [user, state] of [
      ["stranger:secret-1", "42501"],
      ["stranger:wrong", "28P01"],
    ] as const)
      await expect(as(user).project(runRow(), [row])).rejects.toMatchObject({
        code: "unavailable",
        message: `The database refused what was asked of it (SQLSTATE ${state}).`,
      });
    await queryPostgres(url, "DROP ROLE stranger");
  });

  test("a server that says nothing is given up after five seconds, and not asked again", async () => {
    const store = new PostgresDb({ url: `${proxied}?application_name=mute` }).connect(env);
    await expect(store.readApproval("approval-1")).rejects.toMatchObject({
      ...gone,
      cause: { message: "Timeout: no answer within 5000 ms." },
    });
  });

  test.each(["", "kern", "mysql://localhost/kern"])("%j is no url", (none) => {
    expect(() => new PostgresDb({ url: none })).toThrow(/needs a url such as postgres:/);
  });

  test.each([undefined, {}, { HYPERDRIVE: "text" }])(
    "an env without the binding (%j) is told by the binding's name",
    (without) => {
      const db = new PostgresDb({ binding: "HYPERDRIVE" });
      expect(() => db.connect(without)).toThrow(/no Hyperdrive bound as HYPERDRIVE/);
    },
  );
});

describe("the schema for Postgres", () => {
  test.each<[string, PgTable]>([
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
    ["kern_meta", kernMeta],
  ])("the migrated table %s has the columns that the code expects", async (name, table) => {
    const migrated = await queryPostgres(
      url,
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
         coalesce(i.indisprimary, false) AS "primary"
       FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)
       WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
      [name],
    );
    const expected = getTableConfig(table).columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      notNull: column.notNull,
      primary: column.primary,
    }));
    // A column that came later stands last in the table.
    const byName = (a: { name?: unknown }, b: { name?: unknown }) =>
      String(a.name).localeCompare(String(b.name));
    expect((migrated as { name?: unknown }[]).toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  test("each of its migrations has one for D1 of the same number, and they end at the same version", () => {
    const last = (sql: string) =>
      Number(/value = (\d+)|'schema_version', (\d+)/.exec(sql)?.[0].match(/\d+/)?.[0]);
    const numberOf = ({ name }: { name: string }) => Number.parseInt(name, 10);
    const numbers = migrations.map(numberOf);
    // The first for Postgres makes what the first three for D1 have made.
    expect(numbers).toEqual(d1Migrations.map(numberOf).slice(2));
    const says = [d1Migrations.at(-1)?.queries.at(-1), migrations.at(-1)?.sql];
    expect(says.map((sql = "") => last(sql.slice(-200)))).toEqual([schemaVersion, schemaVersion]);
  });
});
