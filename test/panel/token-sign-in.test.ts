import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { AuthOptions } from "../../src/os/auth-options.ts";
import { get, pending, start } from "../client.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  jwksUrl,
  keyServer,
  type SigningKey,
  signingKey,
  type Visit,
} from "../os/issuer.ts";
import { refusal } from "../os/http.ts";
import { clock, script } from "../world.ts";
import { see } from "./page.ts";

const base = "https://kern.example.com";
const form = { origin: base, "content-type": "application/x-www-form-urlencoded" };
const scope = "approvals:read approvals:write config:read";
const finance = { scope, groups: ["finance"], email: "ann@example.com", email_verified: true };
const path = "/approvals?limit=1";
const none = [401, "Authorization header required"];

let key: SigningKey;
beforeAll(async () => {
  key = await signingKey("ec-1");
});
beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

type Ask = ReturnType<typeof doorWith>;

const jwtOf = (server = keyServer(key)) => ({
  jwksUrl,
  issuer,
  audience,
  fetch: server.fetch as typeof fetch,
});
const door = (vars: Record<string, string> = {}, now = clock.now): Ask =>
  doorWith({ jwt: jwtOf() }, vars, now);
const tokenOf = async (sub = "ann", more: object = finance) => key.sign(claimsOf(sub, { ...more }));

const signIn = async (ask: Ask, given: string, visit: Visit = {}) =>
  ask("POST", "/panel/sign-in", {
    headers: form,
    body: new URLSearchParams({ key: given, next: "/panel/history" }).toString(),
    ...visit,
  });
const cookieIn = (answer: Response) => answer.headers.get("set-cookie")?.split(";")[0] ?? "";
const withCookie = (cookie: string, headers: Record<string, string> = {}): Visit => ({
  headers: { ...headers, cookie },
});
const asked = async (name: string) =>
  pending((await start(script({ calls: [{ name, args: { amount: 5 } }] }))).run_id);

test.each<[string, AuthOptions, Record<string, string>, string[]]>([
  ["the key", {}, { OS_SECURITY_KEY: "sk" }, ["Security key"]],
  ["tokens", { jwt: { issuer, audience, jwksUrl } }, {}, ["Token"]],
  [
    "the key or tokens",
    { jwt: { issuer, audience, jwksUrl } },
    { OS_SECURITY_KEY: "sk" },
    ["Security key or token"],
  ],
  ["Access alone", { access: { team: "acme", audience: "aud-1" } }, {}, []],
  ["nothing", {}, {}, []],
])("the sign-in asks for what is taken: %s", async (_, auth, vars, labels) => {
  const page = await see(await doorWith(auth, vars)("GET", "/panel/sign-in"));
  expect(page.texts["label"]?.map((label) => label.trim())).toEqual(labels);
  const inputs = page.elements.filter(({ attributes }) => attributes["type"] === "password");
  expect(inputs).toHaveLength(labels.length);
  const said = page.texts["p"]?.join() ?? "";
  expect(said.includes("Cloudflare Access")).toBe(auth.access !== undefined);
  expect(said.includes("Nobody has to sign in here")).toBe(
    auth.access === undefined && labels.length === 0,
  );
});

test("a token is handed in once, for a cookie that scripts and other sites cannot reach and that ends with it", async () => {
  const token = await tokenOf();
  const answer = await signIn(door(), ` ${token} `);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/panel/history"]);
  const [cookie = "", ...attributes] = answer.headers.get("set-cookie")?.split("; ") ?? [];
  expect(cookie).toMatch(/^__Host-kern=jwt\.\d+\./);
  const age = attributes.find((attribute) => attribute.startsWith("Max-Age=")) ?? "";
  expect(attributes.filter((attribute) => attribute !== age).toSorted()).toEqual([
    "HttpOnly",
    "Path=/",
    "SameSite=Strict",
    "Secure",
  ]);
  // The token is good for 600 seconds.
  expect(Number(age.split("=")[1])).toBeGreaterThan(590);
  expect(Number(age.split("=")[1])).toBeLessThanOrEqual(600);
  const long = await key.sign(claimsOf("ann", { ...finance, exp: claimsOf("x").iat! + 90_000 }));
  expect((await signIn(door(), long)).headers.get("set-cookie")).toContain("Max-Age=43200");
});

