import type { Client } from "pg";
import type { Serving } from "./runtime.ts";

type Database = Serving["database"];
/** By the name of a column: what is in it instead of what is in the model, as SQL of the row's number `n`. */
export type Columns = Record<string, string>;

const atOnce = 50_000;
/** One approval of a hundred waits. */
const status = "CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'approved' END";

/**
 * Fills D1 up to so many approvals with copies of the one approval and the one run that are in it: whatever columns there
 * are, only those differ that tell one row from another.
 */
export async function seed(
  database: Database,
  stored: number,
  columns: Columns = {},
): Promise<void> {
  const { approvals, runs } = differing("printf('%08x', n)", columns);
  const copying = async (table: string, others: Columns) => {
    const { results } = await database
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all<{ name: string }>();
    const numbers =
      "WITH RECURSIVE number (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)";
    const names = results.map(({ name }) => name);
    return database.prepare(copies(table, { names, others, numbers }));
  };
  const statements = [await copying("runs", runs), await copying("approvals", approvals)];
  for (let at = 1; at < stored; at += atOnce) {
    const last = Math.min(stored, at + atOnce) - 1;
    await database.batch(statements.map((statement) => statement.bind(at, last)));
  }
}

/** The same in a Postgres. */
export async function seedPostgres(
  client: Client,
  stored: number,
  columns: Columns = {},
): Promise<void> {
  const { approvals, runs } = differing("lpad(to_hex(n), 8, '0')", columns);
  for (const [table, others] of Object.entries({ runs, approvals })) {
    const { rows } = await client.query<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position",
      [table],
    );
    const numbers = `WITH number AS (SELECT n FROM generate_series(1, ${stored - 1}) AS n)`;
    await client.query(copies(table, { names: rows.map(({ name }) => name), others, numbers }));
  }
  await client.query("VACUUM ANALYZE");
}

/** `number` is the row's, in as many characters for each. */
function differing(number: string, columns: Columns): { approvals: Columns; runs: Columns } {
  // In the order of the rows, so that a million are stored in minutes: those that wait still lie far apart.
  const runId = `'run_' || ${number} || substr(run_id, 13)`;
  return {
    approvals: {
      id: `'apr_' || ${number} || substr(id, 13)`,
      run_id: runId,
      root_run_id: runId,
      status,
      created_at_ms: "created_at_ms - 10000000 + n",
      created_at: "created_at - 10000 + n / 1000",
      ...columns,
    },
    runs: {
      id: `'run_' || ${number} || substr(id, 13)`,
      root_run_id: `'run_' || ${number} || substr(id, 13)`,
      status: "CASE WHEN n % 100 = 0 THEN 'PAUSED' ELSE 'COMPLETED' END",
    },
  };
}

/** Copies the table's newest row once for each number. */
function copies(
  table: string,
  { names, numbers, others }: { names: string[]; numbers: string; others: Columns },
): string {
  return `INSERT INTO ${table} (${names.join(", ")})
     ${numbers}
     SELECT ${names.map((name) => others[name] ?? name).join(", ")}
     FROM (SELECT * FROM ${table} ORDER BY created_at_ms DESC LIMIT 1) AS model, number`;
}
