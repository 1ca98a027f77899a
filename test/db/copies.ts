import { queryPostgres } from "../query-postgres.ts";

/**
 * Says how to store a copy of the approval `model` in a Postgres for each number `n` of a range, with other values, as SQL,
 * in the columns that are named.
 */
export async function copying(
  url: string,
  others: Record<string, string>,
): Promise<(from: number, to: number) => string> {
  const columns = await queryPostgres(
    url,
    "SELECT attname FROM pg_attribute WHERE attrelid = 'approvals'::regclass AND attnum > 0 ORDER BY attnum",
  );
  const names = columns.map(({ attname }) => String(attname));
  const values = names.map((name) => others[name] ?? name);
  return (from, to) =>
    `INSERT INTO approvals (${names.join(", ")})
     SELECT ${values.join(", ")} FROM approvals, generate_series(${from}, ${to}) AS n WHERE id = 'model'`;
}