test("the session is the person of the token, with its groups and scopes and no more", async () => {
  const ask = door();
  const cookie = cookieIn(await signIn(ask, await tokenOf()));
  const { texts } = await see(await ask("GET", "/panel/settings/sign-in", withCookie(cookie)));
  expect(texts["dd"]?.slice(0, 7)).toEqual([
    "ann@example.com",
    `${issuer}|ann`,
    "person",
    "approvals:read, approvals:write, config:read",
    "finance",
    "panel",
    "what everybody has asked for",
  ]);
  const missing = "Insufficient permissions. Required scope(s): agents:read";
  expect(await refusal(ask("GET", "/agents", withCookie(cookie)))).toEqual([403, missing]);
});

test("who has signed in by a token decides under their own name, as surely as the panel knows them", async () => {
  const ask = door();
  const [ann, bob] = [
    cookieIn(await signIn(ask, await tokenOf())),
    cookieIn(await signIn(ask, await tokenOf("bob", { scope }))),
  ];
  const one = await asked("pay_by_finance");
  const page = `/panel/approvals/${one.id}`;
  expect(await (await ask("GET", page, withCookie(ann))).text()).not.toContain(
    'name="resolved_by"',
  );
  const decide = async (at: string, cookie: string) =>
    ask("POST", at, { ...withCookie(cookie, form), body: "decision=approved" });
  expect((await decide(page, bob)).status).toBe(403);
  expect((await decide(page, ann)).status).toBe(303);
  expect(await get(`/approvals/${one.id}`)).toMatchObject({
    status: "approved",
    resolved_by: "ann@example.com",
  });
  const surely = await asked("pay_surely");
  expect((await decide(`/panel/approvals/${surely.id}`, bob)).status).toBe(303);
  expect(await get(`/approvals/${surely.id}`)).toMatchObject({ resolved_by: `${issuer}|bob` });
});

test.each<[string, number, number]>([
  ["with its token", 600, 600],
  ["after twelve hours", 90_000, 43_200],
])("a session ends %s, by the service's clock", async (_, lasts, ends) => {
  let nowMs = clock.now();
  const ask = door({}, () => nowMs);
  const iat = Math.floor(nowMs / 1000);
  const token = await key.sign(claimsOf("ann", { ...finance, iat, exp: iat + lasts }));
  const cookie = cookieIn(await signIn(ask, token));
  nowMs += ends * 1000 - 2000;
  expect((await ask("GET", path, withCookie(cookie))).status).toBe(200);
  nowMs += 2000;
  expect(await refusal(ask("GET", path, withCookie(cookie)))).toEqual(none);
  const led = await ask("GET", "/panel", withCookie(cookie));
  expect([led.status, led.headers.get("location")]).toEqual([303, "/panel/sign-in?next=%2Fpanel"]);
});

const wrong = "That is not the security key, and no token that is good here now.";
const service = "This token is a service's, and a service does not sign in.";

test.each<[string, () => Promise<string>, number, string]>([
  [
    "that is over",
    async () => tokenOf("ann", { ...finance, exp: claimsOf("x").iat! - 5 }),
    401,
    wrong,
  ],
  ["for another audience", async () => tokenOf("ann", { ...finance, aud: "other" }), 401, wrong],
  ["of another issuer", async () => tokenOf("ann", { ...finance, iss: "https://x" }), 401, wrong],
  [
    "that another key has signed",
    async () => (await signingKey("ec-1")).sign(claimsOf("ann", finance)),
    401,
    wrong,
  ],
  ["that was changed", async () => `${(await tokenOf()).slice(0, -4)}AAAA`, 401, wrong],
  ["that is none", async () => "kern_abc", 401, wrong],
  ["of nothing", async () => " ", 401, wrong],
  ["of a service's", async () => tokenOf("ci", { ...finance, client_id: "ci" }), 422, service],
])("a token %s does not sign in", async (_, make, status, problem) => {
  const given = await make();
  const answer = await signIn(door({ OS_SECURITY_KEY: "sk" }), given);
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([status, null]);
  const text = await answer.clone().text();
  if (given.trim() !== "") expect(text).not.toContain(given);
  expect((await see(answer)).texts["p"]).toContain(problem);
});

