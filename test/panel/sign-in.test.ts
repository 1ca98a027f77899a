import { beforeAll, expect, test } from "vitest";
import { get, pending, start } from "../client.ts";
import { binding } from "../database.ts";
import { http, json, type Question, refusal } from "../os/http.ts";
import { clock, script } from "../world.ts";
import { see } from "./page.ts";

const key = "sk-canary-7f3a";
const vars = { OS_SECURITY_KEY: key };
const own = { origin: "http://localhost" };

const signIn = (fields: Record<string, string>, question: Question = {}) =>
  http("POST", "/panel/sign-in", {
    vars,
    headers: own,
    body: new URLSearchParams(fields),
    ...question,
  });

/** The cookie that a sign-in sets, as a browser sends it back. */
async function cookieOf(answer: Response | Promise<Response>): Promise<string> {
  return (await answer).headers.get("set-cookie")?.split(";")[0] ?? "";
}

const visit = async (cookie: string, question: Question = {}) => {
  const headers = { ...(question.headers as object), cookie };
  return http("GET", "/approvals?limit=1", { vars, ...question, headers });
};

let id = "";
beforeAll(async () => {
  const calls = [{ name: "delete_user_data", args: { user_id: "u-1" } }];
  ({ id } = await pending((await start(script({ calls }))).run_id));
});

test("who is not signed in is led to the sign-in and from there back to where they wanted to go", async () => {
  const turned = await http("GET", `/panel/approvals/${id}?x=1`, { vars });
  const to = turned.headers.get("location") ?? "";
  expect([turned.status, to]).toEqual([
    303,
    `/panel/sign-in?next=${encodeURIComponent(`/panel/approvals/${id}`)}`,
  ]);
  const page = await see(await http("GET", to, { vars }));
  const next = page.elements.find(({ attributes }) => attributes["name"] === "next")?.attributes[
    "value"
  ];
  expect(next).toBe(`/panel/approvals/${id}`);
  const done = await signIn({ key, next: next ?? "" });
  expect([done.status, done.headers.get("location")]).toEqual([303, `/panel/approvals/${id}`]);
  const cookie = await cookieOf(done);
  const there = await http("GET", next ?? "", { vars, headers: { cookie } });
  expect([there.status, (await see(there)).texts["h1"]]).toEqual([
    200,
    ["delete_user_data: pending"],
  ]);
});

test("the cookie is out of reach for scripts and other sites, lasts twelve hours, and holds nothing of the key", async () => {
  const cookie = (await signIn({ key: ` ${key} ` })).headers.get("set-cookie") ?? "";
  expect(cookie.split("; ").slice(1).toSorted()).toEqual([
    "HttpOnly",
    "Max-Age=43200",
    "Path=/",
    "SameSite=Strict",
  ]);
  expect(cookie).toMatch(/^kern=root\./);
  expect(decodeURIComponent(cookie)).not.toContain(key);
  const base = "https://kern.example.com";
  const secure =
    (await signIn({ key }, { base, headers: { origin: base } })).headers.get("set-cookie") ?? "";
  expect(secure).toMatch(/^__Host-kern=root\./);
  expect(secure.split("; ").slice(1).toSorted()).toEqual([
    "HttpOnly",
    "Max-Age=43200",
    "Path=/",
    "SameSite=Strict",
    "Secure",
  ]);
});

test.each(["", "wrong", key.slice(0, -1), `${key}x`, key.toUpperCase()])(
  "'%s' does not sign in",
  async (wrong) => {
    const answer = await signIn({ key: wrong, next: "/panel" });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
    expect((await see(answer)).texts["p"]).toContain("That is not the security key.");
  },
);

test("where no key is set nobody can sign in, with whatever they have", async () => {
  const tried: Record<string, string>[] = [{ next: "/panel" }, { key: "" }, { key: "undefined" }];
  for (const fields of tried) {
    expect((await signIn(fields, { vars: {} })).status).toBe(401);
  }
});

test.each([
  "https://evil.com",
  "//evil.com",
  "/\\evil.com",
  "/panel/../../evil",
  "/panelevil",
  "javascript:alert(1)",
  "/panel\r\nx: y",
  "/panel?x=//evil.com",
  "/panel/%2e%2e",
  "/",
  "http://localhost@evil.com/panel",
])("a sign-in leads nowhere but to the panel, not to %j", async (next) => {
  expect((await signIn({ key, next })).headers.get("location")).toBe("/panel");
  const page = await see(
    await http("GET", `/panel/sign-in?next=${encodeURIComponent(next)}`, { vars }),
  );
  const input = page.elements.find(({ attributes }) => attributes["name"] === "next");
  expect(input?.attributes["value"]).toBe("/panel");
});

test("a session ends after twelve hours by the service's clock, whatever the browser keeps", async () => {
  const cookie = await cookieOf(signIn({ key }));
  clock.move(12 * 3_600_000 - 60_000);
  try {
    expect((await visit(cookie)).status).toBe(200);
    clock.move(60_000);
    expect(await refusal(visit(cookie))).toEqual([401, "Authorization header required"]);
    expect((await http("GET", "/panel", { vars, headers: { cookie } })).status).toBe(303);
  } finally {
    clock.move(-12 * 3_600_000);
  }
});

