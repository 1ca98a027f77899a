import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMigrations } from "./bundle.ts";
import { campaign, type Stage, type Story } from "./campaign.ts";
import type { Options } from "./options.ts";
import { failingPostgres } from "./postgres.ts";
import { recipeOf } from "./recipe.ts";
import { createRuntime, sleep } from "./runtime.ts";
import { readOpenRuns, type StoredRun } from "./storage.ts";
import { StuckError } from "./watch.ts";

/** How long everything beside the killing may take. */
const maxRestMs = 15 * 60_000;

interface World extends Pick<Stage, "faults" | "handlers" | "ledger"> {
  /** Where storage and logs may lie for a while. */
  folder: string;
  scriptPath: string;
  worldUrl: string;
}

/**
 * One round, on storage of its own. What is known of a round that does not hold is kept in a file; null where it did not
 * come to its end.
 */
export async function playRound(options: Options, world: World): Promise<Story | null> {
  const { faults, folder, handlers, ledger, scriptPath, worldUrl } = world;
  const storagePath = join(folder, `storage-${options.seed}`);
  const logPath = join(folder, `runtime-${options.seed}.log`);
  writeFileSync(logPath, "");
  const startedMs = performance.now();
  const killLog: string[] = [];
  const log = (line: string): void => {
    killLog.push(`${Math.round(performance.now() - startedMs)} ${line}`);
    if (killLog.length % 50 === 0) console.log(killLog.at(-1));
  };
  const migrations = readMigrations();
  const { postgres: isPostgres, seed } = options;
  const postgres = isPostgres ? await failingPostgres(seed, faults) : null;
  const postgresUrl = postgres?.url ?? "";
  const recipe = await recipeOf({ scriptPath, storagePath, worldUrl, migrations, postgresUrl });
  const runtime = createRuntime(recipe, logPath);
  process.once("exit", runtime.close);

  const tooLate = async (): Promise<never> => {
    await sleep(options.maxKillingMs + maxRestMs);
    throw new Error("The campaign does not come to its end.");
  };
  const stage: Stage = { faults, handlers, ledger, log, logPath, storagePath };
  let story: Story | null = null;
  try {
    story = await Promise.race([campaign(options, runtime, stage), runtime.lost, tooLate()]);
  } catch (error) {
    const isStuck = error instanceof StuckError;
    const name = isStuck ? "D6 nothing ever stood still" : "the campaign itself does not fail";
    ledger.check(name, false, () => String(error));
  }
  runtime.close();
  process.off("exit", runtime.close);
  await runtime.gone();
  await postgres?.stop();
  if (!ledger.isWhole()) {
    const broken = ledger.checks().filter((check) => check.broken > 0);
    const known = { broken, killLog, open: await readOpenRuns(storagePath), story };
    console.log(`\nEverything that is known: ${dump(options.seed, known)}`);
  }
  rmSync(storagePath, { recursive: true, force: true, maxRetries: 5 });
  return story;
}

function dump(
  seed: number,
  { open, story, ...known }: { open: StoredRun[]; story: Story | null } & Record<string, unknown>,
): string {
  const path = `output/crash-${seed}.json`;
  const calledBy = Map.groupBy(story?.called ?? [], ({ runId }) => runId);
  const askedBy = Map.groupBy(story?.asked ?? [], ({ run }) => run);
  const evidence = story?.found.map((one) => ({
    ...one,
    run: { ...one.run, parent: one.run.parent?.id },
    held: [...one.held.values()],
    listed: [...one.listed.values()],
    called: calledBy.get(one.run.id),
    asked: askedBy.get(one.run.plan.message),
  }));
  const { decided, logLines } = story ?? {};
  const unended = open.map(({ inspection, rows }) => ({ inspection, rows }));
  mkdirSync("output", { recursive: true });
  writeFileSync(path, JSON.stringify({ ...known, unended, logLines, decided, evidence }, null, 1));
  return path;
}
