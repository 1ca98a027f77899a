import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ResolveMessage } from "../../src/run/messages.ts";
import { door as runDoor, get, pending, start } from "../client.ts";
import { script } from "../world.ts";
import { refusal } from "./http.ts";
import {
  claimsOf,
  doorWith,
  keyServer,
  type SigningKey,
  signingKey,
  type Visit,
} from "./issuer.ts";

const team = "https://acme.cloudflareaccess.com";
const path = "/approvals?limit=1";
const deletion = [{ name: "delete_user_data", args: { user_id: "u-1" } }];
const none = [401, "Authorization header required"];
const invalid = [401, "Invalid authentication token"];

let key: SigningKey;
let id = "";
beforeAll(async () => {
  key = await signingKey("access-1", "RS256");
  ({ id } = await pending((await start(script({ calls: deletion }))).run_id));
});
beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

const door = (scopes = ["approvals:read", "approvals:write"]) => {
  const server = keyServer(key);
  const access = { team: "acme", audience: "aud-1", scopes, fetch: server.fetch as typeof fetch };
  return { server, ask: doorWith({ access }, { OS_SECURITY_KEY: "sk" }) };
};

const ann = { iss: team, aud: ["aud-1"], email: "ann@example.com", type: "app" };
const asserted = async (more: object = {}, by = key): Promise<Visit> => ({
  headers: { "cf-access-jwt-assertion": await by.sign(claimsOf("uuid-1", { ...ann, ...more })) },
});

test("whom Access has let in is let in by its token, checked with the team's own keys", async () => {
  const { ask, server } = door();
  expect((await ask("GET", path, await asserted())).status).toBe(200);
  expect(server.asked).toEqual([`${team}/cdn-cgi/access/certs`]);
});

test.each<[string, object]>([
  ["another application", { aud: ["aud-2"] }],
  ["another team", { iss: "https://evil.cloudflareaccess.com" }],
  ["what is over", { exp: 1 }],
])("a token of %s is refused", async (_, wrong) => {
  const { ask } = door();
  expect(await refusal(ask("GET", path, await asserted(wrong)))).toEqual(invalid);
});

test("a token that another key has signed is refused", async () => {
  const { ask } = door();
  const stranger = await signingKey("access-1", "RS256");
  expect(await refusal(ask("GET", path, await asserted({}, stranger)))).toEqual(invalid);
});

test("a plain address in a header proves nothing", async () => {
  const { ask } = door();
  const headers = {
    "cf-access-authenticated-user-email": "ann@example.com",
    "cf-access-client-id": "x",
    cookie: "CF_Authorization=x",
  };
  expect(await refusal(ask("GET", path, { headers }))).toEqual(none);
});

test("without Access configured its token is not looked at", async () => {
  const ask = doorWith({}, { OS_SECURITY_KEY: "sk" });
  expect(await refusal(ask("GET", path, await asserted()))).toEqual(none);
});

