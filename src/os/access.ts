import type { Context } from "hono";
import { KernError } from "../errors.ts";
import type { OsEnv } from "./auth.ts";
import type { AuthRules } from "./auth-options.ts";
import { type Claims, principalOf } from "./claims.ts";
import { type Known, scopesIn } from "./principal.ts";
import { invalidToken, type VerifyToken } from "./token.ts";

type AccessRules = NonNullable<AuthRules["access"]>;

/**
 * Whom Cloudflare Access has let in: by the word of the platform, or by the token that it sends along. Null where neither
 * is there. The header with the plain e-mail address is never read: whoever reaches the Worker otherwise could send it.
 */
export async function accessPrincipal(
  c: Context<OsEnv>,
  rules: AccessRules,
  verify: VerifyToken,
): Promise<Known | null> {
  const claims = (await byPlatform(c, rules)) ?? (await byToken(c, verify));
  if (claims === null) return null;
  // Access lets nobody in whose address it has not verified; what an identity provider calls so may be anything.
  const verified = { ...claims, email_verified: typeof claims["email"] === "string" };
  const principal = await principalOf(verified, rules.issuer, rules);
  return { ...principal, scopes: new Set([...principal.scopes, ...scopesIn(rules.scopes)]) };
}

async function byPlatform(c: Context<OsEnv>, { audience }: AccessRules): Promise<Claims | null> {
  const access = contextOf(c);
  if (access === undefined) return null;
  if (!audience.includes(access.aud)) throw invalidToken("Access speaks of another application");
  let identity: CloudflareAccessIdentity | undefined;
  try {
    identity = await access.getIdentity();
  } catch (error) {
    throw new KernError("unavailable", "Cloudflare Access cannot be asked at the moment.", {
      cause: error,
      retryAfterMs: 1000,
    });
  }
  // A service's token has no identity: its own token says which it is.
  if (identity?.user_uuid === undefined) return null;
  const groups = identity.groups?.map((group) => (typeof group === "string" ? group : group.name));
  return { ...identity, sub: identity.user_uuid, groups: groups ?? [] };
}

async function byToken(c: Context<OsEnv>, verify: VerifyToken): Promise<Claims | null> {
  const token = c.req.header("cf-access-jwt-assertion");
  if (token === undefined) return null;
  const { custom, email, sub, ...claims } = await verify(token);
  // What the identity provider says beside the address lies one level deeper.
  return {
    ...(typeof custom === "object" && custom !== null ? custom : {}),
    ...claims,
    email,
    sub,
  };
}

function contextOf(c: Context<OsEnv>): CloudflareAccessContext | undefined {
  try {
    return (c.executionCtx as Partial<ExecutionContext>).access;
  } catch {
    // Asked outside of a Worker, as in a test of the app alone.
    return undefined;
  }
}
