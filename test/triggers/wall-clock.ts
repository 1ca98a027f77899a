/** A minute as a place's clocks and calendar show it. */
export interface Minute {
  atMs: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  /** The same as one number, as if it were UTC, by which two are compared. */
  wallMs: number;
}

/** One field of a pattern: as it is written, and what that means. */
export interface Field {
  text: string;
  values: ReadonlySet<number>;
}

export interface Pattern {
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
}

export function textOf({ day, hour, minute, month, weekday }: Pattern): string {
  return [minute, hour, day, month, weekday].map(({ text }) => text).join(" ");
}

const minuteMs = 60_000;

/** Each minute of a stretch of time, as clocks there show it. */
export function minutesOf(timezone: string, fromMs: number, toMs: number): Minute[] {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const count = Math.floor((toMs - fromMs) / minuteMs);
  return Array.from({ length: count }, (_, index) => {
    const atMs = fromMs + index * minuteMs;
    const parts = format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]);
    const { year, month, day, hour, minute } = Object.fromEntries(parts) as Record<string, number>;
    return minuteAt(atMs, Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute));
  });
}

function minuteAt(atMs: number, wallMs: number): Minute {
  const wall = new Date(wallMs);
  return {
    atMs,
    wallMs,
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    weekday: wall.getUTCDay(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
  };
}

/** When a pattern is due among these minutes, looked up minute by minute. */
export function dueAmong(minutes: readonly Minute[], pattern: Pattern): number[] {
  const isFixed = [pattern.minute, pattern.hour].every(({ text }) => !/[*/]/.test(text));
  const seen = new Set<number>();
  return minutes.flatMap((now, index) => {
    const isSecondPass = seen.has(now.wallMs);
    seen.add(now.wallMs);
    if (matches(now, pattern)) return isFixed && isSecondPass ? [] : [now.atMs];
    return isFixed && leftOut(minutes[index - 1], now).some((one) => matches(one, pattern))
      ? [now.atMs]
      : [];
  });
}

/** What clocks leave out right before this minute, on the same day. */
function leftOut(before: Minute | undefined, now: Minute): Minute[] {
  const from = (before?.wallMs ?? now.wallMs) + minuteMs;
  const count = Math.max(0, (now.wallMs - from) / minuteMs);
  return Array.from({ length: count }, (_, index) =>
    minuteAt(now.atMs, from + index * minuteMs),
  ).filter(({ day }) => day === now.day);
}

function matches(now: Minute, { day, hour, minute, month, weekday }: Pattern): boolean {
  const isDay = day.values.has(now.day);
  const isWeekday = weekday.values.has(now.weekday);
  const either = day.text !== "*" && weekday.text !== "*";
  return (
    minute.values.has(now.minute) &&
    hour.values.has(now.hour) &&
    month.values.has(now.month) &&
    (either ? isDay || isWeekday : isDay && isWeekday)
  );
}
