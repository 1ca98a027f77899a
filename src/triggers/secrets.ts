import { KernError } from "../errors.ts";

/** What a secret is like. */
export interface Shape {
  fits: (secret: string) => boolean;
  /** In words: the variable holds something else than this. */
  words: string;
}

/** Shorter ones can be guessed; so can the words of a phrase, which spaces would make secrets of their own. */
export const longText: Shape = {
  fits: (secret) => secret.length >= 16,
  words: "text of 16 characters at least, without spaces",
};

/**
 * The secrets in a variable of the Worker's: one, or several with spaces between while rotating. Throws `unavailable` where
 * there is none, or where one is not of this shape.
 */
export function secretsIn(
  env: Record<string, unknown>,
  variable: string,
  { fits, words }: Shape,
): string[] {
  const value = env[variable];
  const secrets = typeof value === "string" ? value.split(/\s+/).filter((part) => part !== "") : [];
  const command = `npx wrangler secret put ${variable}`;
  if (secrets.length === 0)
    throw new KernError(
      "unavailable",
      `The variable ${variable} is not set, so nobody could tell who sends what comes in, and nothing is taken: ${command}`,
    );
  if (!secrets.every(fits))
    throw new KernError(
      "unavailable",
      `The variable ${variable} holds something else than ${words}, so nothing is taken: ${command}`,
    );
  return secrets;
}

/** The name of a variable that an option gives; throws a TypeError for what is no name. */
export function variableNamed(name: unknown): string {
  if (typeof name !== "string" || !/^[A-Za-z_]\w{0,127}$/.test(name))
    throw new TypeError(
      "A webhook's secret is given by the name of a variable of the Worker's, such as \"GITHUB_WEBHOOK_SECRET\", and never itself.",
    );
  return name;
}
