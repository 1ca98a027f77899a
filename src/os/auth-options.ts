import { createPublicKey } from "node:crypto";
import type { JSONWebKeySet, JWK } from "jose";
import { KernError } from "../errors.ts";
import type { PrincipalOf } from "./claims.ts";
import { isLoopback } from "./loopback.ts";
import { isScope } from "./principal.ts";
import type { Settings } from "./settings.ts";
import type { TokenRules } from "./token.ts";

/** Who may come in, beside the security key and the project's own API keys. What is set here wins over variables. */
export interface AuthOptions {
  /** Tokens of an identity provider's. */
  jwt?: JwtOptions;
  /** People whom Cloudflare Access has let in. */
  access?: AccessOptions;
  /** Whether who is no admin sees only the runs, sessions and approvals that they have asked for; default false. */
  isolateUsers?: boolean;
}

export interface JwtOptions {
  /** Where the issuer publishes its keys, over https; or JWT_JWKS_URL. */
  jwksUrl?: string;
  /** Its public keys instead: PEM, a JWK or a JWKS, also several PEMs in one text; or JWT_KEYS. */
  keys?: string | JWK | JSONWebKeySet;
  /** What `iss` must be, to the letter; or JWT_ISSUER. */
  issuer?: string;
  /** What `aud` must name, one of these where there are several; or JWT_AUDIENCE. */
  audience?: string | readonly string[];
  /** The claims that hold scopes (default `scope` and `scopes`) and groups (default `groups`): a list, or words in a text. */
  claims?: { scopes?: string; groups?: string };
  /** What else a verified token says of its bearer; null refuses it. What is left out is as it would be without. */
  principal?: PrincipalOf;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

export interface AccessOptions {
  /** The team's name, as in TEAM.cloudflareaccess.com; or ACCESS_TEAM. */
  team?: string;
  /** The application's audience tag; or ACCESS_AUDIENCE. */
  audience?: string | readonly string[];
  /** What everybody may do whom Access lets in; or ACCESS_SCOPES, with spaces between them. Default: nothing. */
  scopes?: readonly string[];
  /** What else an identity says; null refuses it. */
  principal?: PrincipalOf;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

/** The options and the variables together, checked; null where nothing is said of one. */
export interface AuthRules {
  jwt: (TokenRules & Pick<JwtOptions, "claims" | "principal">) | null;
  access: (TokenRules & Pick<AccessOptions, "principal"> & { scopes: readonly string[] }) | null;
}

/** Throws `unavailable`, and says what is missing, where something is only half said. */
export function authRules(options: AuthOptions, settings: Settings): AuthRules {
  return { jwt: jwtRules(options, settings), access: accessRules(options, settings) };
}

function jwtRules({ jwt: options }: AuthOptions, settings: Settings): AuthRules["jwt"] {
  if (options === undefined && Object.keys(settings.jwt).length === 0) return null;
  const { claims, principal, fetch, ...own } = options ?? {};
  // Keys that are given in one place are not those of the other.
  const { jwksUrl, keys, ...named } = settings.jwt;
  const elsewhere = own.jwksUrl === undefined && own.keys === undefined ? { jwksUrl, keys } : {};
  const said = { ...elsewhere, ...named, ...own };
  const issuer = need(said.issuer, "JWT_ISSUER", "auth.jwt.issuer");
  const audience = need(said.audience, "JWT_AUDIENCE", "auth.jwt.audience");
  if (issuer.includes("|")) throw unusable("The issuer of tokens has a '|' in it.");
  if ((said.jwksUrl === undefined) === (said.keys === undefined))
    throw unusable(
      "Give JWT_JWKS_URL (auth.jwt.jwksUrl) or JWT_KEYS (auth.jwt.keys), and not both.",
    );
  return {
    issuer,
    audience: listOf(audience),
    keys: said.keys === undefined ? urlOf(said.jwksUrl ?? "") : keySetOf(said.keys),
    ...(fetch !== undefined && { fetch }),
    ...(claims !== undefined && { claims }),
    ...(principal !== undefined && { principal }),
  };
}

function accessRules({ access: options }: AuthOptions, settings: Settings): AuthRules["access"] {
  if (options === undefined && Object.keys(settings.access).length === 0) return null;
  const { principal, fetch, ...own } = options ?? {};
  const said = { ...settings.access, ...own };
  const team = need(said.team, "ACCESS_TEAM", "auth.access.team");
  const audience = need(said.audience, "ACCESS_AUDIENCE", "auth.access.audience");
  if (!/^[a-z0-9-]+$/i.test(team))
    throw unusable(`ACCESS_TEAM is the team's name alone, as in TEAM.cloudflareaccess.com.`);
  const scopes = typeof said.scopes === "string" ? said.scopes.split(/\s+/) : (said.scopes ?? []);
  const odd = scopes.find((scope) => !isScope(scope));
  if (odd !== undefined) throw unusable(`ACCESS_SCOPES names '${odd}', which is no scope.`);
  const issuer = `https://${team.toLowerCase()}.cloudflareaccess.com`;
  return {
    issuer,
    audience: listOf(audience),
    keys: new URL(`${issuer}/cdn-cgi/access/certs`),
    scopes,
    ...(fetch !== undefined && { fetch }),
    ...(principal !== undefined && { principal }),
  };
}

function need<T extends string | readonly string[]>(
  value: T | undefined,
  variable: string,
  option: string,
): T {
  if (value !== undefined && value.length > 0 && listOf(value).every((one) => one !== ""))
    return value;
  throw unusable(`${variable} (${option}) is missing.`);
}

function unusable(what: string): KernError {
  return new KernError("unavailable", `Authentication is half configured. ${what}`);
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === "string" ? [value] : [...value];
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  // Who can change what comes over an open line could let in anybody.
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname)))
    return url;
  throw unusable("JWT_JWKS_URL (auth.jwt.jwksUrl) is no https address.");
}

function keySetOf(given: string | JWK | JSONWebKeySet): JSONWebKeySet {
  const keys = jwksOf(given);
  // A secret that is taken for a public key would let in whoever knows it.
  const isPublic = ({ d, k, kty }: JWK) =>
    d === undefined && k === undefined && ["RSA", "EC", "OKP"].includes(kty ?? "");
  if (keys.length === 0 || !keys.every(isPublic)) throw noKeys();
  return { keys };
}

function jwksOf(given: string | JWK | JSONWebKeySet): JWK[] {
  if (typeof given !== "string") return isSet(given) ? given.keys : [given];
  try {
    if (given.trimStart().startsWith("{")) return jwksOf(JSON.parse(given) as JWK);
    const pems = given.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
    return pems.map((pem) => createPublicKey(pem).export({ format: "jwk" }) as JWK);
  } catch {
    throw noKeys();
  }
}

function isSet(given: JWK | JSONWebKeySet): given is JSONWebKeySet {
  return "keys" in given && Array.isArray(given.keys);
}

function noKeys(): KernError {
  return unusable(
    "JWT_KEYS (auth.jwt.keys) holds no public keys: give PEM (BEGIN PUBLIC KEY), a JWK or a JWKS, of RSA, EC or Ed25519.",
  );
}
