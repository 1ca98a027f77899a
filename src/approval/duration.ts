const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const maxMs = 10 * 365 * unitMs.d;

/** A span of time: milliseconds, or a whole number with a unit: "500ms", "2s", "30m", "4h", "7d", "2w". */
export type Duration = number | `${number}${keyof typeof unitMs}`;

/** The milliseconds of a duration; throws a TypeError that names the option for anything that is not one. */
export function toMs(option: string, duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parse(duration);
  if (!Number.isFinite(ms) || ms <= 0 || ms > maxMs) {
    throw new TypeError(
      `Invalid ${option}: '${duration}'. Give milliseconds, or a number with a unit, such as "2s", "30m", "4h" or "7d" (at most ten years).`,
    );
  }
  return Math.ceil(ms);
}

function parse(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])$/.exec(String(text).trim()) ?? [];
  return unit === undefined ? Number.NaN : Number(amount) * unitMs[unit as keyof typeof unitMs];
}
