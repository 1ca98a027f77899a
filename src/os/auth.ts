import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { KernError } from "../errors.ts";
import { isLoopback, originOf } from "./loopback.ts";
import { anonymous, type Principal, root, type Scope } from "./principal.ts";
import { readSettings, type Settings } from "./settings.ts";

export interface OsEnv {
  Bindings: Record<string, unknown>;
  Variables: { principal: Principal };
}

const sessionMs = 12 * 3_600_000;

/** Finds out who makes the request, or refuses it: no handler behind this one ever runs without a principal. */
export function authenticate(now: () => number) {
  return createMiddleware<OsEnv>(async (c, next) => {
    const settings = readSettings(c.env);
    c.set(
      "principal",
      settings.securityKeys.length > 0 ? await byKey(c, settings, now()) : withoutKey(c, settings),
    );
    await next();
  });
}

/** Refuses principals that do not hold the scope. The guard says which it asks for, so that the document need not be told. */
export function requires(scope: Scope) {
  const guard = createMiddleware<OsEnv>(async (c, next) => {
    if (!c.var.principal.scopes.has(scope)) throw new KernError("forbidden", lacking(scope));
    await next();
  });
  return Object.assign(guard, { scope });
}

/** What is said to who does not hold the scope. */
export function lacking(scope: Scope): string {
  return `Insufficient permissions. Required scope(s): ${scope}`;
}

async function byKey(
  c: Context<OsEnv>,
  { securityKeys }: Settings,
  nowMs: number,
): Promise<Principal> {
  const header = c.req.header("authorization");
  if (header === undefined) {
    if (await hasSession(c, securityKeys, nowMs)) return root;
    throw new KernError("unauthorized", "Authorization header required");
  }
  const [, token] = /^bearer +(\S+)$/i.exec(header.trim()) ?? [];
  if (token === undefined || !isKey(token, securityKeys)) {
    throw new KernError("unauthorized", "Invalid authentication token");
  }
  return root;
}

/** Whether this is one of the keys; takes the same time whichever it is, and however much of it is right. */
export function isKey(token: string, keys: readonly string[]): boolean {
  return keys.map((key) => timingSafeEqual(digest(key), digest(token))).includes(true);
}

/** Without a key only this machine's own people are served, and no page of someone else's that they have open. */
function withoutKey(c: Context<OsEnv>, { open }: Settings): Principal {
  const url = new URL(c.req.url);
  const origin = originOf(c.req.header("origin"));
  const foreign =
    origin !== null &&
    origin !== url.origin &&
    !(isLoopback(url.hostname) && isLoopback(hostOf(origin)));
  const advice = "Set OS_SECURITY_KEY, or KERN_AUTH=none to serve everyone without authentication.";
  if (foreign)
    throw new KernError(
      "unavailable",
      `Without a security key, requests of pages from elsewhere are refused. ${advice}`,
    );
  if (open) return anonymous;
  if (c.req.header("cf-ray") !== undefined) {
    throw new KernError(
      "unavailable",
      `Without a security key, nothing is served behind Cloudflare's edge. ${advice}`,
    );
  }
  if (!isLoopback(url.hostname)) {
    throw new KernError(
      "unavailable",
      `Without a security key, only a loopback address is served. ${advice}`,
    );
  }
  return anonymous;
}

function hostOf(origin: string): string {
  return origin === "null" ? "" : new URL(origin).hostname;
}

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

async function hasSession(
  c: Context<OsEnv>,
  keys: readonly string[],
  nowMs: number,
): Promise<boolean> {
  // A cookie comes along by itself, so it never speaks for a page of another origin.
  const origin = originOf(c.req.header("origin"));
  if (origin !== null && origin !== new URL(c.req.url).origin) return false;
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
  return digest(`kern.session.v1\n${key}`).toString("hex");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
