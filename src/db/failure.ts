import { DrizzleQueryError } from "drizzle-orm";
import { KernError } from "../errors.ts";

/** What `kern_meta` says once every migration of this release has been applied, in either database. */
export const schemaVersion = 11;

/** Runs `ask` again, at most twice and after a short wait, when it fails for a reason of the moment. */
export async function repeating<T>(
  ask: () => Promise<T>,
  isOfTheMoment: (cause: unknown) => boolean,
): Promise<T> {
  for (const waitMs of [50, 200]) {
    try {
      return await ask();
    } catch (error) {
      if (!isOfTheMoment(withoutQuery(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return ask();
}

export function unavailable(error: unknown): KernError {
  return new KernError("unavailable", "The database cannot be reached at the moment.", {
    cause: withoutQuery(error),
    retryAfterMs: 1000,
  });
}

/** `command` is the one that mends it. */
export function behind(found: number, command: string): KernError {
  const has = found < schemaVersion ? found : `${found} with a table or column missing`;
  return new KernError(
    "unavailable",
    `The database is behind this version of kern (has ${has}, needs ${schemaVersion}). ` +
      `Apply its migrations: ${command}`,
  );
}

/** Drizzle's own message quotes the query's parameters, which are people's data: what the database said is enough. */
export function withoutQuery(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}
