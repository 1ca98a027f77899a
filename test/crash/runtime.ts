import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Recipe } from "./recipe.ts";

const maxStartMs = 30_000;

/** The runtime that is killed and started again on the same storage, as those who use it see it. */
export interface Runtime {
  /** Where it serves; waits while it is down or not yet published. */
  url(): Promise<string>;
  /** Starts it; false where it died before it served. Throws where it does not come up at all. */
  start(): Promise<boolean>;
  /** Lets the callers at it. */
  publish(): void;
  /** Kills it at once. */
  kill(): void;
  /** Stops it where it stands, and lets it go on. */
  pause(): void;
  resume(): void;
  /** Kills it for good. */
  readonly close: () => void;
  /** Resolves when nothing of a killed runtime is left. */
  gone(): Promise<void>;
  /** Rejects when it ends without having been killed. */
  readonly lost: Promise<never>;
}

export function createRuntime({ args, command, configPath }: Recipe, logPath: string): Runtime {
  const config = readFileSync(configPath);
  let child: ChildProcess | null = null;
  let killed: ChildProcess | null = null;
  let exited: Promise<unknown> = Promise.resolve();
  let origin: string | null = null;
  let published = Promise.withResolvers<string>();
  let isPublished = false;
  let isClosed = false;
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);

  const kill = (): void => {
    // Who waits already goes on waiting.
    if (isPublished) published = Promise.withResolvers();
    isPublished = false;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    killed = child;
    child.kill("SIGKILL");
  };
  const note = (data: Buffer): void => appendFileSync(logPath, data);

  return {
    url: async () => published.promise,

    async start() {
      if (isClosed) throw new Error("The runtime was closed.");
      const started = spawn(command, args, { stdio: ["pipe", "pipe", "pipe", "pipe"] });
      child = started;
      started.stdin.on("error", () => undefined).end(config);
      started.stdout.on("data", note);
      started.stderr.on("data", note);
      const exit = new Promise<false>((resolve) => {
        started.once("exit", () => {
          if (killed !== started) lost.reject(new Error("The runtime ended by itself."));
          resolve(false);
        });
      });
      exited = exit;
      const ready = new Promise<true>((resolve) => {
        createInterface(started.stdio[3] as Readable).on("line", (line) => {
          const { port, socket } = JSON.parse(line) as { port: number; socket?: string };
          if (socket?.startsWith("direct:") !== true) return;
          origin = `http://127.0.0.1:${port}`;
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

    kill,

    pause() {
      child?.kill("SIGSTOP");
    },

    resume() {
      child?.kill("SIGCONT");
    },

    close: () => {
      isClosed = true;
      kill();
    },

    async gone() {
      await exited;
      origin = null;
    },

    lost: lost.promise,
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
