import type { CallOutcome } from "../approval/record.ts";
import { words } from "./words.ts";

/** What came of the call, or that nothing has yet. */
export function outcomeInWords(outcome: CallOutcome | null): string {
  const { kinds, line, none } = words.outcome;
  return line(outcome === null ? none : kinds[outcome]);
}
