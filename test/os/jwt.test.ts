import { createHmac } from "node:crypto";
import { base64url, exportSPKI, generateKeyPair, importJWK, type JWTPayload } from "jose";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { pending } from "../client.ts";
import { clock, script } from "../world.ts";
import { refusal } from "./http.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  jwksUrl,
  keyServer,
  sending,
  type SigningKey,
  signingKey,
} from "./issuer.ts";

const path = "/approvals?limit=1";
const invalid = [401, "Invalid authentication token"];
const reader = { scope: "openid approvals:read" };
const unreachable = "The keys that tokens are checked with cannot be had at the moment.";

let rsa: SigningKey, ec: SigningKey, ed: SigningKey;
beforeAll(async () => {
  [rsa, ec, ed] = await Promise.all([
    signingKey("rsa-1", "RS256"),
    signingKey("ec-1", "ES256"),
    signingKey("ed-1", "EdDSA"),
  ]);
});

const log = { warn: vi.spyOn(console, "warn"), error: vi.spyOn(console, "error") };
beforeEach(() => {
  log.warn.mockReset().mockImplementation(() => undefined);
  log.error.mockReset().mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
});

const served = (...keys: SigningKey[]) => {
  const server = keyServer(...keys);
  const ask = doorWith({ jwt: { jwksUrl, issuer, audience, fetch: server.fetch as typeof fetch } });
  return { server, ask };
};

test("a token signed with any of the allowed algorithms is taken, by the keys that are published", async () => {
  const { ask, server } = served(rsa, ec, ed);
  for (const key of [rsa, ec, ed]) {
    const token = await key.sign(claimsOf("ann", reader));
    expect((await ask("GET", path, { token })).status).toBe(200);
  }
  expect(server.asked).toEqual([jwksUrl]);
});

test("a token may name several audiences, and omit its kid where one key alone fits it", async () => {
  const { ask } = served(rsa, ec, ed);
  const token = await ec.sign(claimsOf("ann", { ...reader, aud: ["other", audience] }), {
    kid: undefined,
  });
  expect((await ask("GET", path, { token })).status).toBe(200);
});

test("of several keys that fit a token without a kid, the one that has signed it counts", async () => {
  const second = await signingKey("ec-2");
  const { ask } = served(ec, second);
  for (const key of [ec, second]) {
    const token = await key.sign(claimsOf("ann", reader), { kid: undefined });
    expect((await ask("GET", path, { token })).status).toBe(200);
  }
  const stranger = await signingKey("ec-3");
  const token = await stranger.sign(claimsOf("ann", reader), { kid: undefined });
  expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
});

const seconds = (fromNow: number) => Math.floor(clock.now() / 1000) + fromNow;

test.each<[string, () => JWTPayload]>([
  ["another issuer", () => ({ iss: "https://id.example.com" })],
  ["no issuer", () => ({ iss: undefined })],
  ["another audience", () => ({ aud: "https://kern.example.com.evil.com" })],
  ["no audience", () => ({ aud: undefined })],
  ["an audience that is empty", () => ({ aud: [] })],
  ["no expiry", () => ({ exp: undefined })],
  ["an expiry that is a text", () => ({ exp: "never" as never })],
  ["an expiry that is over", () => ({ exp: seconds(-31) })],
  ["a beginning that is yet to come", () => ({ nbf: seconds(45) })],
  ["nobody as its subject", () => ({ sub: undefined })],
  ["a subject of nothing", () => ({ sub: "" })],
  ["a subject that hides characters", () => ({ sub: "ann\u202E" })],
  ["half a character in its subject", () => ({ sub: "ann\uD800" })],
  ["a subject without end", () => ({ sub: "a".repeat(256) })],
])("a token with %s is refused", async (_, wrong) => {
  const { ask } = served(ec);
  const token = await ec.sign(claimsOf("ann", { ...reader, ...wrong() }));
  expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
});

test("the clocks of issuer and Worker may be half a minute apart", async () => {
  const { ask } = served(ec);
  for (const slack of [{ exp: seconds(-15) }, { nbf: seconds(15) }]) {
    const token = await ec.sign(claimsOf("ann", { ...reader, ...slack }));
    expect((await ask("GET", path, { token })).status).toBe(200);
  }
});

test("a token is good until it expires, by the clock that everything lives by", async () => {
  const server = keyServer(ec);
  let nowMs = 1_800_000_000_000;
  const jwt = { jwksUrl, issuer, audience, fetch: server.fetch as typeof fetch };
  const ask = doorWith({ jwt }, {}, () => nowMs);
  const token = await ec.sign(
    claimsOf("ann", { ...reader, iat: 1_800_000_000, exp: 1_800_000_060 }),
  );
  expect((await ask("GET", path, { token })).status).toBe(200);
  nowMs += 89_000;
  expect((await ask("GET", path, { token })).status).toBe(200);
  nowMs += 1_000;
  expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
});

