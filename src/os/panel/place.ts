import type { Position } from "../../run/position.ts";

/** A place in a list, as an address has it. */
export function placeText({ created_at_ms, id }: Position): string {
  return `${created_at_ms}.${id}`;
}

/** Where a page begins; what is no place is the beginning of the list. */
export function placeOf(text = ""): Position | null {
  const [, at, id] = /^(\d{1,15})\.(\w{1,100})$/.exec(text) ?? [];
  return at === undefined || id === undefined ? null : { created_at_ms: Number(at), id };
}
