/**
 * Text as Postgres can keep it: without NUL, which it refuses, and which people and models can send. A code point that is
 * no character stands for it; where that itself is sent, it is doubled.
 */
export function toPostgresText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\0\uFFFF]/g, (found) => (found === "\0" ? "\uFFFF\uFFFE" : "\uFFFF\uFFFF"));
}

/** The text that was given to `toPostgresText`. */
export function fromPostgresText(stored: string): string {
  return stored.replace(/\uFFFF[\uFFFE\uFFFF]/g, (found) =>
    found.endsWith("\uFFFE") ? "\0" : "\uFFFF",
  );
}
