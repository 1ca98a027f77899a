import childProcess, { type SpawnOptionsWithoutStdio } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { Recipe, RecipeOptions } from "./recipe.ts";
import { webhookSecret } from "./wire.ts";

/**
 * Sets up the storage and the database, and says in one line of JSON how the runtime was started: then it can be killed
 * and started again by itself, which takes a third of the time. Ends by being killed, because in an end of its own it
 * would take folders with it that the runtime looks for.
 */

const { migrations, postgresUrl, scriptPath, storagePath, worldUrl } = JSON.parse(
  process.argv[2] ?? "{}",
) as RecipeOptions;

// Miniflare does not say how it starts the runtime, so what it starts is looked at on the way.
let recipe: Recipe | null = null;
const { spawn } = childProcess;
Object.assign(childProcess, {
  spawn(command: string, args: string[], options: SpawnOptionsWithoutStdio) {
    const runtime = spawn(command, args, options);
    const configPath = `${storagePath}.config`;
    const write = runtime.stdin.write.bind(runtime.stdin);
    Object.assign(runtime.stdin, {
      write(config: Buffer) {
        writeFileSync(configPath, config);
        return write(config);
      },
    });
    recipe = { command, args, configPath };
    return runtime;
  },
});

const name = "crash";
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  telemetry: { enabled: false },
  log: new Log(LogLevel.WARN),
  resourcePersistencePath: storagePath,
  workers: [
    {
      config: {
        name,
        compatibilityDate: "2026-10-30",
        compatibilityFlags: ["nodejs_compat"],
        manifest: {
          mainModule: "worker.mjs",
          modules: { "worker.mjs": { type: "esm", contents: readFileSync(scriptPath, "utf8") } },
        },
        env: {
          WORLD_URL: { type: "text", value: worldUrl },
          OPENAI_BASE_URL: { type: "text", value: `${worldUrl}/v1` },
          DB: { type: "d1", id: "kern" },
          POSTGRES_URL: { type: "text", value: postgresUrl },
          WEBHOOK_SECRET: { type: "text", value: webhookSecret },
          RUNS: { type: "durable-object", worker: name, exportName: "Run" },
          FEED: { type: "durable-object", worker: name, exportName: "Feed" },
        },
        exports: {
          Run: { type: "durable-object", storage: "sqlite" },
          Feed: { type: "durable-object", storage: "sqlite" },
        },
      },
      // Straight to the Worker: whatever stands before it would be killed too, but would answer for it.
      dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
    },
  ],
});
if (migrations.length > 0) {
  const db = await miniflare.getD1Database("DB");
  await db.batch(migrations.map((statement) => db.prepare(statement)));
}
console.log(JSON.stringify(recipe));
