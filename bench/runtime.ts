import { readdirSync, readFileSync } from "node:fs";
import { Log, LogLevel, Miniflare } from "miniflare";

export interface Serving {
  /** The origin of each Worker, in the order given. */
  urls: string[];
  /** CPU time that the runtime has used since it was started, in milliseconds; null where that cannot be told. */
  cpuMs: () => number | null;
  database: Awaited<ReturnType<Miniflare["getD1Database"]>>;
  close: () => Promise<void>;
}

export interface ServedWorker {
  /** The path of the bundle. */
  script: string;
  /** Its Durable Objects by the names of their bindings. */
  objects: Record<string, string>;
  /** Values by the names of their bindings. */
  bindings?: Record<string, string | Record<string, string>> | undefined;
}

export interface ServeOptions {
  /** Served side by side on one database. */
  workers: ServedWorker[];
  /** Where everything is stored. */
  folder: string;
  modelUrl: string;
  migrations: string[];
  inspectorPort?: number;
}

/** Serves Workers on the real runtime, with nothing between them and their clients. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { folder, inspectorPort, migrations, modelUrl, workers } = options;
  const before = new Set(runtimes());
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: folder,
    ...(inspectorPort !== undefined && { inspectorPort }),
    workers: workers.map((worker, index) => configOf(`worker-${index}`, worker, modelUrl)),
  });
  const urls: string[] = [];
  for (const index of workers.keys()) {
    urls.push((await miniflare.unsafeGetDirectURL(`worker-${index}`)).origin);
  }
  const pids = runtimes().filter((pid) => !before.has(pid));
  const database = await miniflare.getD1Database("DB", "worker-0");
  if (migrations.length > 0)
    await database.batch(migrations.map((statement) => database.prepare(statement)));
  return {
    urls,
    cpuMs: () => (pids.length === 0 ? null : pids.reduce((sum, pid) => sum + cpuOf(pid), 0)),
    database,
    close: async () => miniflare.dispose(),
  };
}

function configOf(
  name: string,
  { bindings: values = {}, objects, script }: ServedWorker,
  modelUrl: string,
) {
  const modules = {
    "worker.mjs": { type: "esm" as const, contents: readFileSync(script, "utf8") },
  };
  const bindings = Object.entries(objects).map(([binding, exportName]) => [
    binding,
    { type: "durable-object" as const, worker: name, exportName },
  ]);
  const classes = Object.values(objects).map((exportName) => [
    exportName,
    { type: "durable-object" as const, storage: "sqlite" as const },
  ]);
  return {
    config: {
      name,
      compatibilityDate: "2026-10-30",
      compatibilityFlags: ["nodejs_compat"],
      manifest: { mainModule: "worker.mjs", modules },
      env: {
        ...Object.fromEntries(bindings),
        ...Object.fromEntries(
          Object.entries(values).map(([binding, value]) => [
            binding,
            { type: "json" as const, value },
          ]),
        ),
        OPENAI_BASE_URL: { type: "text" as const, value: `${modelUrl}/v1` },
        DB: { type: "d1" as const, id: "bench" },
      },
      exports: Object.fromEntries(classes),
    },
    // Straight to the Worker, with no proxy before it.
    dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
  };
}

/** The processes of the runtime that this one has started; none on a system without /proc. */
function runtimes(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        const [comm, fields] = statOf(pid);
        return comm.startsWith("workerd") && Number(fields[1]) === process.pid;
      });
  } catch {
    return [];
  }
}

/** User and system time; the kernel counts in hundredths of a second. */
function cpuOf(pid: number): number {
  const [, fields] = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The name of the program, and what follows it: state, parent, … */
function statOf(pid: number): [string, string[]] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    return [text.slice(text.indexOf("(") + 1, end), text.slice(end + 2).split(" ")];
  } catch {
    return ["", []];
  }
}
