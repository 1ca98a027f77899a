import type { Serving } from "./runtime.ts";

type Database = Serving["database"];

const atOnce = 50_000;
/** One approval of a hundred waits. */
const status = "CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'approved' END";
/** In the order of the rows, so that a million are stored in minutes: those that wait still lie far apart. */
const number = "printf('%08x', n)";

/**
 * Fills the database up to so many approvals with copies of the one approval and the one run that are in it: whatever
 * columns there are, only those differ that tell one row from another.
 */
export async function seed(database: Database, stored: number): Promise<void> {
  const approvals = await copying(database, "approvals", {
    id: `'apr_' || ${number} || substr(id, 13)`,
    run_id: `'run_' || ${number} || substr(run_id, 13)`,
    root_run_id: `'run_' || ${number} || substr(run_id, 13)`,
    status,
    created_at_ms: "created_at_ms - 10000000 + n",
    created_at: "created_at - 10000 + n / 1000",
  });
  const runs = await copying(database, "runs", {
    id: `'run_' || ${number} || substr(id, 13)`,
    root_run_id: `'run_' || ${number} || substr(id, 13)`,
    status: "CASE WHEN n % 100 = 0 THEN 'PAUSED' ELSE 'COMPLETED' END",
  });
  for (let at = 1; at < stored; at += atOnce) {
    const last = Math.min(stored, at + atOnce) - 1;
    await database.batch([runs.bind(at, last), approvals.bind(at, last)]);
  }
}

/** A statement that copies the table's newest row once for each number, with other values in the columns named. */
async function copying(database: Database, table: string, others: Record<string, string>) {
  const { results } = await database
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all<{ name: string }>();
  const names = results.map(({ name }) => name);
  return database.prepare(
    `INSERT INTO ${table} (${names.join(", ")})
     WITH RECURSIVE number (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
     SELECT ${names.map((name) => others[name] ?? name).join(", ")}
     FROM (SELECT * FROM ${table} ORDER BY created_at_ms DESC LIMIT 1), number`,
  );
}