test("a cookie that was changed, is of another key, or of a key that was retired, is none", async () => {
  const cookie = await cookieOf(signIn({ key }));
  const [, value = ""] = cookie.split("=");
  const [root = "", rest = ""] = value.split(/\.(?=\d)/);
  const later = `kern=${root}.9${rest.slice(1)}`;
  const unsigned = `kern=${value.slice(0, value.lastIndexOf("."))}`;
  const others = ["kern=", "kern=root.9999999999999", "kern=%E0%A4%A", "kern=x.y", later, unsigned];
  for (const other of [...others, `__Host-${cookie}`, cookie.replace("root", "boot")]) {
    expect([other, (await visit(other)).status]).toEqual([other, 401]);
  }
  const rotated = { OS_SECURITY_KEY: "sk-new", OS_SECURITY_KEY_PREVIOUS: key };
  expect((await visit(cookie, { vars: rotated })).status).toBe(200);
  expect((await visit(cookie, { vars: { OS_SECURITY_KEY: "sk-new" } })).status).toBe(401);
});

test("a sign-out takes the cookie away", async () => {
  const out = await http("POST", "/panel/sign-out", { vars, headers: own });
  expect([out.status, out.headers.get("location")]).toEqual([303, "/panel/sign-in"]);
  expect(out.headers.get("set-cookie")).toMatch(/^kern=; Max-Age=0; Path=\//);
});

test("who decides after their session ended is told to sign in, and nothing is decided", async () => {
  const body = new URLSearchParams({ decision: "approved" });
  const late = await http("POST", `/panel/approvals/${id}`, { vars, headers: own, body });
  expect(late.status).toBe(401);
  const page = await see(late);
  expect(page.texts["p"]?.join()).toContain("Nothing was decided");
  const links = page.elements.map(({ attributes }) => attributes["href"]);
  expect(links).toContain(`/panel/sign-in?next=${encodeURIComponent(`/panel/approvals/${id}`)}`);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test("a page of another origin cannot decide with a person's cookie, by form, by text or by JSON", async () => {
  const cookie = await cookieOf(signIn({ key }));
  const form = "decision=approved";
  const decision = JSON.stringify({ status: "approved" });
  const [panel, api] = [`/panel/approvals/${id}`, `/approvals/${id}/resolve`];
  const sent: [string, string, string, number, number][] = [
    [panel, form, "application/x-www-form-urlencoded", 401, 403],
    [panel, form, "text/plain", 401, 403],
    [panel, decision, "text/plain", 401, 403],
    [api, decision, "text/plain", 401, 415],
    [api, decision, "application/json", 401, 200],
    [api, `${form}&status=approved`, "application/x-www-form-urlencoded", 401, 415],
    ["/panel/sign-in", `key=${key}`, "application/x-www-form-urlencoded", 403, 403],
    ["/panel/sign-out", "", "application/x-www-form-urlencoded", 403, 403],
    [`/agents/tester/runs`, "message=hello", "application/x-www-form-urlencoded", 401, 200],
  ];
  for (const [path, body, type, foreign, without] of sent) {
    for (const origin of ["https://evil.com", "null", "http://localhost:81", "https://localhost"]) {
      const headers = { "content-type": type, cookie, origin };
      const answer = await http("POST", path, { vars, headers, body });
      expect([path, type, origin, answer.status]).toEqual([path, type, origin, foreign]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    // A browser sends the origin with every post: a form of the panel that comes without it is refused as well.
    if (without !== 403 && without !== 415) continue;
    const bare = { vars, headers: { "content-type": type, cookie }, body };
    expect([path, type, (await http("POST", path, bare)).status]).toEqual([path, type, without]);
  }
  const deleted = await http("DELETE", `/approvals/${id}`, {
    vars,
    headers: { cookie, origin: "https://evil.com" },
  });
  expect(deleted.status).toBe(401);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test("no answer tells the key, or a key that was tried", async () => {
  const tried = "sk-tried-91b2";
  const both = {
    OS_SECURITY_KEY: key,
    OS_SECURITY_KEY_PREVIOUS: "sk-old-canary",
    OPENAI_API_KEY: "sk-openai-canary",
  };
  const signed = { authorization: `Bearer ${key}` };
  const answers = [
    http("GET", "/approvals", { vars: both, headers: { authorization: `Bearer ${tried}` } }),
    http("GET", "/approvals", { vars: both, headers: { authorization: tried } }),
    http("GET", "/panel", { vars: both, headers: { cookie: `kern=${tried}` } }),
    signIn({ key: tried, next: tried }, { vars: both }),
    signIn({ key }, { vars: both }),
    http("GET", "/approvals", { vars: { ...both, [binding]: undefined }, headers: signed }),
    http("GET", `/approvals/${id}`, { vars: { ...both, RUNS: undefined }, headers: signed }),
    http("POST", `/approvals/${id}/resolve`, { vars: both, ...json("{", signed) }),
    ...["/", "/health", "/info", "/config", "/agents", "/ops/runs", "/openapi.json"].map((path) =>
      http("GET", path, { vars: both, headers: signed }),
    ),
  ];
  for (const answer of await Promise.all(answers)) {
    const told = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
    expect(told).not.toMatch(/canary|sk-tried/);
  }
});
