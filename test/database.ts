import { env } from "cloudflare:workers";
import { D1Db } from "../src/db/d1.ts";
import { PostgresDb } from "../src/db/postgres.ts";
import type { Db } from "../src/run/store.ts";
import { queryPostgres } from "./query-postgres.ts";

interface Bindings {
  DB: D1Database;
  HYPERDRIVE: Hyperdrive;
  KERN_DB: "d1" | "postgres";
}
const { DB, HYPERDRIVE, KERN_DB } = env as unknown as Bindings;

/** The name of the binding of the database that this pass of the tests is on. */
export const binding = KERN_DB === "d1" ? "DB" : "HYPERDRIVE";

export const db: Db = KERN_DB === "d1" ? new D1Db({ binding }) : new PostgresDb({ binding });

/** What `binding` holds where the database cannot be reached, and says so with a secret; and where it has no tables. */
export const [outOfReach, unmigrated]: object[] =
  KERN_DB === "d1"
    ? [
        failingD1("D1_ERROR: Network connection lost. secret-1"),
        failingD1("D1_ERROR: no such table: approvals"),
      ]
    : [
        { connectionString: "postgres://secret-1:secret-1@127.0.0.1:1/secret-1" },
        { connectionString: HYPERDRIVE.connectionString.replace(/[^/]+$/, "template1") },
      ];

function failingD1(text: string): object {
  const fail = () => {
    throw new Error(text);
  };
  const statement = { bind: () => statement, all: fail, raw: fail, run: fail, first: fail };
  return { prepare: () => statement, batch: async () => fail() };
}

/** The rows that a query gives; its parameters are `?`. */
export async function query(
  sql: string,
  ...parameters: unknown[]
): Promise<Record<string, unknown>[]> {
  if (KERN_DB === "d1") {
    const { results } = await DB.prepare(sql)
      .bind(...parameters)
      .all();
    return results;
  }
  let n = 0;
  return queryPostgres(
    HYPERDRIVE.connectionString,
    sql.replaceAll("?", () => `$${++n}`),
    parameters,
  );
}
