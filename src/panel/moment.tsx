import { words } from "./words.ts";

interface MomentProps {
  /** Epoch seconds. */
  seconds: number;
  nowMs: number;
}

/** A moment as it lies from now, with the time itself at hand. */
export function Moment({ seconds, nowMs }: MomentProps) {
  return (
    <time datetime={new Date(seconds * 1000).toISOString()} title={clock(seconds)}>
      {fromNow(seconds, nowMs)}
    </time>
  );
}

export function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

/** A moment to the minute by the clocks of a time zone, which is named with it. */
export function clockIn(seconds: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return `${parts.format(seconds * 1000)} ${timeZone}`;
}

const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** A moment by the clock, with the day where that is not today's. */
export function hourOf(seconds: number, nowMs: number): string {
  const [day, hour] = [clock(seconds).slice(0, 10), clock(seconds).slice(11, 16)];
  const isToday = day === clock(Math.floor(nowMs / 1000)).slice(0, 10);
  return isToday ? `${hour} UTC` : `${day} ${hour} UTC`;
}

/** How far a moment, in epoch seconds, is from now, in words such as "in 3 hours". */
export function fromNow(moment: number, nowMs: number): string {
  const exactly = Math.floor(moment) - Math.floor(nowMs / 1000);
  // To the nearest minute: an hour that has just begun is an hour, and not 59 minutes.
  const seconds = exactly > 60 ? Math.round(exactly / 60) * 60 : exactly;
  const found = units.find(([, length]) => Math.abs(seconds) >= length);
  if (found === undefined) return seconds > 0 ? words.time.soon : words.time.now;
  const [unit, length] = found;
  return new Intl.RelativeTimeFormat(words.language).format(rounded(seconds / length), unit);
}

/** What lies behind has been for whole units; what is to come is in about so many. */
function rounded(count: number): number {
  return count < 0 ? Math.trunc(count) : Math.round(count);
}
