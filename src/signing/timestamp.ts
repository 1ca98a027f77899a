/** How far the time of what is signed may lie from ours, either way, in seconds. */
const toleranceSeconds = 300;

/** Whether this is a time in seconds since the epoch, in digits and nothing else, and not far from now. */
export function isRecent(timestamp: string | null | undefined, nowMs: number): timestamp is string {
  if (typeof timestamp !== "string" || !/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(nowMs / 1000 - Number(timestamp)) <= toleranceSeconds;
}
