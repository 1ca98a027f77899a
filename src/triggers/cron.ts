import { Cron } from "croner";

/** No pattern that says what five fields can is longer. */
const maxLength = 500;

/** The five fields, and what each takes beside `*`, lists (a,b), ranges (a-b) and steps (a-b/n). */
const fields = [
  { name: "minute", takes: "0-59" },
  { name: "hour", takes: "0-23" },
  { name: "day of the month", takes: "1-31, L for the last, 15W for the weekday nearest the 15th" },
  { name: "month", takes: "1-12 or JAN-DEC" },
  {
    name: "weekday",
    takes: "0-7 or SUN-SAT, MON#2 for the second Monday, FRI#L for the last Friday",
  },
] as const;

/**
 * Throws a TypeError that says what is wrong, where this is no cron pattern of five fields (minute, hour, day of the month,
 * month, weekday), no IANA time zone, or a time that never comes. Where both the day of the month and the weekday are given,
 * one of them suffices; with a `+` before the weekday it takes both. Seconds, years and nicknames such as `@daily` are refused.
 */
export function checkCron(cron: string, timezone: string): void {
  checkZone(timezone);
  const given = typeof cron === "string" ? cron.trim().split(/\s+/) : [];
  if (given.length !== fields.length || cron.length > maxLength)
    throw new TypeError(
      `Invalid cron '${String(cron).slice(0, maxLength)}': give five fields (minute, hour, day of the month, month, weekday), such as "0 9 * * MON-FRI".`,
    );
  for (const [index, { name, takes }] of fields.entries()) {
    const field = given[index] ?? "";
    const alone = fields.map((_, at) => (at === index ? field : "*")).join(" ");
    if (!isReadable(alone))
      throw new TypeError(
        `Invalid cron '${cron}': '${field}' is no ${name}. It takes *, ${takes}; lists (a,b), ranges (a-b) and steps (*/n, a-b/n).`,
      );
  }
  if (nextAfter(cron, timezone, 0) === null)
    throw new TypeError(`Invalid cron '${cron}': there is no such day, so it would never be due.`);
}

/**
 * When it is due next, strictly after `afterMs`: epoch milliseconds of a whole minute; null where it never is again. Throws
 * for what cannot be read at all: `checkCron` says why.
 *
 * Where clocks change, what has a fixed time of day (no `*` and no step in the minute or the hour) is due once on each day: a
 * time that is left out, at the first moment after the gap; one that comes twice, the first time. What has none, such as
 * every quarter of an hour, goes on through the gap and through both passes of the repeated hour. Only a day, or the end of a
 * day, that a place leaves out altogether passes without it (Samoa, 30 December 2011; Nuuk, 23:30 of the last Saturday in
 * March).
 */
export function nextAfter(cron: string, timezone: string, afterMs: number): number | null {
  return timesOf(cron, timezone)(afterMs);
}

/** The same, for who asks more than once. */
export function timesOf(cron: string, timezone: string): (afterMs: number) => number | null {
  checkZone(timezone);
  const pattern = read(cron, timezone);
  return (afterMs) => pattern.nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** Without a function to call there is no timer. A list of hours is as fixed a time as one hour is. */
function read(cron: string, timezone: string): Cron {
  // What holds a colon is read as a date.
  if (cron.includes(":")) throw new TypeError(`Invalid cron '${cron}': it holds a colon.`);
  return new Cron(cron, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard" });
}

function isReadable(cron: string): boolean {
  try {
    read(cron, "UTC");
    return true;
  } catch {
    return false;
  }
}

/** A name, because an offset such as "+01:00" says nothing of when clocks change; and an empty one would be the machine's. */
function checkZone(timezone: string): void {
  try {
    if (!/^[a-z]/i.test(timezone)) throw new RangeError("It is no name.");
    new Intl.DateTimeFormat("en", { timeZone: timezone }).format(0);
  } catch {
    throw new TypeError(
      `Unknown time zone '${timezone}': give the name of a place as IANA has it, such as "Europe/Berlin", or "UTC".`,
    );
  }
}
