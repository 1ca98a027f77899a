import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Client } from "pg";
import { within } from "../run/deadline.ts";

const connectMs = 5_000;
const queryMs = 20_000;

/** Where the database is, and whether it is asked there itself and not through a pool. */
export interface Place {
  url: string;
  isDirect: boolean;
}

/**
 * A connection for what `use` asks, and no longer: a run's object lives as long as it is used, and a connection that it
 * kept would hold one of the pool's for as long. Opening one is cheap where Hyperdrive, next door, has the pool.
 */
export async function connected<T>(
  { isDirect, url }: Place,
  use: (db: NodePgDatabase) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: url,
    // So that the server gives up too what nobody waits for; a pool has a limit of its own and may not know this one.
    ...(isDirect && { statement_timeout: queryMs }),
  });
  // Whoever waits for an answer is told as well; without a listener it would be nobody's error.
  client.on("error", () => undefined);
  try {
    await inTime(connectMs, client.connect());
    return await inTime(queryMs + 1_000, use(drizzle(client)));
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** The client's own limits wait, in a Worker, for the very connection that does not come. */
async function inTime<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const answered = await within(
    limitMs,
    answer.then((value) => ({ value })),
  );
  if (answered === "late") throw new Error(`Timeout: no answer within ${limitMs} ms.`);
  return answered.value;
}
