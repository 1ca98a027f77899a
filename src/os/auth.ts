import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Assurance } from "../tools/policy.ts";
import { KernError } from "../errors.ts";
import type { Db } from "../run/store.ts";
import { accessPrincipal } from "./access.ts";
import { apiKeyPrincipal } from "./api-key-principal.ts";
import { looksLikeApiKey } from "./api-key.ts";
import { type AuthOptions, type AuthRules, authRules } from "./auth-options.ts";
import { hasSession } from "./browser-session.ts";
import { principalOf } from "./claims.ts";
import { refuseStrangers } from "./local-mode.ts";
import { originOf } from "./loopback.ts";
import { holds, holdsAny, isAdmin, type Principal, type Scope, shared } from "./principal.ts";
import { readSettings } from "./settings.ts";
import { tokenVerifier, type VerifyToken } from "./token.ts";

export interface OsEnv {
  Bindings: Record<string, unknown>;
  Variables: { principal: Principal };
}

/** Whom the credential of a request proves, before it is known what that is for. */
type Known = Omit<Principal, "assurance" | "ownOnly">;

export interface AuthParts {
  options: AuthOptions;
  db: Db | null;
  now: () => number;
}

/**
 * Makes the guards that find out who makes a request, or refuse it: no handler behind one ever runs without a principal.
 * `door` is by which way the request comes in: what a browser's sign-in says at the panel is said there.
 */
export function authenticator({ db, now, options }: AuthParts) {
  const doors = new WeakMap<object, Door>();
  const doorOf = (env: object): Door => {
    const door = doors.get(env) ?? openDoor(options, env, now);
    doors.set(env, door);
    return door;
  };

  const identify = async (c: Context<OsEnv>): Promise<[Known, isBrowsers: boolean]> => {
    const { access, isConfigured, jwt, open, securityKeys } = doorOf(c.env);
    if (!isConfigured) refuseStrangers(c, open);
    const header = c.req.header("authorization");
    if (header === undefined) {
      // What a browser sends along by itself never speaks for a page of another origin.
      if (isOwnPage(c)) {
        const person = access && (await accessPrincipal(c, access.rules, access.verify));
        if (person !== null) return [person, true];
        if (await hasSession(c, securityKeys, now())) return [shared("root", "api"), true];
      }
      if (!isConfigured) return [shared("anonymous", "api"), true];
      throw new KernError("unauthorized", "Authorization header required");
    }
    const [, token = ""] = /^bearer +(\S+)$/i.exec(header.trim()) ?? [];
    if (isKey(token, securityKeys)) return [shared("root", "api"), false];
    if (looksLikeApiKey(token)) return [await apiKeyPrincipal(c.env, db, token, now()), false];
    // With nothing to check it against, a credential says nothing.
    if (!isConfigured) return [shared("anonymous", "api"), false];
    if (jwt === null || token === "")
      throw new KernError("unauthorized", "Invalid authentication token");
    return [await principalOf(await jwt.verify(token), jwt.rules.issuer, jwt.rules), false];
  };

  return (door: "panel" | "api") =>
    createMiddleware<OsEnv>(async (c, next) => {
      const [known, isBrowsers] = await identify(c);
      const assurance: Assurance = isBrowsers ? door : "api";
      const ownOnly = options.isolateUsers === true && !known.shared && !isAdmin(known);
      c.set("principal", { ...known, assurance, ownOnly });
      await next();
    });
}

/** Whether an env says how anybody is let in, beside who is at this machine. */
export function isConfigured(options: AuthOptions, env: unknown): boolean {
  const { access, jwt, securityKeys } = readSettings(env);
  return (
    securityKeys.length > 0 ||
    options.jwt !== undefined ||
    options.access !== undefined ||
    Object.keys({ ...jwt, ...access }).length > 0
  );
}

/**
 * Refuses principals that do not hold the scope: for all agents or teams, or for the one that the path names; with `some`,
 * where the path names none, for any of them. The guard says which scope it asks for, so that the document need not be told.
 */
export function requires(scope: Scope, { some = false } = {}) {
  const kind = /^(agent|team)s:/.exec(scope)?.[1];
  const guard = createMiddleware<OsEnv>(async (c, next) => {
    const { principal } = c.var;
    const id = kind === undefined ? undefined : c.req.param(`${kind}_id`);
    const isHeld = some ? holdsAny(principal, scope) : holds(principal, scope, id);
    if (!isHeld) throw new KernError("forbidden", lacking(scope));
    await next();
  });
  return Object.assign(guard, { scope });
}

/** What is said to who does not hold the scope. */
export function lacking(scope: Scope): string {
  return `Insufficient permissions. Required scope(s): ${scope}`;
}

/** Whether this is one of the keys; takes the same time whichever it is, and however much of it is right. */
export function isKey(token: string, keys: readonly string[]): boolean {
  return keys.map((key) => timingSafeEqual(digest(key), digest(token))).includes(true);
}

/** How an env lets people in. Where that is only half said, nobody is, and everybody is told. */
interface Door {
  isConfigured: boolean;
  securityKeys: readonly string[];
  open: boolean;
  jwt: Checked<"jwt"> | null;
  access: Checked<"access"> | null;
}
type Checked<Kind extends keyof AuthRules> = {
  rules: NonNullable<AuthRules[Kind]>;
  verify: VerifyToken;
};

function openDoor(options: AuthOptions, env: object, now: () => number): Door {
  const settings = readSettings(env);
  const { access, jwt } = authRules(options, settings);
  const { open, securityKeys } = settings;
  return {
    isConfigured: isConfigured(options, env),
    securityKeys,
    open,
    jwt: jwt && { rules: jwt, verify: tokenVerifier(jwt, now) },
    access: access && { rules: access, verify: tokenVerifier(access, now) },
  };
}

/** Whether the request is of no page, or of one of this very origin. */
function isOwnPage(c: Context<OsEnv>): boolean {
  const origin = originOf(c.req.header("origin"));
  return origin === null || origin === new URL(c.req.url).origin;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