const part = (value: unknown) => base64url.encode(JSON.stringify(value));

test("what is signed by nobody, or by what everybody knows, is refused", async () => {
  const { ask } = served(rsa, ec);
  const claims = claimsOf("ann", reader);
  const pem = await exportSPKI((await importJWK(rsa.jwk, "RS256")) as CryptoKey);
  const hmac = (secret: string, kid: string) => {
    const body = `${part({ alg: "HS256", kid })}.${part(claims)}`;
    return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  };
  const good = await ec.sign(claims);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const tokens = [
    `${part({ alg: "none" })}.${part(claims)}.`,
    `${part({ alg: "None", kid: ec.kid })}.${part(claims)}.${signature}`,
    hmac(pem, rsa.kid),
    hmac(JSON.stringify(rsa.jwk), rsa.kid),
    hmac("", rsa.kid),
    `${header}.${part({ ...claims, sub: "bob" })}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}.${"A".repeat(86)}`,
    `${header}.${payload}`,
    `${part({ alg: "ES256", kid: ec.kid, crit: ["x"], x: 1 })}.${payload}.${signature}`,
    `${good}.${signature}`,
    "..",
    "a.b.c",
    "a".repeat(20_000),
  ];
  for (const token of tokens) expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
});

test("an algorithm that is not on the list is refused, also with a key that is published", async () => {
  const { privateKey, publicKey } = await generateKeyPair("PS256", { extractable: true });
  const { exportJWK, SignJWT } = await import("jose");
  const jwk = { ...(await exportJWK(publicKey)), kid: "ps", alg: "PS256" };
  const { ask } = served({ ...rsa, kid: "ps", jwk });
  const token = await new SignJWT(claimsOf("ann", reader))
    .setProtectedHeader({ alg: "PS256", kid: "ps" })
    .sign(privateKey);
  expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
});

test("a key in the token itself, or at an address that it names, is not asked for", async () => {
  const { ask, server } = served(ec);
  const own = await signingKey("ec-1");
  const header = { jwk: own.jwk, jku: "https://evil.com/jwks", x5u: "https://evil.com/x" };
  const token = await own.sign(claimsOf("ann", reader), header);
  expect(await refusal(ask("GET", path, { token }))).toEqual(invalid);
  expect(server.asked).toEqual([jwksUrl]);
});

test("a key that is new has the published ones fetched again, and an unknown one not more often than that", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { ask, server } = served(ec);
  const next = await signingKey("ec-2");
  const status = async (key: SigningKey) =>
    (await ask("GET", path, { token: await key.sign(claimsOf("ann", reader)) })).status;
  expect(await status(ec)).toBe(200);
  server.keys.push(next);
  for (const _ of [1, 2, 3]) expect(await status(next)).toBe(401);
  expect(server.asked).toHaveLength(1);
  vi.setSystemTime(Date.now() + 31_000);
  expect([await status(next), await status(ec)]).toEqual([200, 200]);
  expect(server.asked).toHaveLength(2);

  // The old one is taken back.
  server.keys.shift();
  vi.setSystemTime(Date.now() + 5 * 60_000 + 1);
  expect([await status(ec), await status(next)]).toEqual([401, 200]);
});

test.each<[string, () => Response | Promise<Response>]>([
  ["cannot be reached", () => Promise.reject(new TypeError("Network connection lost."))],
  ["fails", () => new Response("oops", { status: 500 })],
  ["leads elsewhere", () => Response.redirect("https://evil.com/jwks.json")],
  ["answers with something else", () => new Response("<html>")],
  ["answers with no keys", () => Response.json({})],
])(
  "where the server of the keys %s, nobody is let in and everybody is told to wait",
  async (_, answer) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const { ask, server } = served(ec);
    server.answer = answer;
    const token = await ec.sign(claimsOf("ann", reader));
    for (const _ of [1, 2, 3]) {
      const response = await ask("GET", path, { token });
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await refusal(response)).toEqual([503, unreachable]);
    }
    expect(server.asked).toHaveLength(1);
    server.answer = null;
    vi.setSystemTime(Date.now() + 5_001);
    expect((await ask("GET", path, { token })).status).toBe(200);

    // What is known stays good for a while.
    server.answer = answer;
    vi.setSystemTime(Date.now() + 60_000);
    const stranger = await signingKey("stranger");
    const unknown = await stranger.sign(claimsOf("ann", reader));
    expect(await refusal(ask("GET", path, { token: unknown }))).toEqual([503, unreachable]);
    expect((await ask("GET", path, { token })).status).toBe(200);
  },
);

