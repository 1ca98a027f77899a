import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { KernError } from "../../errors.ts";

/** What a link in a mail proves: that whoever has it can read what is sent to this address. */
export interface LinkClaims {
  /** Names the link: it is good once. */
  jti: string;
  /** The address that it was sent to. */
  sub: string;
  approval: string;
  args_hash: string;
  /** The groups by which the policy named this address. */
  groups: string[];
  /** When it stops to be good, in epoch seconds. */
  exp: number;
}

/** Which service's links these are, and which of its channels': `https://kern.example.com/email/decide`. */
type Audience = string;

const variable = "EMAIL_LINK_KEYS";
const typ = "kern-approval+jwt";

const schema = z.object({
  jti: z.string(),
  sub: z.string(),
  approval: z.string(),
  args_hash: z.string(),
  groups: z.array(z.string()),
  exp: z.number(),
});

/** Signs with the first key; null where the Worker has none. */
export async function signLink(
  env: Record<string, unknown>,
  { jti, sub, exp, ...claims }: LinkClaims,
  audience: Audience,
): Promise<string | null> {
  const [first] = keysIn(env);
  if (first === undefined) return null;
  const [kid, key] = first;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", kid, typ })
    .setAudience(audience)
    .setSubject(sub)
    .setJti(jti)
    .setExpirationTime(exp)
    .sign(key);
}

/** The claims of a link that holds; null for any other: why, only the log is told, and never the token. */
export async function verifyLink(
  env: Record<string, unknown>,
  token: string,
  { audience, nowMs }: { audience: Audience; nowMs: number },
): Promise<LinkClaims | null> {
  const keys = new Map(keysIn(env));
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.get(kid ?? "");
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: ["HS256"],
        audience,
        typ,
        currentDate: new Date(nowMs),
        requiredClaims: ["exp", "sub", "jti"],
      },
    );
    return schema.parse(payload);
  } catch (error) {
    const reason = error instanceof errors.JOSEError ? error.code : "it cannot be read";
    console.warn("kern: a link of a mail was refused:", reason);
    return null;
  }
}

/** The keys by their names: the first signs, and all verify. */
function keysIn(env: Record<string, unknown>): [kid: string, key: Uint8Array][] {
  const text = env[variable];
  if (typeof text !== "string" || text.trim() === "") return [];
  const keys = parsed(text);
  if (keys === null)
    throw new KernError(
      "unavailable",
      `${variable} is a JSON object of keys by their names: {"k1":"…"}, each name beginning with a letter, each key the base64 of 32 random bytes (openssl rand -base64 32).`,
    );
  return keys;
}

function parsed(text: string): [string, Uint8Array][] | null {
  try {
    const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
    const read = keys.map(([kid, value]): [string, Uint8Array] | null => {
      const key = Buffer.from(String(value), "base64");
      // A name that is a number would not stay in its place.
      const isGood = /^[A-Za-z][\w-]{0,63}$/.test(kid) && key.length >= 32;
      return isGood && key.toString("base64") === value ? [kid, new Uint8Array(key)] : null;
    });
    return read.length > 0 && read.every((key) => key !== null) ? read : null;
  } catch {
    return null;
  }
}
