import { clocks } from "./policy.ts";
import { isAtWork, type RunState } from "./state.ts";

/** While anything is under way the alarm is never further off than this. */
export const watchDogMs = 10_000;

/** How long a run whose agent is gone sleeps before it looks whether the agent is back. */
const idleMs = 10 * 60_000;

/** What the time of the next alarm depends on beside the run. */
export interface Duties {
  nowMs: number;
  /** When the database is to be told next; null where it knows everything. */
  outboxMs: number | null;
  /** When the members of a team are to be asked next; null where there is nobody to ask. */
  membersMs: number | null;
  /** True while this instance has work under way. */
  working: boolean;
  /** When the kill switch that holds the run's calls is to be read again; null where none are held. */
  heldMs: number | null;
  /** False where the run's agent is not configured: then nothing but a deploy can move it. */
  movable: boolean;
}

/** When the run must be looked at next, whatever happens until then; null where nothing is due. */
export function nextDueMs(
  state: RunState,
  { heldMs, membersMs, movable, nowMs, outboxMs, working }: Duties,
): number | null {
  const due = clocks(state);
  if (outboxMs !== null) due.push(outboxMs);
  if (membersMs !== null) due.push(membersMs);
  const step = state.steps.at(-1);
  if (state.ended === null && step?.phase === "failed") due.push(step.retryAtMs ?? nowMs);
  else if (isAtWork(state) || working) {
    const watchedMs = nowMs + (movable || working ? watchDogMs : idleMs);
    due.push(working ? watchedMs : (heldMs ?? watchedMs));
  }
  // What is overdue after everything was tried would ring without a pause.
  const pauseMs = movable ? watchDogMs : idleMs;
  const times = due.map((atMs) => (atMs > nowMs ? atMs : nowMs + pauseMs));
  return times.length === 0 ? null : Math.min(...times);
}