test("keys may be given as PEM, as a JWK or as a set, in code or as a variable", async () => {
  const other = await signingKey("rsa-2", "RS256");
  const pem = async (key: SigningKey) =>
    exportSPKI((await importJWK({ ...key.jwk, ext: true }, key.alg)) as CryptoKey);
  const pems = [await pem(rsa), await pem(ec), await pem(ed), await pem(other)].join("\n");
  const vars = { JWT_ISSUER: issuer, JWT_AUDIENCE: audience };
  const doors = [
    doorWith({ jwt: { issuer, audience, keys: pems } }),
    doorWith({ jwt: { issuer, audience, keys: { keys: [rsa.jwk, ec.jwk, ed.jwk, other.jwk] } } }),
    doorWith({}, { ...vars, JWT_KEYS: pems }),
    doorWith(
      {},
      { ...vars, JWT_KEYS: JSON.stringify({ keys: [rsa.jwk, ec.jwk, ed.jwk, other.jwk] }) },
    ),
    // What is said in code wins.
    doorWith({ jwt: { issuer, keys: pems } }, { ...vars, JWT_JWKS_URL: jwksUrl, JWT_ISSUER: "x" }),
  ];
  for (const ask of doors) {
    for (const key of [rsa, ec, ed, other]) {
      const token = await key.sign(claimsOf("ann", reader), { kid: undefined });
      expect((await ask("GET", path, { token })).status).toBe(200);
    }
    const stranger = await (await signingKey("ec-1")).sign(claimsOf("ann", reader));
    expect(await refusal(ask("GET", path, { token: stranger }))).toEqual(invalid);
  }
  const one = doorWith({ jwt: { issuer, audience, keys: ed.jwk } });
  expect((await one("GET", path, { token: await ed.sign(claimsOf("ann", reader)) })).status).toBe(
    200,
  );
});

const canary = "sk-canary-51";
test.each<[string, Record<string, string>]>([
  ["JWT_ISSUER (auth.jwt.issuer) is missing.", { JWT_JWKS_URL: jwksUrl, JWT_AUDIENCE: audience }],
  ["JWT_AUDIENCE (auth.jwt.audience) is missing.", { JWT_JWKS_URL: jwksUrl, JWT_ISSUER: issuer }],
  [
    "Give JWT_JWKS_URL (auth.jwt.jwksUrl) or JWT_KEYS (auth.jwt.keys), and not both.",
    { JWT_ISSUER: issuer, JWT_AUDIENCE: audience },
  ],
  [
    "Give JWT_JWKS_URL (auth.jwt.jwksUrl) or JWT_KEYS (auth.jwt.keys), and not both.",
    { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_KEYS: canary, JWT_JWKS_URL: jwksUrl },
  ],
  [
    "JWT_JWKS_URL (auth.jwt.jwksUrl) is no https address.",
    { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: "http://id.example.com/jwks" },
  ],
  ...[
    canary,
    '{"kty":"oct","k":"c2stY2FuYXJ5LTUx"}',
    '{"keys":[]}',
    "{",
    "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----",
  ].map((JWT_KEYS): [string, Record<string, string>] => [
    "JWT_KEYS (auth.jwt.keys) holds no public keys: give PEM (BEGIN PUBLIC KEY), a JWK or a JWKS, of RSA, EC or Ed25519.",
    { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_KEYS },
  ]),
  ["ACCESS_AUDIENCE (auth.access.audience) is missing.", { ACCESS_TEAM: "acme" }],
  ["ACCESS_TEAM (auth.access.team) is missing.", { ACCESS_AUDIENCE: "aud" }],
  [
    "ACCESS_TEAM is the team's name alone, as in TEAM.cloudflareaccess.com.",
    { ACCESS_TEAM: "evil.com/", ACCESS_AUDIENCE: "aud" },
  ],
  [
    "ACCESS_SCOPES names 'approvals', which is no scope.",
    { ACCESS_TEAM: "acme", ACCESS_AUDIENCE: "aud", ACCESS_SCOPES: "approvals" },
  ],
])("half a configuration lets nobody in, and says: %s", async (reason, vars) => {
  const ask = doorWith({}, { ...vars, OS_SECURITY_KEY: "key" });
  const visits = [{}, { token: "key" }, { base: "http://localhost" }];
  for (const visit of visits) {
    const answer = await refusal(ask("GET", path, visit));
    expect(answer).toEqual([503, `Authentication is half configured. ${reason}`]);
    expect(JSON.stringify([answer, log.error.mock.calls])).not.toContain(canary);
  }
  expect((await ask("GET", "/health")).status).toBe(200);
});

