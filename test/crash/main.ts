import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { createFaults } from "./faults.ts";
import { type Handler, serve } from "./http.ts";
import { createLedger } from "./ledger.ts";
import { readOptions, shareOf } from "./options.ts";
import { printReport } from "./report.ts";
import { playRound } from "./round.ts";
import type { Story } from "./campaign.ts";

const options = readOptions();
const startedMs = performance.now();
const { hits, kills, rounds, runs, seed } = options;
console.log(
  `seed ${seed}: at least ${runs} runs, ${kills} kills, ${hits} at each moment; rounds: ${rounds}`,
);

const folder = mkdtempSync(join(tmpdir(), "kern-crash-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const scriptPath = join(folder, "worker.mjs");
await bundle(scriptPath);
const ledger = createLedger();
const faults = createFaults();
const handlers: Record<string, Handler> = {};
const { url: worldUrl } = await serve(handlers, (error) => {
  ledger.check("the campaign itself does not fail", false, () => String(error));
});

const stories: Story[] = [];
for (let round = 0; round < rounds && ledger.isWhole(); round++) {
  const share = shareOf(options, round);
  const story = await playRound(share, { faults, folder, handlers, ledger, scriptPath, worldUrl });
  if (story !== null) stories.push(story);
  // After each round, what they have come to together: who stops a long campaign has not waited for nothing.
  printReport(stories, { faults, ledger, tookMs: performance.now() - startedMs });
}
console.log(ledger.isWhole() ? "\nPASS" : "\nFAIL");
process.exit(ledger.isWhole() ? 0 : 1);