test("a token that a cookie cannot hold is refused with its size and a way out", async () => {
  const ask = door();
  const many = Array.from({ length: 400 }, (_, n) => `group-${n}`);
  const answer = await signIn(ask, await tokenOf("ann", { ...finance, groups: many }));
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([422, null]);
  expect((await see(answer)).texts["p"]?.join()).toMatch(
    /too large to sign in with: it has \d+ characters, and a browser keeps 40\d\d of them at most\. Have it issued with fewer claims/,
  );
  // The largest that fits is kept whole: what browsers count is the name and the value.
  const sized = async (length: number) => tokenOf("ann", { ...finance, pad: "x".repeat(length) });
  const room = 4096 - "__Host-kern=jwt.1234567890123.".length;
  let pad = Math.floor(((room - (await sized(0)).length) * 3) / 4);
  while ((await sized(pad)).length > room) pad -= 1;
  const largest = cookieIn(await signIn(ask, await sized(pad)));
  expect(largest.length).toBeLessThanOrEqual(4096);
  expect(largest.length).toBeGreaterThan(4090);
  expect((await ask("GET", path, withCookie(largest))).status).toBe(200);
  expect((await signIn(ask, await sized(pad + 3))).status).toBe(422);
});

test("a token is not taken over an open line, but for one that stays on this machine", async () => {
  const ask = door();
  const visit = (base: string): Visit => ({ base, headers: { ...form, origin: base } });
  const open = await signIn(ask, await tokenOf(), visit("http://kern.example.com"));
  expect([open.status, open.headers.get("set-cookie")]).toEqual([422, null]);
  const local = await signIn(ask, await tokenOf(), visit("http://localhost:8787"));
  expect([local.status, cookieIn(local)]).toEqual([303, expect.stringMatching(/^kern=jwt\./)]);
});

test("where the keys cannot be had, nobody signs in, and who has signed in is told to wait", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const token = await tokenOf();
  const cookie = cookieIn(await signIn(door(), token));
  const server = keyServer(key);
  server.answer = () => new Response("oops", { status: 500 });
  const ask = doorWith({ jwt: jwtOf(server) });
  const answer = await signIn(ask, token);
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([503, null]);
  expect((await ask("GET", path, withCookie(cookie))).status).toBe(503);
});

test("a cookie that was changed, in whatever part, is none", async () => {
  const ask = door();
  const cookie = cookieIn(await signIn(ask, await tokenOf()));
  const [name = "", value = ""] = cookie.split("=");
  const [kind = "", end = "", head = "", payload = "", signature = ""] = value.split(".");
  const [, bobs = ""] = (await tokenOf("bob")).split(".");
  const of = (...parts: string[]) => `${name}=${parts.join(".")}`;
  const others = [
    of(kind, end, head, bobs, signature),
    of(kind, end, head, payload, `${signature.slice(0, -4)}AAAA`),
    of(kind, end, head, payload),
    of(kind, String(Number(end) + 13 * 3_600_000), head, payload, signature),
    of(kind, "0", head, payload, signature),
    of(kind, "", head, payload, signature),
    of("root", end, head, payload, signature),
    of(head, payload, signature),
    `kern=${value}`,
  ];
  expect((await ask("GET", path, withCookie(cookie))).status).toBe(200);
  for (const other of others) {
    expect([other, await refusal(ask("GET", path, withCookie(other)))]).toEqual([other, none]);
  }
});

test("a service's token, put into a cookie by hand, is no sign-in either", async () => {
  const ask = door();
  const token = await tokenOf("ci", { ...finance, client_id: "ci" });
  const made = `__Host-kern=jwt.${clock.now() + 60_000}.${token}`;
  expect(await refusal(ask("GET", path, withCookie(made)))).toEqual(none);
});

test("a session is over once its issuer, its audience or its key is none of the service's any more", async () => {
  const cookie = cookieIn(await signIn(door(), await tokenOf()));
  const [other, rotated] = [await signingKey("ec-2"), await signingKey("ec-1")];
  const now = (jwt: object, keys = [key]) =>
    doorWith({ jwt: { ...jwtOf(keyServer(...keys)), ...jwt } });
  const later: [string, Ask, number][] = [
    ["as it was", now({}), 200],
    ["another key beside it", now({}, [other, key]), 200],
    ["another issuer", now({ issuer: "https://id2.example.com/" }), 401],
    ["another audience", now({ audience: "https://other.example.com" }), 401],
    ["its key taken back", now({}, [other]), 401],
    ["another key by its name", now({}, [rotated]), 401],
    ["the person refused", now({ principal: () => null }), 401],
    ["no tokens at all", doorWith({}, { OS_SECURITY_KEY: "sk" }), 401],
  ];
  for (const [what, ask, status] of later) {
    expect([what, (await ask("GET", path, withCookie(cookie))).status]).toEqual([what, status]);
  }
});

