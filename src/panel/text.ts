import { visible } from "../approval/visible.ts";
import { words } from "./words.ts";

/** More of one text than this is not shown: a page has many of them. */
export const maxShownLength = 20_000;

/** The text as people may read it; where it is very long, its beginning, and that there is more. */
export function shown(text: string): string {
  if (text.length <= maxShownLength) return visible(text);
  return `${visible(beginning(text, maxShownLength))}… ${words.common.abridged(text.length)}`;
}

/** The first words, on one line. */
export function firstWords(text: string, length = 120): string {
  const line = text
    .slice(0, 4 * length)
    .trim()
    .replaceAll(/\s+/g, " ");
  const isAll = line.length <= length && text.length <= 4 * length;
  return isAll ? visible(line) : `${visible(beginning(line, length))}…`;
}

function beginning(text: string, length: number): string {
  // Without the half of a character that stood across the end.
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}
