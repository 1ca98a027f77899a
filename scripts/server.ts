import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { undoAtEnd } from "./run.ts";

/** What keeps wrangler from asking questions and from using the network for itself. */
const quietEnv = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
};

const root = join(import.meta.dirname, "..");

/** Runs one command of the wrangler that is installed in `folder`; throws with its output where it fails. */
async function wrangler(args: readonly string[], folder = root): Promise<string> {
  const child = startWrangler(args, folder, "pipe");
  const output = outputOf(child);
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`wrangler ${args.join(" ")} failed:\n${output()}`);
  return output();
}

/** Brings the local database up to date. */
export async function migrate(args: readonly string[], folder?: string): Promise<string> {
  return wrangler(["d1", "migrations", "apply", "DB", "--local", ...args], folder);
}

export interface ServerOptions {
  port: number;
  /** More arguments for `wrangler dev`. */
  args?: readonly string[];
  /** Where wrangler is installed and its configuration is; default: the repository. */
  folder?: string;
  /** Whether wrangler's output goes to this terminal; default: only into the error of a failed start. */
  verbose?: boolean;
}

export interface Server {
  url: string;
  /** Resolves when wrangler has ended, whoever ended it. */
  ended: Promise<void>;
  /** Ends it now; safe to repeat. */
  stop: () => Promise<void>;
}

/** Starts `wrangler dev` on a loopback port and waits until it answers; it ends with the script at the latest. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { port, args = [], folder = root, verbose = false } = options;
  const isDebugged = args.some((arg) => arg.startsWith("--inspector-port"));
  const child = startWrangler(
    ["dev", "--port", String(port), ...(isDebugged ? [] : ["--inspector-port", "0"]), ...args],
    folder,
    verbose ? "inherit" : "pipe",
  );
  const output = outputOf(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => stopGroup(child, ended);
  undoAtEnd(stop);
  const url = urlOf(port);
  if (!(await answers(url, child, 60_000))) {
    await stop();
    throw new Error(`The server did not start.\n${output()}`);
  }
  return { url, ended, stop };
}

/** Where a server on this port is reached. */
export function urlOf(port: number): string {
  return `http://localhost:${port}`;
}

/** Whether nobody listens on this port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1"]) {
    const taken = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", (error) => resolve("code" in error && error.code === "EADDRINUSE"));
      probe.listen(port, host, () => probe.close(() => resolve(false)));
    });
    if (taken) return false;
  }
  return true;
}

/** A port that nobody listens on, as the system picks it. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function startWrangler(
  args: readonly string[],
  folder: string,
  output: "inherit" | "pipe",
): ChildProcess {
  // A group of its own, because wrangler's children outlive it where it alone is ended.
  const script = join("node_modules", "wrangler", "bin", "wrangler.js");
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...quietEnv },
    stdio: ["ignore", output, output],
  });
  undoAtEnd(() => {
    if (isAlive(child) && child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  });
  return child;
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let text = "";
  for (const stream of [stdout, stderr]) stream?.on("data", (chunk) => (text += String(chunk)));
  return () => text.trim();
}

async function answers(url: string, child: ChildProcess, timeoutMs: number): Promise<boolean> {
  const untilMs = Date.now() + timeoutMs;
  while (Date.now() < untilMs && isAlive(child)) {
    try {
      await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
      return true;
    } catch {
      await sleep(100);
    }
  }
  return false;
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Asks the group to end, and after three seconds ends it. */
async function stopGroup({ pid }: ChildProcess, ended: Promise<void>): Promise<void> {
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  await Promise.race([ended, sleep(3_000)]);
  signalGroup(pid, "SIGKILL");
  await ended;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
