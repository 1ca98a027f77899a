import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import { KernError } from "../errors.ts";

/** What a token must be to be believed. */
export interface TokenRules {
  issuer: string;
  audience: string[];
  /** The keys themselves, or where they are published. */
  keys: JSONWebKeySet | URL;
  fetch?: typeof fetch;
}

/** The claims of a token that holds; throws `unauthorized` for any other, and `unavailable` where no keys can be had. */
export type VerifyToken = (token: string) => Promise<JWTPayload>;

/** Signed by the holder of a private key, and by nothing that a public key, or nobody, could make. */
const algorithms = ["RS256", "ES256", "EdDSA"];
/** How far the clocks of issuer and Worker may be apart. */
const leewaySeconds = 30;
const maxTokenLength = 16 * 1024;
/** Keys that were fetched are asked for again after this time; one that was taken back is refused by then. */
const keysMaxAgeMs = 5 * 60_000;
/** A token with an unknown `kid` has the keys fetched anew, at most this often. */
const cooldownMs = 30_000;
/** Keys that could not be fetched are asked for again after this time. */
const retryMs = 5_000;

export function tokenVerifier(
  { audience, fetch, issuer, keys }: TokenRules,
  now: () => number,
): VerifyToken {
  const keyOf = keys instanceof URL ? published(keys, fetch, now) : createLocalJWKSet(keys);
  return async (token) => {
    if (token.length > maxTokenLength) throw invalidToken("too long");
    try {
      return await verify(token, keyOf, {
        algorithms,
        issuer,
        audience,
        clockTolerance: leewaySeconds,
        currentDate: new Date(now()),
        requiredClaims: ["exp"],
      });
    } catch (error) {
      if (error instanceof KernError) throw error;
      throw invalidToken(reasonOf(error));
    }
  };
}

/** What everybody is told whose token does not hold; why, only the log is told, and never the token. */
export function invalidToken(reason: string): KernError {
  console.warn("kern: a token was refused:", reason);
  return new KernError("unauthorized", "Invalid authentication token");
}

async function verify(
  token: string,
  keyOf: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keyOf, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token names no key, and several might have signed it.
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** The published keys, kept for a while; where they cannot be had, nobody is let in whose key is not known already. */
function published(url: URL, fetcher: typeof fetch = fetch, now: () => number): JWTVerifyGetKey {
  let failedUntilMs = 0;
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: keysMaxAgeMs,
    cooldownDuration: cooldownMs,
    [customFetch]: async (address, init) => {
      if (failedUntilMs > now()) throw unreachable();
      return fetcher(address, init);
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isOfToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys;
      if (isOfToken || error instanceof KernError) throw error;
      failedUntilMs = now() + retryMs;
      throw unreachable(error);
    }
  };
}

function unreachable(cause?: unknown): KernError {
  return new KernError(
    "unavailable",
    "The keys that tokens are checked with cannot be had at the moment.",
    { cause, retryAfterMs: retryMs },
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof errors.JOSEError)) return "it cannot be read";
  const claim = "claim" in error ? `, ${String(error.claim)}` : "";
  return `${error.code}${claim}`;
}
