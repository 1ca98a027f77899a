import { z } from "zod";

/** The Worker's variables that kern reads, and nothing else of its env; an empty variable is one that is not set. */
const schema = z.object({
  OS_SECURITY_KEY: text(),
  OS_SECURITY_KEY_PREVIOUS: text(),
  KERN_AUTH: text(),
  KERN_URL: text(),
  JWT_JWKS_URL: text(),
  JWT_KEYS: text(),
  JWT_ISSUER: text(),
  JWT_AUDIENCE: text(),
  ACCESS_TEAM: text(),
  ACCESS_AUDIENCE: text(),
  ACCESS_SCOPES: text(),
});

export interface Settings {
  /** The security keys that are valid now: the current one first. */
  securityKeys: string[];
  /** True where the operator has said that nobody needs to sign in. */
  open: boolean;
  /** Where people reach this service, for links in messages; null where it is not said. */
  url: string | null;
  jwt: Given<"jwksUrl" | "keys" | "issuer" | "audience">;
  access: Given<"team" | "audience" | "scopes">;
}

/** What is set of some settings that belong together; what is not set is not there. */
type Given<Name extends string> = Partial<Record<Name, string>>;

/** An env never changes, and every request brings the same one. */
const known = new WeakMap<object, Settings>();

export function readSettings(env: unknown): Settings {
  if (typeof env !== "object" || env === null) return settingsOf({});
  const settings = known.get(env) ?? settingsOf(env);
  known.set(env, settings);
  return settings;
}

function settingsOf(env: object): Settings {
  const found = schema.parse(env);
  const { OS_SECURITY_KEY: current, OS_SECURITY_KEY_PREVIOUS: previous } = found;
  return {
    securityKeys:
      current === undefined ? [] : [current, previous].filter((key) => key !== undefined),
    open: found.KERN_AUTH === "none",
    url: originIn(found.KERN_URL),
    jwt: given({
      jwksUrl: found.JWT_JWKS_URL,
      keys: found.JWT_KEYS,
      issuer: found.JWT_ISSUER,
      audience: found.JWT_AUDIENCE,
    }),
    access: given({
      team: found.ACCESS_TEAM,
      audience: found.ACCESS_AUDIENCE,
      scopes: found.ACCESS_SCOPES,
    }),
  };
}

function given<Name extends string>(values: Record<Name, string | undefined>): Given<Name> {
  const set = Object.entries<string | undefined>(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Given<Name>;
}

function text() {
  return z
    .unknown()
    .optional()
    .transform((value) =>
      typeof value === "string" && value.trim() !== "" ? value.trim() : undefined,
    );
}

function originIn(text: string | undefined): string | null {
  return text !== undefined && URL.canParse(text) ? new URL(text).origin : null;
}