test("a page of another origin cannot act with what the browser sends along by itself", async () => {
  const { ask } = door();
  const { headers } = await asserted();
  for (const origin of ["https://evil.com", "null", "https://kern.example.com.evil.com"]) {
    const visit = {
      headers: { ...headers, origin, "content-type": "application/json" },
      body: JSON.stringify({ status: "approved" }),
    };
    expect(await refusal(ask("POST", `/approvals/${id}/resolve`, visit))).toEqual(none);
  }
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

/** The platform's word, as a Worker behind Access has it. */
const platform = (aud: string, identity: unknown): Visit => ({
  ctx: { access: { aud, getIdentity: async () => identity } } as Partial<ExecutionContext>,
});

test("the platform's word is taken without any token, and is of the same person", async () => {
  const { ask, server } = door();
  const identity = {
    user_uuid: "uuid-1",
    email: "ann@example.com",
    groups: [{ id: "g", name: "x" }],
  };
  const { run_id } = await start(script({ calls: deletion }));
  const approval = await pending(run_id);
  const reject = JSON.stringify({ status: "rejected" });
  const json = { "content-type": "application/json" };
  const resolve = `/approvals/${approval.id}/resolve`;
  const visit = { ...platform("aud-1", identity), headers: json, body: reject };
  const first = await ask("POST", resolve, visit);
  expect(await first.json()).toMatchObject({ status: "rejected", resolved_by: "ann@example.com" });
  expect(server.asked).toEqual([]);
  // The same answer of the same person, by the token this time, is the same answer.
  const { headers } = await asserted();
  const again = await ask("POST", resolve, { headers: { ...headers, ...json }, body: reject });
  expect(again.status).toBe(200);
  const other = await asserted({ sub: "uuid-2", email: "bob@example.com" });
  const late = { headers: { ...other.headers, ...json }, body: reject };
  expect((await ask("POST", resolve, late)).status).toBe(409);
});

test("the platform's word for another application is refused", async () => {
  const { ask } = door();
  const visit = platform("aud-2", { user_uuid: "uuid-1", email: "ann@example.com" });
  expect(await refusal(ask("GET", path, visit))).toEqual(invalid);
});

test("where Access cannot be asked, nobody is let in and everybody is told to wait", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { ask } = door();
  const getIdentity = () => Promise.reject(new Error("lost"));
  const visit = { ctx: { access: { aud: "aud-1", getIdentity } } as Partial<ExecutionContext> };
  const reason = "Cloudflare Access cannot be asked at the moment.";
  expect(await refusal(ask("GET", path, visit))).toEqual([503, reason]);
});

test("a service of Access's is known by its token, for which the platform has no identity", async () => {
  const { ask } = door(["agents:run", "agents:read"]);
  const { headers = {} } = await asserted({ sub: "", email: undefined, common_name: "ci.access" });
  const visit = {
    ...platform("aud-1", undefined),
    headers: { ...headers, "content-type": "application/json" },
  };
  const body = JSON.stringify({ message: "hello", stream: false });
  const run = await ask("POST", "/agents/tester/runs", { ...visit, body });
  expect(await run.json()).toMatchObject({ requested_by: `${team}|ci.access` });
});

test("Access lets in, and says nothing of what somebody may do: that is configured", async () => {
  const { ask } = door([]);
  const lacking = "Insufficient permissions. Required scope(s): approvals:read";
  expect(await refusal(ask("GET", path, await asserted()))).toEqual([403, lacking]);
  const custom = { custom: { scopes: ["approvals:read"] } };
  expect((await ask("GET", path, await asserted(custom))).status).toBe(200);
  const vars = { ACCESS_TEAM: "Acme", ACCESS_AUDIENCE: "aud-1", ACCESS_SCOPES: "approvals:read" };
  const byVars = doorWith({ access: { fetch: keyServer(key).fetch as typeof fetch } }, vars);
  expect((await byVars("GET", path, await asserted())).status).toBe(200);
});

test("what the identity provider says is no address that Access has verified, and no other subject", async () => {
  const { ask } = door();
  const custom = { email: "boss@example.com", email_verified: true, sub: "boss" };
  const { headers } = await asserted({ email: undefined, custom });
  const { id } = await pending((await start(script({ calls: deletion }))).run_id);
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ status: "rejected" });
  const decided = await ask("POST", `/approvals/${id}/resolve`, {
    headers: { ...headers, ...json },
    body,
  });
  expect(await decided.json()).toMatchObject({ resolved_by: `${team}|uuid-1` });
});

test("it is told how somebody has decided: at the panel, or over the API", async () => {
  const { id } = await pending((await start(script({ calls: deletion }))).run_id);
  const told: unknown[] = [];
  const RUNS = {
    getByName: (name: string) => ({
      approval: async (approvalId: string) => runDoor(name).approval(approvalId),
      resolve: async ({ decider }: ResolveMessage) => {
        told.push([decider.principal, decider.kind, decider.assurance]);
        return { ok: false, reason: "not_found" };
      },
    }),
  };
  const access = { team: "acme", audience: "aud-1", scopes: ["approvals:read", "approvals:write"] };
  const fetch = keyServer(key).fetch as typeof globalThis.fetch;
  const ask = doorWith({ access: { ...access, fetch } }, { RUNS, OS_SECURITY_KEY: "sk" });
  const { headers } = await asserted();
  const origin = { origin: "https://kern.example.com" };
  const form = { ...origin, "content-type": "application/x-www-form-urlencoded" };
  const page = `/panel/approvals/${id}`;
  const body = "decision=approved";
  await ask("POST", page, { headers: { ...headers, ...form }, body });
  await ask("POST", page, { headers: form, body, token: "sk" });
  const signedIn = await ask("POST", "/panel/sign-in", { headers: form, body: "key=sk" });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  await ask("POST", page, { headers: { ...form, cookie }, body });
  const json = { ...headers, ...origin, "content-type": "application/json" };
  await ask("POST", `/approvals/${id}/resolve`, { headers: json, body: '{"status":"approved"}' });
  expect(told).toEqual([
    [`${team}|uuid-1`, "person", "panel"],
    ["root", "person", "api"],
    ["root", "person", "panel"],
    [`${team}|uuid-1`, "person", "api"],
  ]);
});

test("at the panel a person of Access's decides under their own name, and the security key still signs in", async () => {
  const { ask } = door();
  const approval = await pending((await start(script({ calls: deletion }))).run_id);
  const page = `/panel/approvals/${approval.id}`;
  const { headers } = await asserted();
  const shown = await ask("GET", page, { headers: { ...headers } });
  expect(shown.status).toBe(200);
  expect(await shown.text()).not.toContain('name="resolved_by"');
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const own = { ...headers, ...form, origin: "https://kern.example.com" };
  const sent = await ask("POST", page, { headers: own, body: "decision=rejected" });
  expect(sent.status).toBe(303);
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({ resolved_by: "ann@example.com" });

  const origin = { origin: "https://kern.example.com", ...form };
  const signedIn = await ask("POST", "/panel/sign-in", { headers: origin, body: "key=sk" });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await ask("GET", page, { headers: { cookie } })).status).toBe(200);
});
