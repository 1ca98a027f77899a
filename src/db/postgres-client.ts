import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Client } from "pg";

const connectMs = 5_000;
const queryMs = 20_000;

/**
 * A connection for what `use` asks, and no longer: a run's object lives as long as it is used, and a connection that it
 * kept would hold one of the pool's for as long. Opening one is cheap where Hyperdrive, next door, has the pool.
 */
export async function connected<T>(
  url: string,
  use: (db: NodePgDatabase) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
  });
  // Whoever waits for an answer is told as well; without a listener it would be nobody's error.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(drizzle(client));
  } finally {
    void client.end().catch(() => undefined);
  }
}
