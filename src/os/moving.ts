import { messageOf } from "../errors.ts";
import type { RunRow, Store } from "../run/store.ts";
import { inTurn } from "./in-turn.ts";
import { askRun } from "./runs.ts";

/** How many runs of a kind are touched at once, and how often, so that a sweep or a request ends within its time. */
export const pageSize = 50;
export const maxPages = 10;

/** Hands over, a page at a time, the runs that should have moved since a moment and have not; how many there were. */
export async function eachMoving(
  store: Store,
  beforeMs: number,
  handle: (runs: RunRow[]) => Promise<unknown>,
): Promise<number> {
  let found = 0;
  let after: RunRow | undefined;
  for (let page = 0; page < maxPages; page++) {
    const runs = await store.stuckRuns(beforeMs, pageSize, after);
    await handle(runs);
    found += runs.length;
    after = runs.at(-1);
    if (runs.length < pageSize) break;
  }
  return found;
}

/** Has the runs that should be moving look whether they may; the runs' own alarms find those that are not reached. */
export async function wakeMoving(env: Record<string, unknown>, store: Store): Promise<void> {
  await eachMoving(store, Number.MAX_SAFE_INTEGER, async (runs) =>
    inTurn(runs, async ({ id }) => {
      try {
        await askRun(env, id, async (run) => run.poke(false));
      } catch (error) {
        console.error("kern: could not wake", id, messageOf(error));
      }
    }),
  );
}
