import { words } from "./words.ts";

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** A span of time in words, in the largest unit that holds it whole. */
export function spanInWords(ms: number): string {
  const [unit, length] =
    units.find(([, length]) => ms % length === 0) ?? (["millisecond", 1] as const);
  return words.time.span(ms / length, unit);
}
