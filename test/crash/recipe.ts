import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface RecipeOptions {
  scriptPath: string;
  storagePath: string;
  worldUrl: string;
  /** Statements that make the database on D1. */
  migrations: string[];
  /** The Postgres that takes its place; empty where none does. */
  postgresUrl: string;
}

/** How the runtime with the Worker in it is started on storage that stays. */
export interface Recipe {
  command: string;
  args: string[];
  /** What it reads from its standard input. */
  configPath: string;
}

export async function recipeOf(options: RecipeOptions): Promise<Recipe> {
  const script = fileURLToPath(import.meta.resolve("./recorder.ts"));
  const recorder = spawn(process.execPath, [script, JSON.stringify(options)], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: dirname(options.storagePath) },
  });
  const ended = once(recorder, "exit");
  const lines = createInterface(recorder.stdout);
  const early = ended.then(() => [null]);
  const [line] = (await Promise.race([once(lines, "line"), early])) as [string | null];
  if (line === null || recorder.pid === undefined) throw new Error("The runtime did not start.");
  process.kill(-recorder.pid, "SIGKILL");
  await ended;
  return JSON.parse(line) as Recipe;
}
