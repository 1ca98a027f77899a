import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { HostOptions } from "./host.ts";

const maxStartMs = 30_000;

/** The runtime that is killed and started again on the same storage, as those who use it see it. */
export interface Runtime {
  /** Where it serves; waits while it is down or not yet published. */
  url(): Promise<string>;
  /** Starts it, the first time on an empty database with `migrations`; false where it died before it served. Throws where it does not come up at all. */
  start(): Promise<boolean>;
  /** Lets the callers at it. */
  publish(): void;
  /** Kills the whole process group, at once. */
  kill(): void;
  /** Resolves when nothing of a killed runtime is left. */
  gone(): Promise<void>;
  /** Rejects when it ends without having been killed. */
  readonly lost: Promise<never>;
}

export function createRuntime({ logPath, ...given }: HostOptions & { logPath: string }): Runtime {
  let options: HostOptions = given;
  let child: ChildProcess | null = null;
  let killed: ChildProcess | null = null;
  let exited: Promise<unknown> = Promise.resolve();
  let origin: string | null = null;
  let published = Promise.withResolvers<string>();
  let isPublished = false;
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);

  return {
    url: async () => published.promise,

    async start() {
      const started = spawn(
        process.execPath,
        [fileURLToPath(import.meta.resolve("./host.ts")), JSON.stringify(options)],
        { detached: true, stdio: ["pipe", "pipe", "pipe"] },
      );
      child = started;
      started.stdin.on("error", () => undefined);
      started.stderr.on("data", (data: Buffer) => appendFileSync(logPath, data));
      const exit = new Promise<false>((resolve) => {
        started.once("exit", () => {
          if (killed !== started) {
            killGroup(started.pid);
            lost.reject(new Error("The runtime ended by itself."));
          }
          resolve(false);
        });
      });
      exited = exit;
      const ready = new Promise<true>((resolve) => {
        createInterface(started.stdout).on("line", (line) => {
          const url = /^\{"url":"(.+)"\}$/.exec(line)?.[1];
          if (url === undefined) return appendFileSync(logPath, `${line}\n`);
          origin = url;
          options = { ...options, migrations: [] };
          resolve(true);
        });
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const error = new Error(`The runtime did not start within ${maxStartMs} ms.`);
        timer = setTimeout(() => reject(error), maxStartMs);
      });
      try {
        return await Promise.race([ready, exit, late]);
      } finally {
        clearTimeout(timer);
      }
    },

    publish() {
      if (origin === null) return;
      published.resolve(origin);
      isPublished = true;
    },

    kill() {
      // Who waits already goes on waiting.
      if (isPublished) published = Promise.withResolvers();
      isPublished = false;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      killed = child;
      killGroup(child.pid);
    },

    async gone() {
      await exited;
      // The parent's exit says nothing of the rest of the group; a port that nobody holds does.
      if (origin !== null) while (await isServed(origin)) await sleep(2);
      origin = null;
    },

    lost: lost.promise,
  };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function isServed(origin: string): Promise<boolean> {
  const { hostname: host, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
