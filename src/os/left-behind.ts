import { messageOf } from "../errors.ts";
import type { LeftBehind, SessionStore } from "../run/store.ts";
import { inTurn } from "./in-turn.ts";
import { askRun } from "./runs.ts";

const pageSize = 50;
/** So that one sweep, or one request, ends within its time: the next sweep goes on. */
const maxPages = 10;

/** Cancels the runs that wait or move where their session has gone; one that cannot be reached is left to the sweeper. */
export async function cancelLeftBehind(
  env: Record<string, unknown>,
  sessions: SessionStore,
  of: LeftBehind["of"],
): Promise<{ cancelled: number; failed: number }> {
  let cancelled = 0;
  let failed = 0;
  let afterId = "";
  for (let page = 0; page < maxPages; page++) {
    const ids = await sessions.leftBehind({ of, afterId, limit: pageSize });
    await inTurn(ids, async (id) => {
      try {
        await askRun(env, id, async (run) => run.cancel());
        cancelled += 1;
      } catch (error) {
        failed += 1;
        console.error("kern: could not cancel", id, "of a deleted session", messageOf(error));
      }
    });
    afterId = ids.at(-1) ?? afterId;
    if (ids.length < pageSize) break;
  }
  return { cancelled, failed };
}
