import { join } from "node:path";
import { undoAtEnd } from "../scripts/run.ts";
import { temporaryFolder } from "../scripts/temporary-folder.ts";
import { readMigrations } from "../test/crash/bundle.ts";
import { bundle } from "./build.ts";
import { serve, type ServedWorker, type Serving } from "./runtime.ts";

/** A Worker of the benchmark. */
interface Entry {
  /** Relative to the project's folder. */
  path: string;
  objects: ServedWorker["objects"];
  bindings?: ServedWorker["bindings"];
}

export const kern: Entry = { path: "src/worker.ts", objects: { RUNS: "Run", FEED: "Feed" } };
/** Kern, counting what it does. */
export const counting: Entry = { ...kern, path: "bench/counting.ts" };
/** Kern with a webhook, which is signed for with this secret. */
export const kernWithWebhook = (secret: string): Entry => ({
  ...kern,
  path: "bench/webhook-worker.ts",
  bindings: { WEBHOOK_SECRET: secret },
});
export const floor: Entry = { path: "bench/floor.ts", objects: { RUNS: "Run" } };

/** Kern on a Postgres. */
export const kernOnPostgres = (connectionString: string): Entry => ({
  ...kern,
  path: "src/worker-postgres.ts",
  bindings: { HYPERDRIVE: { connectionString } },
});

/** The one table that the floor has. */
export const floorSchema = [
  "CREATE TABLE approvals (id TEXT PRIMARY KEY, run_id TEXT NOT NULL, status TEXT NOT NULL, args TEXT NOT NULL, created_at_ms INTEGER NOT NULL) WITHOUT ROWID",
];
export const kernSchema = readMigrations();

/** Builds Workers and serves them on one new database until the script ends. */
export async function start(
  entries: Entry[],
  { modelUrl, schema }: { modelUrl: string; schema: string[] },
): Promise<Serving> {
  const folder = temporaryFolder();
  const workers: ServedWorker[] = [];
  for (const [index, { bindings, objects, path }] of entries.entries()) {
    const script = join(folder, `worker-${index}.mjs`);
    await bundle(path, script);
    workers.push({ script, objects, bindings });
  }
  const storage = join(folder, "storage");
  const serving = await serve({ workers, folder: storage, modelUrl, migrations: schema });
  undoAtEnd(serving.close);
  return serving;
}
