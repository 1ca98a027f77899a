import { parseStrictJson } from "../tools/json.ts";

/** A text over several lines, where it is JSON that nothing gets lost of; else as it was written. */
export function indented(text: string): string {
  try {
    return JSON.stringify(parseStrictJson(text), null, 2);
  } catch {
    return text;
  }
}
