import { beforeAll, expect, test } from "vitest";
import { Agent } from "../../src/agent/agent.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { get, pending, start } from "../client.ts";
import { binding } from "../database.ts";
import { script } from "../world.ts";
import { agent } from "../worker.ts";
import { http, json, type Question, refusal } from "./http.ts";
import { operationsOf, readDocument } from "./openapi.ts";

const advice = "Set OS_SECURITY_KEY, or KERN_AUTH=none to serve everyone without authentication.";
const elsewhere = `Without a security key, requests of pages from elsewhere are refused. ${advice}`;
const edge = `Without a security key, nothing is served behind Cloudflare's edge. ${advice}`;
const loopback = `Without a security key, only a loopback address is served. ${advice}`;
const keyed = { OS_SECURITY_KEY: "sk-current" };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let id = "";
let runId = "";
beforeAll(async () => {
  const calls = [{ name: "delete_user_data", args: { user_id: "u-1" } }];
  ({ id, run_id: runId } = await pending((await start(script({ calls }))).run_id));
});

test.each([
  "localhost",
  "LOCALHOST:8787",
  "kern.localhost",
  "127.0.0.1:8787",
  "127.8.9.10",
  "[::1]:8787",
])("without a key this machine is served at %s", async (host) => {
  expect((await http("GET", "/approvals?limit=1", { base: `http://${host}` })).status).toBe(200);
});

test.each([
  ["an address of the network", { base: "http://192.168.1.7:8787" }, loopback],
  ["a public name", { base: "https://kern.example.com" }, loopback],
  ["a name that only begins like this machine's", { base: "http://localhost.evil.com" }, loopback],
  [
    "a number that only begins like this machine's",
    { base: "http://127.0.0.1.evil.com" },
    loopback,
  ],
  ["every address", { base: "http://0.0.0.0" }, loopback],
  ["Cloudflare's edge", { headers: { "cf-ray": "8c0-FRA" } }, edge],
  ["a page from elsewhere", { headers: { origin: "https://evil.com" } }, elsewhere],
  ["a page of no origin", { headers: { origin: "null" } }, elsewhere],
  ["an origin that cannot be read", { headers: { origin: "evil" } }, elsewhere],
  [
    "an origin that only begins like ours",
    { headers: { origin: "http://localhost.evil.com" } },
    elsewhere,
  ],
] as [string, Question, string][])(
  "without a key %s is refused with the reason",
  async (_, question, reason) => {
    const decision = json({ status: "approved" }, question.headers as Record<string, string>);
    const resolve = http("POST", `/approvals/${id}/resolve`, { ...question, ...decision });
    expect(await refusal(resolve)).toEqual([503, reason]);
    expect(await refusal(http("GET", "/approvals", question))).toEqual([503, reason]);
    const page = await http("GET", `/panel/approvals/${id}`, question);
    expect([page.status, (await page.text()).includes("Without a security key")]).toEqual([
      503,
      true,
    ]);
    expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
  },
);

test("KERN_AUTH=none serves every address and the edge, but still no page from elsewhere", async () => {
  const vars = { KERN_AUTH: "none" };
  const base = "https://kern.example.com";
  const headers = { "cf-ray": "8c0-FRA", origin: base };
  expect((await http("GET", "/approvals?limit=1", { vars, base, headers })).status).toBe(200);
  for (const origin of ["https://evil.com", "null", "http://localhost:3000"]) {
    const answer = http("GET", "/approvals", { vars, base, headers: { origin } });
    expect(await refusal(answer)).toEqual([503, elsewhere]);
  }
  const other = { vars: { KERN_AUTH: "off" }, base };
  expect(await refusal(http("GET", "/approvals", other))).toEqual([503, loopback]);
});

