import { DrizzleQueryError } from "drizzle-orm";
import { KernError, messageOf } from "../errors.ts";

/** Failures of the moment, of which D1 says that a write which is safe to repeat may be repeated. */
const transient = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue",
];

/** Runs `ask` again, at most twice and after a short wait, when it fails for a reason of the moment. */
export async function repeating<T>(ask: () => Promise<T>): Promise<T> {
  for (const waitMs of [50, 200]) {
    try {
      return await ask();
    } catch (error) {
      const message = messageOf(withoutQuery(error));
      if (!transient.some((text) => message.includes(text))) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return ask();
}

/** Whether D1 failed because a table or a column is not there. */
export function isSchemaMissing(error: unknown): boolean {
  return /no such (table|column)|has no column named/i.test(messageOf(withoutQuery(error)));
}

export function unavailable(error: unknown): KernError {
  return new KernError("unavailable", "The database cannot be reached at the moment.", {
    cause: withoutQuery(error),
    retryAfterMs: 1000,
  });
}

/** `binding` names the database in the command that mends it. */
export function behind(found: number, needed: number, binding: string): KernError {
  const has = found < needed ? found : `${found} with a table or column missing`;
  return new KernError(
    "unavailable",
    `The database is behind this version of kern (has ${has}, needs ${needed}). ` +
      `Apply its migrations: npx wrangler d1 migrations apply ${binding} --local (or --remote).`,
  );
}

/** Drizzle's own message quotes the query's parameters, which are people's data: what D1 said is enough. */
function withoutQuery(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}
