import { createExecutionContext } from "cloudflare:test";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { AgentOS } from "../../src/os/agent-os.ts";
import type { AuthOptions } from "../../src/os/auth-options.ts";
import { bindings } from "../client.ts";
import { clock, FaultyDb } from "../world.ts";
import { agent, crew, short } from "../worker.ts";
import { json, type Question } from "./http.ts";

export const issuer = "https://id.example.com/";
export const audience = "https://kern.example.com";
export const jwksUrl = "https://id.example.com/jwks.json";

type Algorithm = "RS256" | "ES256" | "EdDSA";

export interface SigningKey {
  kid: string;
  alg: Algorithm;
  jwk: JWK;
  sign: (claims: JWTPayload, header?: Record<string, unknown>) => Promise<string>;
}

export async function signingKey(kid: string, alg: Algorithm = "ES256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const sign = async (claims: JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  return { kid, alg, jwk, sign };
}

/** An identity provider, as far as its published keys go: an HTTP server that answers with them, or not at all. */
export function keyServer(...keys: SigningKey[]) {
  const server = {
    keys,
    asked: [] as string[],
    /** Answers with this instead. */
    answer: null as (() => Response | Promise<Response>) | null,
    fetch: async (url: string | URL | Request): Promise<Response> => {
      server.asked.push(new Request(url).url);
      if (server.answer !== null) return server.answer();
      return Response.json({ keys: server.keys.map(({ jwk }) => jwk) });
    },
  };
  return server;
}

/** Claims of a person's token that holds now. */
export function claimsOf(sub: string, more: JWTPayload = {}): JWTPayload {
  const now = Math.floor(clock.now() / 1000);
  return { iss: issuer, aud: audience, sub, iat: now, exp: now + 600, ...more };
}

export interface Visit extends Pick<Question, "base"> {
  token?: string;
  body?: string;
  headers?: Record<string, string>;
  /** What the platform hands to the Worker beside the request. */
  ctx?: Partial<ExecutionContext>;
}

/** The Worker with other ways to let people in, and one env for all requests, as in production. */
export function doorWith(auth: AuthOptions, vars: Record<string, unknown> = {}, now = clock.now) {
  const os = new AgentOS({ agents: [agent, short], teams: [crew], db: new FaultyDb(), auth, now });
  const app = os.getApp();
  const env = { ...bindings, ...vars };
  return async (method: string, path: string, visit: Visit = {}): Promise<Response> => {
    const { base = "https://kern.example.com", body, ctx, headers = {}, token } = visit;
    const request = new Request(base + path, {
      method,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body }),
    });
    return app.fetch(request, env, Object.assign(createExecutionContext(), ctx));
  };
}

export function sending(value: unknown, token: string): Visit {
  return { ...json(value), token };
}
