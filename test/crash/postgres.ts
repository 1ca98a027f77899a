import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { migrationsIn } from "../../src/bin/migrations.ts";
import { migratePostgres } from "../../src/db/postgres-migrate.ts";
import { startProxy } from "../postgres-proxy.ts";
import type { Faults } from "./faults.ts";
import { type Random, randomOf } from "./random.ts";
import { sleep } from "./runtime.ts";

/** A PostgreSQL that crashes every few seconds, over connections that are cut now and then. */
export interface FailingPostgres {
  /** Where it is to be found. */
  url: string;
  stop(): Promise<void>;
}

export async function failingPostgres(seed: number, faults: Faults): Promise<FailingPostgres> {
  const random = randomOf(seed);
  const folder = mkdtempSync(join(tmpdir(), "kern-crash-postgres-"));
  const server = await startPostgres(folder, { max_connections: "60" });
  await migratePostgres(server.url, migrationsIn());
  const port = Number(new URL(server.url).port);
  const proxy = await startProxy(port, () => {
    if (!random.chance(0.02)) return null;
    const cut = random.chance(0.5) ? "before" : "after";
    faults.note(`connection to the database was cut ${cut} the commit`);
    return cut;
  });
  let isOver = false;
  const crashing = keepCrashing(server, { faults, random, isOver: () => isOver });
  return {
    url: server.url.replace(`:${port}/`, `:${proxy.port}/`),
    async stop() {
      isOver = true;
      await crashing;
      proxy.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function keepCrashing(
  server: PostgresServer,
  { faults, isOver, random }: { faults: Faults; random: Random; isOver: () => boolean },
): Promise<void> {
  while (!isOver()) {
    await sleep(random.int(2_000, 7_000));
    if (isOver()) return;
    await server.crash();
    faults.note("database crashed and was started again");
  }
}
