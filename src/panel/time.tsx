/** A moment as it is told: how long ago, with the moment itself at hand. `seconds` is epoch seconds. */
export function Ago({ seconds, nowMs }: { seconds: number; nowMs: number }) {
  const text = clock(seconds);
  return (
    <time datetime={new Date(seconds * 1000).toISOString()} title={text}>
      {ago(nowMs - seconds * 1000)}
    </time>
  );
}

export function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

function ago(ms: number): string {
  return ms < 60_000 ? "just now" : `${span(ms)} ago`;
}

/** A length of time in its largest unit, rounded. */
function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** How long a pending approval still waits. */
export function timeLeft(expiresAt: number | null, nowMs: number): string {
  if (expiresAt === null) return "no limit";
  const ms = expiresAt * 1000 - nowMs;
  if (ms < 0) return "expired";
  return ms < 60_000 ? "less than a minute left" : `${span(ms)} left`;
}
