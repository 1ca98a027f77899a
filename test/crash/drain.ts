import { pendingApprovals, statusOf } from "../../src/run/state.ts";
import type { Deciders } from "./deciders.ts";
import type { Ledger } from "./ledger.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";
import type { Sender } from "./sender.ts";
import { owesTeam, readOpenRuns, type StoredRun } from "./storage.ts";
import type { Watch } from "./watch.ts";

/** Longer than a run may stand still on its own. */
const quietMs = 12_000;
const maxSilenceMs = 90_000;

/** With nobody asking anything, every run that was moving comes to a pause or its end, by its alarm. */
export async function silence(
  storagePath: string,
  { done, ledger, watch }: { done: Set<string>; ledger: Ledger; watch: Watch },
): Promise<void> {
  const startedMs = performance.now();
  let heard = watch.count;
  let heardMs = startedMs;
  let restless = (await readOpenRuns(storagePath, done)).filter(isRestless);
  const isQuiet = (): boolean => performance.now() - heardMs > quietMs;
  while (restless.length > 0 && !isQuiet() && performance.now() - startedMs < maxSilenceMs) {
    await sleep(250);
    if (watch.count !== heard) [heard, heardMs] = [watch.count, performance.now()];
    restless = (await readOpenRuns(storagePath, done)).filter(isRestless);
  }
  ledger.check("D6 with nobody asking, every run comes to rest", restless.length === 0, () =>
    JSON.stringify(restless.map(({ inspection }) => inspection)),
  );
  watch.forgive();
}

/** Whether the run should move by itself, or has an approval that should have lapsed. */
function isRestless(run: StoredRun): boolean {
  const { state } = run;
  const status = statusOf(state);
  const nowMs = Date.now();
  const isOverdue = pendingApprovals(state).some(
    ({ expiresAtMs }) => (expiresAtMs ?? nowMs) < nowMs,
  );
  return status === "RUNNING" || status === "PENDING" || isOverdue || owesTeam(run);
}

/** Waits until every run has ended and told everything, with neither a sweep nor a question to help it. */
export async function drain(
  storagePath: string,
  {
    deciders,
    done,
    runs,
    sender,
  }: { deciders: Deciders; done: Set<string>; runs: Runs; sender: Sender },
): Promise<void> {
  const isOpen = async (): Promise<boolean> =>
    runs.waiting() + deciders.waiting() + sender.waiting() > 0 ||
    (await readOpenRuns(storagePath, done)).length > 0;
  while (await isOpen()) await sleep(500);
}
