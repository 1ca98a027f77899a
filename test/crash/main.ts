import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, readMigrations } from "./bundle.ts";
import { campaign, type Story } from "./campaign.ts";
import { type Handler, serve } from "./http.ts";
import { createLedger } from "./ledger.ts";
import { readOptions } from "./options.ts";
import { printReport } from "./report.ts";
import { createRuntime, sleep } from "./runtime.ts";

/** How long everything beside the killing may take. */
const maxRestMs = 15 * 60_000;

const options = readOptions();
const startedMs = performance.now();
const { hits, kills, maxKillingMs, runs, seed } = options;
console.log(`seed ${seed}: at least ${runs} runs, ${kills} kills, ${hits} at each moment`);

const folder = mkdtempSync(join(tmpdir(), "kern-crash-"));
const scriptPath = join(folder, "worker.mjs");
const logPath = join(folder, "runtime.log");
writeFileSync(logPath, "");
const ledger = createLedger();
const handlers: Record<string, Handler> = {};
const world = await serve(handlers, (error) => {
  ledger.check("the campaign itself does not fail", false, () => String(error));
});
const runtime = createRuntime({
  scriptPath,
  storagePath: join(folder, "storage"),
  worldUrl: world.url,
  migrations: readMigrations(),
  logPath,
});
process.once("exit", () => {
  runtime.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

await bundle(scriptPath);
const tooLate = sleep(maxKillingMs + maxRestMs).then(() => {
  throw new Error("The campaign does not come to its end.");
});
const story = await Promise.race([
  campaign(options, runtime, { handlers, ledger, logPath }),
  runtime.lost,
  tooLate,
]);
printReport(story, performance.now() - startedMs);
if (!ledger.isWhole()) console.log(`\nEverything that is known of each run: ${dump(story)}`);
console.log(ledger.isWhole() ? "\nPASS" : "\nFAIL");
process.exit(ledger.isWhole() ? 0 : 1);

function dump({ asked, called, decided, found, killLog, logLines }: Story): string {
  const calledBy = Map.groupBy(called, ({ runId }) => runId);
  const askedBy = Map.groupBy(asked, ({ n }) => n);
  const evidence = found.map((one) => ({
    ...one,
    held: [...one.held.values()],
    listed: [...one.listed.values()],
    called: calledBy.get(one.run.id),
    asked: askedBy.get(one.run.plan.n),
  }));
  const path = `output/crash-${seed}.json`;
  mkdirSync("output", { recursive: true });
  const broken = ledger.checks().filter((check) => check.broken > 0);
  writeFileSync(path, JSON.stringify({ broken, killLog, logLines, decided, evidence }, null, 1));
  return path;
}
