import { createHash } from "node:crypto";
import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import type { OsEnv } from "./auth.ts";

const sessionMs = 12 * 3_600_000;

/** A browser's sign-in with the key: a cookie that proves it for twelve hours, and holds no part of it. */
export async function openSession(c: Context<OsEnv>, key: string, nowMs: number): Promise<void> {
  const secure = new URL(c.req.url).protocol === "https:";
  await setSignedCookie(c, cookieName(c), `root.${nowMs + sessionMs}`, secretOf(key), {
    httpOnly: true,
    sameSite: "Strict",
    path: "/",
    secure,
    maxAge: sessionMs / 1000,
  });
}

/** Whether the request comes with a session of one of these keys that has not run out. */
export async function hasSession(
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

export function cookieName(c: Context<OsEnv>): string {
  return new URL(c.req.url).protocol === "https:" ? "__Host-kern" : "kern";
}

function secretOf(key: string): string {
  return createHash("sha256").update(`kern.session.v1\n${key}`).digest("hex");
}
