/** How long a pending approval still waits, rounded. */
export function timeLeft(expiresAt: number | null, nowMs: number): string {
  if (expiresAt === null) return "no limit";
  const ms = expiresAt * 1000 - nowMs;
  if (ms < 0) return "expired";
  return ms < 60_000 ? "less than a minute left" : `${span(ms)} left`;
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours} h` : `${Math.round(ms / 86_400_000)} days`;
}
