import { Client } from "pg";

/** A file of `migrations/postgres`: what it is called, and its SQL. */
export interface PostgresMigration {
  name: string;
  sql: string;
}

/** Two who migrate at once take turns under this number, which is kern's own. */
const lock = 0x6b65726e;

/**
 * Brings the database up to date: each migration that it has not had, in the order of their names and in one transaction,
 * so that it is as it was where one of them fails. The number in a name says which version of the schema it makes, less
 * one. Gives the names of those that were applied; throws what Postgres said.
 */
export async function migratePostgres(
  url: string,
  migrations: readonly PostgresMigration[],
): Promise<string[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await checkEncoding(client);
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    await client.query(`SELECT pg_advisory_xact_lock(${lock})`);
    // Who waits for a table that is in use keeps all others waiting behind them.
    await client.query("SET LOCAL lock_timeout = '10s'");
    const version = await versionIn(client);
    const missing = migrations
      .filter(({ name }) => versionOf(name) > version)
      .toSorted((a, b) => versionOf(a.name) - versionOf(b.name));
    for (const { sql } of missing) await client.query(sql);
    await client.query("COMMIT");
    return missing.map(({ name }) => name);
  } finally {
    // What was not committed is undone with its connection.
    await client.end();
  }
}

/** In any other encoding there are texts that can never be stored. */
async function checkEncoding(client: Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>("SHOW server_encoding");
  const encoding = rows[0]?.server_encoding;
  if (encoding !== "UTF8")
    throw new Error(
      `The database is encoded in ${encoding}, and kern needs UTF8: CREATE DATABASE kern ENCODING 'UTF8' TEMPLATE template0.`,
    );
}

async function versionIn(client: Client): Promise<number> {
  const { rows: tables } = await client.query("SELECT to_regclass('kern_meta') IS NOT NULL AS is");
  if (tables[0]?.is !== true) return 0;
  const { rows } = await client.query("SELECT value FROM kern_meta WHERE name = 'schema_version'");
  return Number(rows[0]?.value ?? 0);
}

function versionOf(name: string): number {
  return Number.parseInt(name, 10) + 1;
}
