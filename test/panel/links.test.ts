import { beforeAll, expect, test } from "vitest";
import { linksOf } from "../../src/os/links.ts";
import { bindings } from "../client.ts";
import { db } from "../database.ts";
import { http } from "../os/http.ts";
import { audience, claimsOf, doorWith, issuer, signingKey } from "../os/issuer.ts";
import { clock } from "../world.ts";
import { see, skeleton } from "./page.ts";

const path = "/panel/settings/links";
const headers = {
  origin: "https://kern.example.com",
  "content-type": "application/x-www-form-urlencoded",
};
const links = linksOf(db, false, clock.now);
let visit: ReturnType<typeof doorWith>;
let tokens: Record<"ann" | "bob" | "bot", string>;
beforeAll(async () => {
  const key = await signingKey("kid-links");
  visit = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
  const tokenOf = async (sub: string, more = {}) =>
    key.sign(claimsOf(sub, { scope: "approvals:read approvals:write", ...more }));
  tokens = {
    ann: await tokenOf("links-ann"),
    bob: await tokenOf("links-bob"),
    bot: await tokenOf("links-bot", { gty: "client-credentials" }),
  };
});
const look = async (token: string) => {
  const answer = await visit("GET", path, { token });
  expect(answer.status).toBe(200);
  return see(answer);
};
const post = async (token: string, to = path, body = "") =>
  visit("POST", to, { token, headers, body });
const codeOf = async (token: string) => (await see(await post(token))).texts["pre"]?.[0] ?? "";
const account = (id: string, name = id) => ({
  id: `slack:-:T0PANEL:${id}`,
  name,
  assurance: "slack" as const,
});

test("a code is shown once, links an account, and the account is listed with when and until when", async () => {
  expect((await look(tokens.ann)).texts["p"]).toContain("No account is linked to you.");
  const answer = await post(tokens.ann);
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const [code = ""] = (await see(answer)).texts["pre"] ?? [];
  expect(code).toMatch(/^[0-9a-z]{12}$/);
  const hostile = `ann\u202E"><script>alert(1)</script>`;
  expect(await links.redeem(bindings, code, account("U0ANN", hostile))).not.toBeNull();
  const page = await look(tokens.ann);
  expect(page.texts["li"]?.join()).toContain(String.raw`ann\u{202E}"><script>alert(1)</script>`);
  expect(page.texts["li"]?.join()).toContain("slack:-:T0PANEL:U0ANN");
  expect(page.texts["dd"]?.slice(0, 2)).toEqual(["just now", "in 1 month"]);
  expect(skeleton(page).filter((element) => element.startsWith("script"))).toEqual([
    "script src defer",
  ]);
  expect(JSON.stringify(page)).not.toContain(code);
});

test("a code is good once and for ten minutes, and its digits may be typed as people type them", async () => {
  const code = await codeOf(tokens.ann);
  const typed = ` ${code.slice(0, 4).toUpperCase()}-${code.slice(4)} `;
  expect(await links.redeem(bindings, typed, account("U0ONCE"))).not.toBeNull();
  expect(await links.redeem(bindings, code, account("U0TWICE"))).toBeNull();
  const late = linksOf(db, false, () => clock.now() + 10 * 60_000 + 1);
  expect(await late.redeem(bindings, await codeOf(tokens.ann), account("U0LATE"))).toBeNull();
});

test("whoever unlinks an account has it stand for them no more, and nobody unlinks another's", async () => {
  await links.redeem(bindings, await codeOf(tokens.bob), account("U0BOB"));
  const body = new URLSearchParams({ id: account("U0BOB").id }).toString();
  expect((await post(tokens.ann, `${path}/remove`, body)).status).toBe(404);
  expect(await links.principalOf(bindings, account("U0BOB"))).not.toBeNull();
  const answer = await post(tokens.bob, `${path}/remove`, body);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, path]);
  expect(await links.principalOf(bindings, account("U0BOB"))).toBeNull();
  expect((await look(tokens.bob)).texts["p"]).toContain("No account is linked to you.");
});

test("a link that is over is still listed, as one that is over, so that it can be linked anew", async () => {
  const [row] = await links.of(bindings, { id: `${issuer}|links-ann` } as never);
  expect(row).toBeDefined();
  const store = db.connect(bindings).links;
  await store.set({ ...row, id: account("U0OVER").id, expires_at_ms: clock.now() - 1 } as never);
  expect(await links.principalOf(bindings, account("U0OVER"))).toBeNull();
  expect((await look(tokens.ann)).texts["li"]?.join()).toContain("U0OVERLinkedjust nowOver");
});

test("who is nobody in particular is told why they cannot link an account, and gets no code", async () => {
  for (const page of [await see(await http("GET", path)), await look(tokens.bot)]) {
    expect(page.texts["p"]?.join()).toContain("nobody in particular");
    expect(page.texts["button"]).not.toContain("Make a code");
  }
  const anonymous = await http("POST", path, { headers: { origin: "http://localhost" } });
  expect([anonymous.status, (await post(tokens.bot)).status]).toEqual([403, 403]);
});

test("a form from a page of another origin makes no code and unlinks nothing", async () => {
  for (const to of [path, `${path}/remove`]) {
    const answer = await visit("POST", to, {
      token: tokens.ann,
      headers: { ...headers, origin: "https://evil.example.com" },
      body: "",
    });
    expect(answer.status).toBe(403);
  }
});
