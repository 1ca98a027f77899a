import { Client } from "pg";

/** The rows that a Postgres gives, over a connection of their own. */
export async function queryPostgres(
  url: string,
  sql: string,
  parameters: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // At its end its reader fails, of which nobody need hear.
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query(sql, parameters);
  await client.end();
  return rows;
}
