import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { migrationsIn } from "../src/bin/migrations.ts";
import { migratePostgres } from "../src/db/postgres-migrate.ts";
import { startPostgres } from "../scripts/postgres.ts";
import { type Cut, startProxy } from "./postgres-proxy.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A PostgreSQL with the schema, which the API's tests share. */
    postgresUrl: string;
    /** One on the same server, which a test empties. */
    emptyPostgresUrl: string;
    /** The way to that one through `startProxy`. */
    proxiedPostgresUrl: string;
  }
}

/** Starts a PostgreSQL for as long as the tests run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "kern-postgres-"));
  const server = await startPostgres(folder, { fsync: "off" });
  const client = new Client(server.url);
  await client.connect();
  await client.query("CREATE DATABASE empty");
  await client.end();
  const emptyUrl = server.url.replace(/postgres$/, "empty");
  for (const url of [server.url, emptyUrl]) await migratePostgres(url, migrationsIn());
  project.provide("postgresUrl", server.url);
  project.provide("emptyPostgresUrl", emptyUrl);
  const { port } = new URL(server.url);
  const proxy = await startProxy(Number(port), cutsByName());
  project.provide("proxiedPostgresUrl", emptyUrl.replace(`:${port}/`, `:${proxy.port}/`));
  return async () => {
    proxy.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** With `cut-2-x`, the first two connections of that name which write are cut after they have. */
function cutsByName(): (name: string) => Cut {
  const cuts = new Map<string, number>();
  return (name) => {
    const n = (cuts.get(name) ?? 0) + 1;
    cuts.set(name, n);
    return n <= Number(/^cut-(\d+)-/.exec(name)?.[1] ?? 0) ? "after" : null;
  };
}
