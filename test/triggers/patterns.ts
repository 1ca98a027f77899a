import fc from "fast-check";
import type { Field, Pattern } from "./wall-clock.ts";

/** Any way to write one field of these values, of which some are more likely than others. */
function field(from: number, to: number, likely: readonly number[] = []): fc.Arbitrary<Field> {
  const any = fc.integer({ min: from, max: to });
  const value = likely.length === 0 ? any : fc.oneof(fc.constantFrom(...likely), any);
  const one = (text: string, first: number, last: number, step = 1): Field => ({
    text,
    values: new Set(Array.from({ length: to + 1 }, (_, n) => n).filter(isIn(first, last, step))),
  });
  const single = value.map((n) => one(String(n), n, n));
  const range = fc.tuple(value, value).map(([a, b]) => {
    const [first, last] = a < b ? [a, b] : [b, a];
    return one(`${first}-${last}`, first, last);
  });
  const step = fc.integer({ min: 2, max: to - from });
  const steps = step.map((n) => one(`*/${n}`, from, to, n));
  const stepsFrom = fc
    .tuple(any, step)
    .map(([first, n]) => one(`${first}-${to}/${n}`, first, to, n));
  const list = fc.array(fc.oneof(single, range), { minLength: 2, maxLength: 3 }).map((all) => ({
    text: all.map(({ text }) => text).join(","),
    values: new Set(all.flatMap(({ values }) => [...values])),
  }));
  const every = fc.constant(one("*", from, to));
  return fc.oneof(
    { weight: 3, arbitrary: every },
    { weight: 3, arbitrary: single },
    range,
    steps,
    stepsFrom,
    list,
  );
}

function isIn(first: number, last: number, step: number): (n: number) => boolean {
  return (n) => n >= first && n <= last && (n - first) % step === 0;
}

const star = (to: number, from = 0): Field => ({
  text: "*",
  values: new Set(Array.from({ length: to + 1 }, (_, n) => n).filter((n) => n >= from)),
});

/** Patterns of five fields; hours around those at which clocks change are likely, and most are of every day. */
export const patterns: fc.Arbitrary<Pattern> = fc.record({
  minute: field(0, 59, [0, 15, 30, 45]),
  hour: field(0, 23, [0, 1, 2, 3, 22, 23]),
  day: fc.oneof({ weight: 3, arbitrary: fc.constant(star(31, 1)) }, field(1, 31)),
  month: fc.oneof({ weight: 5, arbitrary: fc.constant(star(12, 1)) }, field(1, 12)),
  weekday: fc.oneof({ weight: 3, arbitrary: fc.constant(star(6)) }, field(0, 6)),
});
