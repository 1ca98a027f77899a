import type { Inspection } from "../../src/run/messages.ts";
import type { Client } from "./client.ts";
import type { Deciders } from "./deciders.ts";
import { inParallel } from "./evidence.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";

const patienceMs = 60_000;
/** How long the runs' own alarms are trusted before the sweeper is let at them. */
const trustMs = 35_000;

export interface Drained {
  /** The runs that have not moved for a minute, swept or not. */
  stuck: string[];
  /** How often the sweeper had to be called. */
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