test("with a key every route but the public ones asks for it", async () => {
  const open = new Set(["/", "/health", "/info"]);
  for (const { method, path } of operationsOf(await readDocument())) {
    const url = path
      .replace("{approval_id}", id)
      .replace("{run_id}", runId)
      .replace("{agent_id}", "tester");
    // What senders prove themselves by is their signature.
    if (path === "/webhooks/{webhook_id}") continue;
    if (open.has(path)) {
      expect((await http(method, url, { vars: keyed })).status).toBe(200);
      continue;
    }
    const none = await http(method, url, { vars: keyed });
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refusal(none)).toEqual([401, "Authorization header required"]);
    const wrong = http(method, url, { vars: keyed, headers: bearer("sk-other") });
    expect(await refusal(wrong)).toEqual([401, "Invalid authentication token"]);
  }
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test.each([
  "Bearer",
  "Bearer ",
  "Basic c2stY3VycmVudA==",
  "sk-current",
  "Bearer sk-current x",
  "Bearer sk-curren",
  "Bearer sk-current1",
  "Bearer SK-CURRENT",
  "Token sk-current",
])("the credential '%s' is not the key", async (authorization) => {
  const answer = http("GET", "/approvals", { vars: keyed, headers: { authorization } });
  expect(await refusal(answer)).toEqual([401, "Invalid authentication token"]);
});

test("the key is served wherever it comes from, and what it claims of itself is kept as a claim", async () => {
  const headers = { ...bearer("sk-current"), "cf-ray": "8c0-FRA", origin: "https://elsewhere.com" };
  const question = { vars: keyed, headers, base: "https://kern.example.com" };
  expect((await http("GET", "/approvals?limit=1", question)).status).toBe(200);
  const lower = { vars: keyed, headers: { authorization: "bearer  sk-current" } };
  expect((await http("GET", "/approvals?limit=1", lower)).status).toBe(200);

  const calls = [{ name: "delete_user_data", args: { user_id: "u-2" } }];
  const body = json({ message: script({ calls }), stream: false }, headers);
  const started = await http("POST", "/agents/tester/runs", { ...question, ...body });
  const { run_id } = await started.json<{ run_id: string }>();
  const approval = await pending(run_id);
  expect(approval.requested_by).toBe("root");
  const decision = json({ status: "approved", resolved_by: "ann" }, headers);
  const path = `/approvals/${approval.id}/resolve`;
  const decided = await http("POST", path, { ...question, ...decision });
  expect(await decided.json()).toMatchObject({ status: "approved", resolved_by: "ann" });
  // The same words from another principal are another person's.
  expect((await http("POST", path, json({ status: "approved", resolved_by: "ann" }))).status).toBe(
    409,
  );
});

test("while keys rotate both are taken, afterwards only the new one", async () => {
  const both = { OS_SECURITY_KEY: "sk-new", OS_SECURITY_KEY_PREVIOUS: "sk-old" };
  const status = async (vars: object, key: string) =>
    (await http("GET", "/approvals?limit=1", { vars: { ...vars }, headers: bearer(key) })).status;
  expect([await status(both, "sk-new"), await status(both, "sk-old")]).toEqual([200, 200]);
  const after = { ...both, OS_SECURITY_KEY_PREVIOUS: "" };
  expect([await status(after, "sk-new"), await status(after, "sk-old")]).toEqual([200, 401]);
  expect(await status(after, "")).toBe(401);
});

test.each(["", "  ", undefined, 7])(
  "a key of %j is none: then only this machine is served",
  async (key) => {
    const vars = { OS_SECURITY_KEY: key, OS_SECURITY_KEY_PREVIOUS: "sk-old" };
    expect((await http("GET", "/approvals?limit=1", { vars })).status).toBe(200);
    const away = { vars, base: "https://kern.example.com", headers: bearer("sk-old") };
    expect(await refusal(http("GET", "/approvals", away))).toEqual([503, loopback]);
  },
);

const allowed = async (origin: string, question: Question = {}) => {
  const headers = { ...(question.headers as object), origin };
  const preflight = { ...headers, "access-control-request-method": "POST" };
  const answers = [
    await http("GET", "/approvals?limit=1", { ...question, headers }),
    await http("OPTIONS", "/approvals", { ...question, headers: preflight }),
  ];
  return answers.map((answer) => answer.headers.get("access-control-allow-origin"));
};

test("no page of another origin may read answers, unless its origin is listed or both are on this machine", async () => {
  const vars = { OS_SECURITY_KEY: "k" };
  const withKey = { vars, headers: bearer("k"), base: "https://kern.example.com" };
  expect(await allowed("https://app.example.com", withKey)).toEqual([null, null]);
  expect(await allowed("null", withKey)).toEqual([null, null]);
  expect(await allowed("http://localhost:5173", { ...withKey, base: "http://localhost" })).toEqual([
    null,
    null,
  ]);

  const local = "http://localhost:5173";
  expect(await allowed(local)).toEqual([local, local]);
  expect(await allowed("https://evil.com")).toEqual([null, null]);
  expect(await allowed("null")).toEqual([null, null]);
  expect(await allowed(local, { base: "https://kern.example.com" })).toEqual([null, null]);

  const agents = [new Agent({ id: "plain", model: agent.model })];
  const app = new AgentOS({ agents, corsOrigins: ["https://app.example.com"] }).getApp();
  const listed = { ...withKey, app };
  expect(await allowed("https://app.example.com", listed)).toEqual(
    Array(2).fill("https://app.example.com"),
  );
  expect(await allowed("https://app.example.com.evil.com", listed)).toEqual([null, null]);
  expect(await allowed("http://app.example.com", listed)).toEqual([null, null]);
});

test("every answer carries the headers that keep a browser safe", async () => {
  const post = (path: string, question: Question) => http("POST", path, question);
  const origin = { origin: "http://localhost" };
  const answers: [number, Promise<Response>][] = [
    [200, http("GET", "/health")],
    [200, http("GET", "/openapi.json")],
    [200, http("GET", "/docs")],
    [200, http("GET", "/docs/style.css")],
    [200, http("GET", "/panel")],
    [200, http("GET", "/panel/style.css")],
    [200, post("/agents/tester/runs", json({ message: "hello" }))],
    [202, post("/agents/tester/runs", json({ message: "hello", background: true }))],
    [204, http("OPTIONS", "/approvals", { headers: origin })],
    [302, http("GET", "/", { headers: { accept: "text/html" } })],
    [303, http("GET", "/panel", { vars: keyed })],
    [400, post("/agents/tester/runs", json("{"))],
    [401, http("GET", "/approvals", { vars: keyed })],
    [
      401,
      post("/panel/sign-in", {
        vars: keyed,
        headers: origin,
        body: new URLSearchParams({ key: "x" }),
      }),
    ],
    [403, post(`/agents/tester/runs/${runId}/continue`, {})],
    [403, post("/panel/sign-in", {})],
    [404, http("GET", "/nothing")],
    [404, http("GET", "/panel/approvals/nothing")],
    [409, http("DELETE", `/approvals/${id}`)],
    [413, post("/nothing", { body: "x", headers: { "content-length": "9999999" } })],
    [415, post("/agents/tester/runs", { body: "x" })],
    [422, http("GET", "/approvals?limit=0")],
    [503, http("GET", "/health", { vars: { [binding]: undefined } })],
    [503, http("GET", "/approvals", { base: "http://kern.example.com" })],
  ];
  for (const [status, asked] of answers) {
    const answer = await asked;
    const { headers } = answer;
    expect([status, answer.status, headers.get("x-content-type-options")]).toEqual([
      status,
      status,
      "nosniff",
    ]);
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("strict-transport-security")).toMatch(/^max-age=\d{7,}/);
    expect(headers.get("cache-control")).toMatch(/^no-(store|cache)$/);
    await answer.body?.cancel();
  }
});
