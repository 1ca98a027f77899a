import type { Channel } from "../channels/channel.ts";
import { messageOf } from "../errors.ts";
import type { Tried } from "../run/channel-store.ts";
import type { Store } from "../run/store.ts";
import { cancelLeftBehind } from "./left-behind.ts";
import { eachMoving, pageSize, maxPages } from "./moving.ts";
import { askRun } from "./runs.ts";

/** A run that was told to move and has not reported for this long has lost its alarm, or the database missed its news. */
const stuckAfterMs = 2 * 60_000;
/** How long it is kept what channels were told. */
const keptMs = 30 * 24 * 60 * 60_000;
/** A run whose start and whose session's deletion crossed is told of within moments, unless its database is away. */
const lateMs = 24 * 60 * 60_000;

/** So long after the last attempt that was to be repeated by then, a channel's run has lost its alarm. */
const untoldAfterMs = 10 * 60_000;

/** What happened longer ago is given up. */
const toldWithinMs = 3 * 24 * 60 * 60_000;

export interface Swept {
  stuck: number;
  overdue: number;
  /** Runs that a channel waits to be told of, and that should have told it by now. */
  untold: number;
  checked: number;
  /** Runs that waited in a session that was deleted. */
  cancelled: number;
  failed: number;
}

/**
 * The safety net under the alarms: finds runs that should be moving and are not, approvals that should have lapsed and
 * have not, and what channels were to be told again and were not, cancels what was left behind in deleted sessions, and looks
 * at some of the paused runs, from a random place on, whether a decision of theirs was never told.
 */
export async function sweep(
  env: Record<string, unknown>,
  store: Store,
  {
    channels,
    now,
  }: { channels: readonly Pick<Channel, "id" | "maxBackOffMs">[]; now: () => number },
): Promise<Swept> {
  const swept: Swept = { stuck: 0, overdue: 0, untold: 0, checked: 0, cancelled: 0, failed: 0 };
  const poke = async (runId: string): Promise<void> => {
    try {
      await askRun(env, runId, async (run) => run.poke(false));
    } catch (error) {
      swept.failed += 1;
      console.error("kern: the sweeper could not poke", runId, messageOf(error));
    }
  };
  swept.stuck = await eachMoving(store, now() - stuckAfterMs, async (runs) => {
    for (const { id } of runs) await poke(id);
  });
  let afterId: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const overdue = await store.overdueRuns(now() - 60_000, pageSize, afterId);
    for (const id of overdue) await poke(id);
    swept.overdue += overdue.length;
    afterId = overdue.at(-1);
    if (overdue.length < pageSize) break;
  }
  for (const { id, maxBackOffMs } of channels) {
    // The longest pause, with what chance adds to it.
    const beforeMs = now() - 1.25 * maxBackOffMs - untoldAfterMs;
    const sinceMs = now() - toldWithinMs;
    let after: Tried | undefined;
    for (let page = 0; page < maxPages; page++) {
      const found = await store.deliveries.stale(id, { sinceMs, beforeMs }, pageSize, after);
      for (const runId of found.runs) await poke(runId);
      swept.untold += found.runs.length;
      if (found.next === null) break;
      after = found.next;
    }
  }
  const from = `run_00${crypto.randomUUID().replaceAll("-", "")}`;
  const some = await store.pausedRuns(from, pageSize);
  const wrapped = some.length < pageSize ? await store.pausedRuns("", pageSize - some.length) : [];
  const paused = new Set([...some, ...wrapped]);
  for (const id of paused) await poke(id);
  swept.checked = paused.size;
  const left = await cancelLeftBehind(env, store.sessions, { deletedSinceMs: now() - lateMs });
  swept.cancelled = left.cancelled;
  swept.failed += left.failed;
  // The last of all: nothing waits for it.
  await store.prune(now(), now() - keptMs);
  return swept;
}
