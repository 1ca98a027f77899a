import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Agent } from "../agent/agent.ts";
import type { Assurance } from "../tools/policy.ts";
import { KernError } from "../errors.ts";
import type { Db } from "../run/store.ts";
import { accessPrincipal } from "./access.ts";
import { apiKeyPrincipal } from "./api-key-principal.ts";
import { looksLikeApiKey } from "./api-key.ts";
import type { AuthOptions } from "./auth-options.ts";
import { hasKeySession, tokenPerson } from "./browser-session.ts";
import { principalOf } from "./claims.ts";
import type { Door } from "./door.ts";
import { refuseStrangers } from "./local-mode.ts";
import { originOf } from "./loopback.ts";
import {
  holds,
  holdsAny,
  isAdmin,
  type Known,
  type Principal,
  type Scope,
  shared,
} from "./principal.ts";

export interface OsEnv {
  Bindings: Record<string, unknown>;
  Variables: { principal: Principal };
}

export interface AuthParts {
  options: AuthOptions;
  doorOf: (env: object) => Door;
  db: Db | null;
  now: () => number;
}

/**
 * Makes the guards that find out who makes a request, or refuse it: no handler behind one ever runs without a principal.
 * `door` is by which way the request comes in: what a browser's sign-in says at the panel is said there.
 */
export function authenticator({ db, doorOf, now, options }: AuthParts) {
  const identify = async (c: Context<OsEnv>): Promise<[Known, isBrowsers: boolean]> => {
    const { access, isConfigured, jwt, open, securityKeys } = doorOf(c.env);
    if (!isConfigured) refuseStrangers(c, open);
    const header = c.req.header("authorization");
    if (header === undefined) {
      // What a browser sends along by itself never speaks for a page of another origin.
      if (isOwnPage(c)) {
        const person = access && (await accessPrincipal(c, access.rules, access.verify));
        if (person !== null) return [person, true];
        if (await hasKeySession(c, securityKeys, now())) return [shared("root", "api"), true];
        const bearer = jwt && (await tokenPerson(c, jwt, now()));
        if (bearer !== null) return [bearer, true];
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

/** Throws `forbidden` for who may not run this agent or team; of one that is not there any more, for who may not run agents. */
export function mustBeRunBy(
  principal: Principal,
  { id, sourceType }: Pick<Agent, "id" | "sourceType">,
): void {
  const scope: Scope = sourceType === "team" ? "teams:run" : "agents:run";
  if (!holds(principal, scope, id)) throw new KernError("forbidden", lacking(scope));
}

/** What is said to who does not hold the scope. */
export function lacking(scope: Scope): string {
  return `Insufficient permissions. Required scope(s): ${scope}`;
}

/** Whether this is one of the keys; takes the same time whichever it is, and however much of it is right. */
export function isKey(token: string, keys: readonly string[]): boolean {
  return keys.map((key) => timingSafeEqual(digest(key), digest(token))).includes(true);
}

/** Whether the request is of no page, or of one of this very origin. */
function isOwnPage(c: Context<OsEnv>): boolean {
  const origin = originOf(c.req.header("origin"));
  return origin === null || origin === new URL(c.req.url).origin;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
