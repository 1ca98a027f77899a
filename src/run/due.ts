import { pendingApprovals, type RunState, statusOf } from "./state.ts";

/** While anything is under way the alarm is never further off than this. */
export const watchDogMs = 10_000;

/** What the time of the next alarm depends on beside the run. */
export interface Duties {
  nowMs: number;
  /** When the database is to be told next; null where it knows everything. */
  outboxMs: number | null;
  /** True while this instance has work under way. */
  working: boolean;
}

/** When the run must be looked at next, whatever happens until then; null where nothing is due. */
export function nextDueMs(state: RunState, { nowMs, outboxMs, working }: Duties): number | null {
  const due = lapses(state);
  if (outboxMs !== null) due.push(outboxMs);
  const status = statusOf(state);
  const step = state.steps.at(-1);
  if (state.ended === null && step?.phase === "failed") due.push(step.retryAtMs ?? nowMs);
  else if (status === "RUNNING" || status === "PENDING" || working) due.push(nowMs + watchDogMs);
  // What is overdue after everything was tried would ring without a pause.
  const times = due.map((atMs) => (atMs > nowMs ? atMs : nowMs + watchDogMs));
  return times.length === 0 ? null : Math.min(...times);
}

/** When each approval that is pending lapses. */
export function lapses(state: RunState): number[] {
  return pendingApprovals(state).flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
}
