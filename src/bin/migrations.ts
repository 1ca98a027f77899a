import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresMigration } from "../db/postgres-migrate.ts";

/** The migrations for Postgres that lie in this package. */
export function migrationsIn(
  folder = join(import.meta.dirname, "..", "..", "migrations", "postgres"),
): PostgresMigration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return names.map((name) => ({ name, sql: readFileSync(join(folder, name), "utf8") }));
}
