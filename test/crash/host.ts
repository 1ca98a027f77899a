import { readFileSync } from "node:fs";
import { Log, LogLevel, Miniflare } from "miniflare";

/**
 * The process that is killed, and its whole group with it: the runtime with the Worker in it, on storage that stays. Says
 * where it serves in one line of JSON, and ends itself when whoever started it has gone.
 */

export interface HostOptions {
  scriptPath: string;
  storagePath: string;
  worldUrl: string;
  /** Statements to run before anything is served. */
  migrations: string[];
}

const { migrations, scriptPath, storagePath, worldUrl } = JSON.parse(
  process.argv[2] ?? "{}",
) as HostOptions;

process.stdin.on("end", () => process.kill(-process.pid, "SIGKILL")).resume();

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
const url = await miniflare.unsafeGetDirectURL();
if (migrations.length > 0) {
  const db = await miniflare.getD1Database("DB");
  await db.batch(migrations.map((statement) => db.prepare(statement)));
}
console.log(JSON.stringify({ url: url.origin }));