test("with tokens configured, no other address or origin makes up for a missing one", async () => {
  const { ask } = served(ec);
  for (const base of ["http://localhost", "https://kern.example.com"]) {
    const missing = await ask("GET", path, { base });
    expect(missing.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refusal(missing)).toEqual([401, "Authorization header required"]);
  }
  const local = await ask("GET", path, {
    base: "http://localhost",
    headers: { origin: "http://localhost:5173" },
  });
  expect(local.headers.get("access-control-allow-origin")).toBeNull();
});

test("the security key and tokens are taken side by side, and a token is nothing where none are configured", async () => {
  const server = keyServer(ec);
  const jwt = { jwksUrl, issuer, audience, fetch: server.fetch as typeof fetch };
  const both = doorWith({ jwt }, { OS_SECURITY_KEY: "key" });
  const token = await ec.sign(claimsOf("ann", reader));
  expect((await both("GET", path, { token: "key" })).status).toBe(200);
  expect((await both("GET", path, { token })).status).toBe(200);
  const keyOnly = doorWith({}, { OS_SECURITY_KEY: "key" });
  expect(await refusal(keyOnly("GET", path, { token }))).toEqual(invalid);
});

test("a token without scopes may do nothing, and one may not do more than its scopes say", async () => {
  const { ask } = served(ec);
  const lacking = (scope: string) => [403, `Insufficient permissions. Required scope(s): ${scope}`];
  for (const none of [
    {},
    { scope: "" },
    { scope: "openid email" },
    { scopes: [7, null] },
    { scope: { "approvals:read": 1 } },
  ]) {
    const token = await ec.sign(claimsOf("ann", none));
    expect(await refusal(ask("GET", path, { token }))).toEqual(lacking("approvals:read"));
  }
  const token = await ec.sign(claimsOf("ann", { scopes: ["approvals:read"] }));
  expect((await ask("GET", path, { token })).status).toBe(200);
  expect(await refusal(ask("GET", "/agents", { token }))).toEqual(lacking("agents:read"));
});

test("what a token says of its bearer stands on records: the verified address, or issuer and subject", async () => {
  const { ask } = served(ec);
  const decide = async (more: JWTPayload) => {
    const calls = [{ name: "delete_user_data", args: { user_id: "u-1" } }];
    const runner = await ec.sign(claimsOf("runner", { scope: "agents:run" }));
    const started = await ask(
      "POST",
      "/agents/tester/runs",
      sending({ message: script({ calls }), stream: false }, runner),
    );
    const { id, requested_by } = await pending((await started.json<{ run_id: string }>()).run_id);
    expect(requested_by).toBe(`${issuer}|runner`);
    const token = await ec.sign(claimsOf("ann", { scope: "approvals:write", ...more }));
    const body = sending({ status: "rejected", resolved_by: "the pope" }, token);
    const decided = await ask("POST", `/approvals/${id}/resolve`, body);
    return (await decided.json<{ resolved_by: string }>()).resolved_by;
  };
  expect(await decide({ email: "ann@example.com", email_verified: true })).toBe("ann@example.com");
  expect(await decide({ email: "ann@example.com" })).toBe(`${issuer}|ann`);
  expect(await decide({ email: "ann@example.com", email_verified: "true" })).toBe(`${issuer}|ann`);
});

test("no token, in whole or in part, is in an answer or in the log", async () => {
  const { ask, server } = served(ec);
  const secret = await ec.sign(claimsOf(canary, { ...reader, aud: "elsewhere", email: canary }));
  const answers = [
    await ask("GET", path, { token: secret }),
    await ask("GET", "/panel", { token: secret }),
  ];
  server.answer = () => Promise.reject(new TypeError("lost"));
  const foreign = await (await signingKey("x")).sign(claimsOf(canary));
  answers.push(await ask("GET", path, { token: foreign }));
  const said = [
    ...(await Promise.all(answers.map(async (answer) => answer.text()))),
    JSON.stringify([log.warn.mock.calls, log.error.mock.calls]),
  ].join("\n");
  expect(said).toContain("ERR_JWT_CLAIM_VALIDATION_FAILED, aud");
  for (const [, payload = "", signature = ""] of [secret, foreign].map((token) =>
    token.split("."),
  )) {
    expect(said).not.toContain(payload);
    expect(said).not.toContain(signature);
  }
  expect(said).not.toContain(canary);
});