test("a sign-out takes the cookie away, and who signs in after it is not who was there before", async () => {
  const ask = door({ OS_SECURITY_KEY: "sk" });
  const ann = await signIn(ask, await tokenOf());
  const out = await ask("POST", "/panel/sign-out", withCookie(cookieIn(ann), form));
  expect([out.status, out.headers.get("location")]).toEqual([303, "/panel/sign-in"]);
  // A browser keeps one cookie by a name: each answer puts its own in the place of the one before.
  expect(out.headers.get("set-cookie")).toBe(
    "__Host-kern=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
  );
  expect((await ask("GET", "/panel/history", withCookie(cookieIn(out)))).status).toBe(303);
  expect(await refusal(ask("GET", path, withCookie(cookieIn(out))))).toEqual(none);
  const names = [];
  for (const given of [await tokenOf("bob", { scope }), "sk"]) {
    const cookie = cookieIn(await signIn(ask, given));
    expect(cookie).toMatch(/^__Host-kern=/);
    const page = await see(await ask("GET", "/panel/settings/sign-in", withCookie(cookie)));
    names.push(page.texts["dd"]?.[1]);
  }
  expect(names).toEqual([`${issuer}|bob`, "root"]);
});

test("a page of another origin can neither sign somebody in by a token nor use their session", async () => {
  const ask = door();
  const token = await tokenOf();
  const cookie = cookieIn(await signIn(ask, token));
  const one = await asked("pay_by_finance");
  for (const origin of ["https://evil.com", "null", "http://kern.example.com"]) {
    const headers = { ...form, origin };
    const foreign = await signIn(ask, token, { headers });
    expect([foreign.status, foreign.headers.get("set-cookie")]).toEqual([403, null]);
    const out = await ask("POST", "/panel/sign-out", withCookie(cookie, headers));
    expect([out.status, out.headers.get("set-cookie")]).toEqual([403, null]);
    const decided = await ask("POST", `/panel/approvals/${one.id}`, {
      ...withCookie(cookie, headers),
      body: "decision=approved",
    });
    expect(decided.status).toBe(401);
    const json = { origin, "content-type": "application/json" };
    const resolved = await ask("POST", `/approvals/${one.id}/resolve`, {
      ...withCookie(cookie, json),
      body: '{"status":"approved"}',
    });
    expect(resolved.status).toBe(401);
  }
  // A browser says with every post where it comes from.
  const { origin: _, ...bare } = form;
  expect((await signIn(ask, token, { headers: bare })).status).toBe(403);
  expect(await get(`/approvals/${one.id}/status`)).toMatchObject({ status: "pending" });
});

test("who came through Access is shown where to sign out of it, and who came by a token is not", async () => {
  const team = "https://acme.cloudflareaccess.com";
  const ask = doorWith({
    jwt: jwtOf(),
    access: {
      team: "acme",
      audience: "aud-1",
      scopes: ["config:read"],
      fetch: keyServer(key).fetch as typeof fetch,
    },
  });
  const linksFor = async (headers: Record<string, string>) => {
    const page = await see(await ask("GET", "/panel/settings/sign-in", { headers }));
    expect(page.texts["button"]).toContain("Sign out");
    return page.elements.flatMap(({ attributes }) =>
      attributes["href"]?.startsWith("/cdn-cgi/") === true ? [attributes["href"]] : [],
    );
  };
  const assertion = await key.sign(
    claimsOf("uuid-1", { iss: team, aud: "aud-1", email: "ann@example.com" }),
  );
  expect(await linksFor({ "cf-access-jwt-assertion": assertion })).toEqual([
    "/cdn-cgi/access/logout",
  ]);
  expect(await linksFor({ cookie: cookieIn(await signIn(ask, await tokenOf())) })).toEqual([]);
});
