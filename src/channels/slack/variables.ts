import { KernError } from "../../errors.ts";

/** The app's signing secrets; the one of before is still there while rotating. */
export function secretsIn(env: Record<string, unknown>, variable: string): string[] {
  const secrets = wordsIn(env, variable);
  if (secrets.length === 0)
    throw missing(variable, "so nobody could answer, and nothing is taken or sent");
  return secrets;
}

/** The bot's token. */
export function tokenIn(env: Record<string, unknown>, variable: string): string {
  const [token] = wordsIn(env, variable);
  if (token === undefined) throw missing(variable, "so Slack lets nothing through");
  return token;
}

function wordsIn(env: Record<string, unknown>, variable: string): string[] {
  const value = env[variable];
  return typeof value === "string" ? value.split(/\s+/).filter((word) => word !== "") : [];
}

function missing(variable: string, consequence: string): KernError {
  return new KernError(
    "unavailable",
    `The variable ${variable} is not set, ${consequence}: npx wrangler secret put ${variable}`,
  );
}
