import { DatabaseError } from "pg";
import { KernError } from "../errors.ts";
import { unavailable, withoutQuery } from "./failure.ts";

/**
 * Lost connections, two who wrote at once (40001, 40P01) and a server that restarts (57P01 to 57P03). Too many connections
 * (53300) and what takes too long (57014, or no answer at all) are not of the moment: it does not get less by asking again.
 */
export function isOfTheMoment(cause: unknown): boolean {
  if (cause instanceof DatabaseError)
    return /^(08...|40001|40P01|57P0[123])$/.test(cause.code ?? "");
  return /terminated|lost|closed|cannot connect|ECONN|EPIPE/.test(String(cause));
}

/** Whether Postgres failed because a table or a column is not there. */
export function isSchemaMissing(error: unknown): boolean {
  return ["42P01", "42703"].includes(stateOf(error) ?? "");
}

/** What is told of a failure: of one that is not the moment's, Postgres's own code, which names what has to be mended. */
export function failed(error: unknown): KernError {
  const state = stateOf(error);
  if (state === undefined || /^(08|40|53|57|58)/.test(state)) return unavailable(error);
  return new KernError(
    "unavailable",
    `The database refused what was asked of it (SQLSTATE ${state}).`,
    { cause: withoutQuery(error), retryAfterMs: 1000 },
  );
}

function stateOf(error: unknown): string | undefined {
  const cause = withoutQuery(error);
  return cause instanceof DatabaseError ? cause.code : undefined;
}
