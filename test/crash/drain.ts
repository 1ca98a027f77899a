import type { Inspection } from "../../src/run/messages.ts";
import type { Client } from "./client.ts";
import type { Deciders } from "./deciders.ts";
import { inParallel } from "./evidence.ts";
import type { History } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";

const patienceMs = 60_000;
/** How long a run may stand still before the sweeper is let at it. */
const trustMs = 35_000;

/** Longer than a run may stand still on its own. */
const quietMs = 12_000;
const maxSilenceMs = 90_000;

/** With nobody asking anything, every run that was moving comes to a pause or its end, by its alarm. */
export async function silence(
  news: () => number,
  { history, ledger, runs }: { history: History; ledger: Ledger; runs: Runs },
): Promise<void> {
  const startedMs = performance.now();
  for (let [heard, heardMs] = [news(), startedMs]; performance.now() - heardMs < quietMs;) {
    await sleep(100);
    if (news() !== heard) [heard, heardMs] = [news(), performance.now()];
    if (performance.now() - startedMs > maxSilenceMs) break;
  }
  for (const [id, status] of runs.noted) {
    const rests = status !== "RUNNING" && status !== "PENDING";
    ledger.check("D6 with nobody asking, every run comes to rest", rests, () => `${id}: ${status}`);
  }
  const overdue = history.overdue();
  ledger.check("D7 with nobody asking, what has lapsed is closed", overdue.length === 0, () => {
    return overdue.join(", ");
  });
}

export interface Drained {
  /** The runs that have not moved for a minute, swept or not. */
  stuck: string[];
  /** How often the sweeper was called. */
  sweeps: number;
}

/** Waits until every run has ended and told everything. */
export async function drain(client: Client, runs: Runs, deciders: Deciders): Promise<Drained> {
  const moved = new Map<string, { signature: string; atMs: number }>();
  const done = new Set<string>();
  let requestsMovedMs = performance.now();
  let requests = Number.POSITIVE_INFINITY;
  let sweeps = 0;
  for (; ; await sleep(500)) {
    await inParallel(
      [...runs.started.keys()].filter((id) => !done.has(id)),
      async (id) => {
        const { body } = await client.read<Inspection>(`/ops/runs/${id}`);
        if (isDone(body)) return void done.add(id);
        const { alarm_ms: _, ...rest } = body;
        const signature = JSON.stringify(rest);
        if (moved.get(id)?.signature !== signature)
          moved.set(id, { signature, atMs: performance.now() });
      },
    );
    const open = runs.waiting() + deciders.waiting();
    if (open < requests) requestsMovedMs = performance.now();
    requests = open;
    if (open === 0 && done.size === runs.started.size) return { stuck: [], sweeps };
    const late = (ms: number): string[] => {
      const isLate = (atMs: number): boolean => performance.now() - atMs > ms;
      const still = [...moved].filter(([id, { atMs }]) => !done.has(id) && isLate(atMs));
      const asking = open > 0 && isLate(requestsMovedMs);
      return [...still.map(([id]) => id), ...(asking ? [`${open} requests unanswered`] : [])];
    };
    if (late(trustMs).length > 0) {
      sweeps += 1;
      await client.ask("POST", "/ops/sweep");
    }
    const stuck = late(patienceMs);
    if (stuck.length > 0) return { stuck, sweeps };
  }
}

function isDone({ calls, outbox, status }: Inspection): boolean {
  const isOver = status === "COMPLETED" || status === "CANCELLED" || status === "ERROR";
  return isOver && outbox.behind === 0 && calls.every(({ phase }) => phase === "ended");
}
