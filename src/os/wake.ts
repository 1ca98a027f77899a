import { messageOf } from "../errors.ts";
import type { Store } from "../run/store.ts";
import { inTurn } from "./in-turn.ts";
import { askRun } from "./runs.ts";

const pageSize = 50;
/** So that one request ends within its time; the runs' own alarms find the rest. */
const maxPages = 10;

/** Has the runs that should be moving look whether they may. */
export async function wakeMoving(env: Record<string, unknown>, store: Store): Promise<void> {
  let after: { updated_at_ms: number; id: string } | undefined;
  for (let page = 0; page < maxPages; page++) {
    const runs = await store.stuckRuns(Number.MAX_SAFE_INTEGER, pageSize, after);
    await inTurn(runs, async ({ id }) => {
      try {
        await askRun(env, id, async (run) => run.poke(false));
      } catch (error) {
        console.error("kern: could not wake", id, messageOf(error));
      }
    });
    after = runs.at(-1);
    if (runs.length < pageSize) break;
  }
}
