import { familyOf } from "./family.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";

/** How long everything, or one run among others, may stand still. */
const patienceMs = { all: 60_000, run: 120_000 };

/** Something stands still that must not. */
export class StuckError extends Error {}

/** Hears of everything that moves, all through the campaign. */
export interface Watch {
  /** A run has moved, named by its id or by its message; something else, where neither is given. */
  heard(run?: string): void;
  readonly count: number;
  /** Whatever stood still until now had to. */
  forgive(): void;
  /** Rejects with a StuckError once something has stood still for too long. */
  watch(runs: Runs, isOver: () => boolean): Promise<void>;
}

export function createWatch(): Watch {
  const heardMs = new Map<string, number>();
  let count = 0;
  let lastMs = performance.now();
  let forgivenMs = 0;
  return {
    heard(run) {
      count += 1;
      lastMs = performance.now();
      if (run !== undefined) heardMs.set(run, lastMs);
    },
    get count() {
      return count;
    },
    forgive() {
      forgivenMs = performance.now();
    },
    async watch(runs, isOver) {
      for (; !isOver(); await sleep(1_000)) {
        const nowMs = performance.now();
        if (Math.max(lastMs, forgivenMs) < nowMs - patienceMs.all)
          throw new StuckError("Nothing moves any more.");
        for (const run of runs.started.values()) {
          if (runs.isOver(run.id)) continue;
          const movedMs = familyOf(run).flatMap(({ id, plan }) => [
            heardMs.get(id) ?? 0,
            heardMs.get(plan.message) ?? 0,
          ]);
          if (Math.max(run.acceptedMs, forgivenMs, ...movedMs) < nowMs - patienceMs.run)
            throw new StuckError(`${run.id} stands still.`);
        }
      }
    },
  };
}
