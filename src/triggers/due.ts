import { timesOf } from "./cron.ts";

/** What is due no longer ago than this is on time: the Worker's cron comes late, and may come every five minutes only. */
export const graceMs = 10 * 60_000;
/** How many times that went by are counted. */
export const mostCounted = 100;
/** Cron knows no shorter time. */
const minuteMs = 60_000;

export interface Due {
  cron: string;
  timezone: string;
  missed: "run_once" | "skip";
  /** When it is due next, as it was found last; null where it never is again. */
  nextAtMs: number | null;
}

export interface Occasions {
  /** The time it was due of which a run is to be started now; null for none. */
  run: number | null;
  /** How many times it was due before now and is not run: exact below `mostCounted`, and `mostCounted` for as many or more. */
  skipped: number;
  /** When it is due next, which is after now. */
  nextAtMs: number | null;
}

/**
 * What to do now about a schedule. The last time that it was due is run where it is on time; an older one where missed ones
 * run once; all before it are passed over. However long nothing was started, it takes some `mostCounted` steps.
 */
export function occasionsOf({ cron, missed, nextAtMs, timezone }: Due, nowMs: number): Occasions {
  if (nextAtMs === null || nextAtMs > nowMs) return { run: null, skipped: 0, nextAtMs };
  const nextAfter = timesOf(cron, timezone);
  const isDue = (atMs: number | null): atMs is number => atMs !== null && atMs <= nowMs;
  let passed = 0;
  let last = nextAtMs;
  let next = nextAfter(last);
  for (; isDue(next) && passed < mostCounted; passed++) {
    last = next;
    next = nextAfter(last);
  }
  // Those between are not counted: the last one is where nothing more is due behind it.
  for (let end = nowMs; isDue(next) && end - last >= minuteMs;) {
    const middle = Math.floor((last + end) / 2);
    const found = nextAfter(middle);
    if (isDue(found)) last = found;
    else end = middle;
  }
  const isRun = nowMs - last <= graceMs || missed === "run_once";
  return {
    run: isRun ? last : null,
    skipped: Math.min(isRun ? passed : passed + 1, mostCounted),
    nextAtMs: isDue(next) ? nextAfter(last) : next,
  };
}
