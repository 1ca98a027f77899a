import { createHash } from "node:crypto";
import type { Context } from "hono";
import { getCookie, getSignedCookie, setCookie, setSignedCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { KernError } from "../errors.ts";
import type { OsEnv } from "./auth.ts";
import { principalOf } from "./claims.ts";
import type { Door } from "./door.ts";
import { isLoopback } from "./loopback.ts";
import type { Known } from "./principal.ts";
import { invalidToken } from "./token.ts";

const sessionMs = 12 * 3_600_000;
/** What browsers keep of a cookie, its name among it; of a larger one they keep nothing, and do not say so. */
const maxCookieLength = 4096;

type Jwt = NonNullable<Door["jwt"]>;

/** A browser's sign-in with the key: a cookie that proves it for twelve hours, and holds no part of it. */
export async function openKeySession(c: Context<OsEnv>, key: string, nowMs: number): Promise<void> {
  const value = `root.${nowMs + sessionMs}`;
  await setSignedCookie(c, cookieName(c), value, secretOf(key), optionsOf(c, sessionMs));
}

/**
 * A browser's sign-in with a person's token, until that is over, or for twelve hours. The cookie holds the token itself,
 * which each request verifies anew, so that it counts no longer than it would in a header. Throws `unauthorized` for one
 * that does not hold, and `invalid_request` for one that is no person's or that no cookie can hold.
 */
export async function openTokenSession(
  c: Context<OsEnv>,
  token: string,
  jwt: Jwt,
  nowMs: number,
): Promise<void> {
  const { endsAtMs: tokenEndsAtMs, person } = await readToken(token, jwt);
  const leftMs = Math.min(tokenEndsAtMs - nowMs, sessionMs);
  if (leftMs < 1000) throw invalidToken("it is over");
  if (person.kind !== "person")
    throw new KernError(
      "invalid_request",
      "This token is a service's, and a service does not sign in.",
    );
  const { hostname, protocol } = new URL(c.req.url);
  if (protocol !== "https:" && !isLoopback(hostname))
    throw new KernError("invalid_request", "A token is taken over https only.");
  const value = `jwt.${nowMs + leftMs}.${token}`;
  const room = maxCookieLength - `${cookieName(c)}=jwt.${nowMs + leftMs}.`.length;
  if (token.length > room)
    throw new KernError(
      "invalid_request",
      `This token is too large to sign in with: it has ${token.length} characters, and a browser keeps ${room} of them at most. Have it issued with fewer claims, such as groups.`,
    );
  setCookie(c, cookieName(c), value, optionsOf(c, leftMs));
}

/** Whether the request comes with a session of one of these keys that has not run out. */
export async function hasKeySession(
  c: Context<OsEnv>,
  keys: readonly string[],
  nowMs: number,
): Promise<boolean> {
  for (const key of keys) {
    const value = await getSignedCookie(c, secretOf(key), cookieName(c));
    if (typeof value !== "string") continue;
    const expiresAtMs = Number(/^root\.(\d+)$/.exec(value)?.[1]);
    if (expiresAtMs > nowMs) return true;
  }
  return false;
}

/** The person whose token has signed in; null where there is none that holds. Throws `unavailable` where no keys can be had. */
export async function tokenPerson(
  c: Context<OsEnv>,
  jwt: Jwt,
  nowMs: number,
): Promise<Known | null> {
  const [, until, token = ""] =
    /^jwt\.(\d{1,15})\.(\S+)$/.exec(getCookie(c, cookieName(c)) ?? "") ?? [];
  // Whoever changes this end has the token, which is good by itself; and none is later than a sign-in of now has.
  const leftMs = Number(until) - nowMs;
  if (!(leftMs > 0 && leftMs <= sessionMs)) return null;
  try {
    const { endsAtMs, person } = await readToken(token, jwt);
    return endsAtMs > nowMs && person.kind === "person" ? person : null;
  } catch (error) {
    if (error instanceof KernError && error.code === "unauthorized") return null;
    throw error;
  }
}

/** Ends a browser's session, whichever kind it is. */
export function endSession(c: Context<OsEnv>): void {
  setCookie(c, cookieName(c), "", optionsOf(c, 0));
}

async function readToken(
  token: string,
  { rules, verify }: Jwt,
): Promise<{ person: Known; endsAtMs: number }> {
  const claims = await verify(token);
  const person = await principalOf(claims, rules.issuer, rules);
  return { person, endsAtMs: (claims.exp ?? 0) * 1000 };
}

function cookieName(c: Context<OsEnv>): string {
  return isSecure(c) ? "__Host-kern" : "kern";
}

function optionsOf(c: Context<OsEnv>, forMs: number): CookieOptions {
  return {
    httpOnly: true,
    sameSite: "Strict",
    path: "/",
    secure: isSecure(c),
    maxAge: Math.floor(forMs / 1000),
  };
}

function isSecure(c: Context<OsEnv>): boolean {
  return new URL(c.req.url).protocol === "https:";
}

function secretOf(key: string): string {
  return createHash("sha256").update(`kern.session.v1\n${key}`).digest("hex");
}
