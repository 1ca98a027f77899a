import { words } from "./words.ts";

/** How long a pending approval still waits, rounded. */
export function timeLeft(expiresAt: number | null, nowMs: number): string {
  if (expiresAt === null) return words.time.noLimit;
  const ms = expiresAt * 1000 - nowMs;
  if (ms < 0) return words.time.expired;
  return ms < 60_000 ? words.time.lastMinute : words.time.left(span(ms));
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return words.time.minutes(minutes);
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? words.time.hours(hours) : words.time.days(Math.round(ms / 86_400_000));
}
