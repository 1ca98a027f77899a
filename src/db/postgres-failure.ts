import { withoutQuery } from "./failure.ts";

/**
 * Lost connections, two who wrote at once (40001, 40P01) and a server that restarts (57P01 to 57P03). Too many connections
 * (53300) and a query that took too long (57014) are not of the moment: what is too much does not get less by asking again.
 */
export function isOfTheMoment(cause: unknown): boolean {
  const code = codeOf(cause);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code))
    return /^(08...|40001|40P01|57P0[123])$/.test(code);
  // A connection that is lost has no such code, and a wait that was given up is no lost connection.
  return !/timeout/i.test(String(cause));
}

/** Whether Postgres failed because a table or a column is not there. */
export function isSchemaMissing(error: unknown): boolean {
  return ["42P01", "42703"].includes(codeOf(withoutQuery(error)) ?? "");
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
