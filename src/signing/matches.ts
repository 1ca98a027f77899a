import { timingSafeEqual } from "node:crypto";

/** More secrets than anybody has while rotating; what is sent with more signatures is sent to keep us busy. */
const mostGiven = 32;

/**
 * Whether any of what was given is any of what is expected, as text. All are compared with all, so that the time it takes
 * does not tell which one was close. Of more than 32 that were given none is.
 */
export function matches(given: readonly string[], expected: readonly string[]): boolean {
  if (given.length > mostGiven) return false;
  const found = expected.flatMap((wanted) => given.map((text) => isSame(text, wanted)));
  return found.includes(true);
}

/** The length of a signature is no secret. */
function isSame(text: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(text), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
