import { beforeEach, expect, test, vi } from "vitest";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf } from "../client.ts";
import { effects, healAll, script } from "../world.ts";
import { json } from "../os/http.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  jwksUrl,
  keyServer,
  sending,
  signingKey,
} from "../os/issuer.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
const origin = "https://kern.example.com";

test("keys that cannot be had let nobody in, and a flood of unknown ids shuts nobody out", async () => {
  const key = await signingKey("k1");
  const server = keyServer(key);
  const ask = doorWith({ jwt: { issuer, audience, jwksUrl, fetch: server.fetch as never } });
  const good = await key.sign(claimsOf("a", { scope: "approvals:read" }));
  const status = async (token: string) =>
    (await ask("GET", "/approvals?limit=1", { token })).status;
  for (const answer of [
    () => new Response("no", { status: 500 }),
    () => new Response("<html>"),
    () => Response.json({ keys: "x" }),
    () => Promise.reject(new Error("down")),
  ]) {
    const other = keyServer(key);
    other.answer = answer;
    const shut = doorWith({ jwt: { issuer, audience, jwksUrl, fetch: other.fetch as never } });
    expect((await shut("GET", "/approvals?limit=1", { token: good })).status).toBe(503);
  }
  expect(await status(good)).toBe(200);
  server.answer = () => new Response("no", { status: 500 });
  const flood = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => key.sign(claimsOf("m"), { kid: `x${i}` })),
  );
  for (const t of flood) expect([401, 503]).toContain(await status(t));
  expect(await status(good)).toBe(200);
});

test("a secret as a JWKS key, a private key as a public one: half configured", async () => {
  const oct = { kty: "oct", k: "c2VjcmV0", alg: "HS256" };
  const ask = doorWith({ jwt: { issuer, audience, keys: oct as never } });
  expect((await ask("GET", "/approvals", { token: "a.b.c" })).status).toBe(503);
  const server = keyServer();
  server.answer = () => Response.json({ keys: [{ ...oct, kid: "h" }] });
  const remote = doorWith({ jwt: { issuer, audience, jwksUrl, fetch: server.fetch as never } });
  const head = btoa(JSON.stringify({ alg: "HS256", kid: "h" })).replace(/=+$/, "");
  const r = await remote("GET", "/approvals", {
    token: `${head}.${btoa("{}").replace(/=+$/, "")}.AAAA`,
  });
  expect([401, 503]).toContain(r.status);
});

test("forms of the panel are taken from its own pages only", async () => {
  const ask = doorWith({}, { OS_SECURITY_KEY: "sk-root" });
  const signIn = await ask("POST", "/panel/sign-in", {
    body: "key=sk-root",
    headers: { "content-type": "application/x-www-form-urlencoded", origin },
  });
  const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  expect(signIn.status).toBe(303);
  const started = await ask(
    "POST",
    "/agents/tester/runs",
    sending(
      {
        message: script({ calls: [{ name: "delete_user_data", args: { user_id: "u" } }] }),
        stream: false,
      },
      "sk-root",
    ),
  );
  const [one] = await approvalsOf((await started.json<RunView>()).run_id);
  for (const from of [
    undefined,
    "null",
    "https://evil.example",
    "http://kern.example.com",
    "https://kern.example.com:444",
    "https://kern.example.com.evil.example",
    "https://x.kern.example.com",
  ]) {
    const headers = {
      cookie,
      "content-type": "application/x-www-form-urlencoded",
      ...(from !== undefined && { origin: from }),
    };
    const r = await ask("POST", `/panel/approvals/${one?.id}`, {
      body: "decision=approved",
      headers,
    });
    expect([from, [401, 403].includes(r.status)]).toEqual([from, true]);
    if (from === undefined) continue;
    const j = await ask(
      "POST",
      `/approvals/${one?.id}/resolve`,
      json({ status: "approved" }, { cookie, origin: from }),
    );
    expect([from, j.status]).toEqual([from, 401]);
  }
  expect(effects.filter(({ runId }) => runId === one?.run_id)).toEqual([]);
  const ok = await ask("GET", "/panel", { headers: { cookie: `${cookie}x` } });
  expect(ok.status).toBe(303);
});

test("plain headers of Access say nothing", async () => {
  const server = keyServer(await signingKey("a"));
  const ask = doorWith(
    {
      access: {
        team: "t",
        audience: "aud",
        scopes: ["agent_os:admin"],
        fetch: server.fetch as never,
      },
    },
    { OS_SECURITY_KEY: "sk" },
  );
  for (const headers of [
    { "cf-access-authenticated-user-email": "boss@example.com" },
    { "cf-access-jwt-assertion": "a.b.c" },
    { cookie: "CF_Authorization=a.b.c" },
    { "x-forwarded-user": "root", "x-auth-request-email": "a@b" },
    { "cf-access-client-id": "x", "cf-access-client-secret": "y" },
  ] as Record<string, string>[])
    expect([headers, (await ask("GET", "/approvals", { headers })).status]).toEqual([headers, 401]);
});

test("users apart: what another has asked for is nowhere", async () => {
  const key = await signingKey("k");
  const ask = doorWith({ jwt: { issuer, audience, keys: key.jwk }, isolateUsers: true });
  const all =
    "approvals:read approvals:write approvals:delete agents:read sessions:read sessions:write config:read";
  const ann = await key.sign(claimsOf("ann", { scope: "agents:run" }));
  const bob = await key.sign(claimsOf("bob", { scope: all }));
  const bobRuns = await key.sign(claimsOf("bob", { scope: `${all} agents:run teams:run` }));
  const message = script({
    calls: [{ name: "delete_user_data", args: { user_id: "canary-apart" } }],
  });
  const started = await ask(
    "POST",
    "/agents/tester/runs",
    sending({ message, stream: false, session_id: `ses-${Date.now()}` }, ann),
  );
  const { run_id, session_id } = await started.json<RunView>();
  const [one] = await approvalsOf(run_id);
  const id = one?.id ?? "";
  for (const [method, path, body, may] of [
    ["GET", `/approvals/${id}`],
    ["GET", `/approvals/${id}/status`],
    ["GET", `/approvals/${id}/status?wait=1`],
    ["POST", `/approvals/${id}/resolve`, { status: "approved" }],
    ["POST", `/approvals/${id}/extend`, { expires_in: 60 }],
    ["DELETE", `/approvals/${id}`],
    ["GET", `/sessions/${session_id}`],
    ["GET", `/sessions/${session_id}/runs`],
    ["DELETE", `/sessions/${session_id}`],
    ["POST", `/sessions/${session_id}/rename`, { session_name: "x" }],
    ["GET", `/agents/tester/runs/${run_id}`],
    ["GET", `/panel/approvals/${id}`],
    ["POST", `/agents/tester/runs/${run_id}/continue`, { stream: false }, "run"],
    ["POST", `/agents/tester/runs/${run_id}/resume`, {}, "run"],
    ["POST", `/agents/tester/runs/${run_id}/cancel`, {}, "run"],
    ["POST", "/agents/tester/runs", { message: "x", session_id, stream: false }, "run"],
  ] as [string, string, object?, string?][]) {
    const token = may === "run" ? bobRuns : bob;
    const r = await ask(method, path, body === undefined ? { token } : sending(body, token));
    expect([method, path, r.status]).toEqual([method, path, 404]);
  }
  for (const path of [
    `/approvals?run_id=${run_id}`,
    "/approvals?q=canary-apart",
    `/approvals?user_id=${encodeURIComponent("ann")}`,
    "/panel",
    "/sessions",
    `/approvals?session_id=${session_id}`,
  ])
    expect(await (await ask("GET", path, { token: bob })).text()).not.toContain("canary-apart");
  const batch = await ask(
    "POST",
    "/approvals/resolve",
    sending({ decisions: [{ approval_id: id, status: "approved" }] }, bob),
  );
  expect(await batch.json()).toMatchObject({ data: [{ status: 404 }] });
  const claims = await ask(
    "POST",
    "/agents/tester/runs",
    sending({ message: "x", user_id: `${issuer}|ann` }, bobRuns),
  );
  expect(claims.status).toBe(403);
  expect(effects).toEqual([]);
});

test("an API key that is mistyped, shouted, cut or revoked is none", async () => {
  const ask = doorWith({}, { OS_SECURITY_KEY: "sk-root" });
  const made = await ask(
    "POST",
    "/keys",
    sending({ name: "k", scopes: ["approvals:read"] }, "sk-root"),
  );
  const { id, key } = await made.json<{ id: string; key: string }>();
  const status = async (token: string) =>
    (await ask("GET", "/approvals?limit=1", { token })).status;
  expect(await status(key)).toBe(200);
  for (const bad of [
    key.toUpperCase(),
    `${key}x`,
    key.slice(0, -1),
    key.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
    `kern_${id}_`,
    "kern_",
  ])
    expect(await status(bad)).toBe(401);
  await ask("DELETE", `/keys/${id}`, { token: "sk-root" });
  expect(await status(key)).toBe(401);
  const both = await ask(
    "POST",
    "/keys",
    sending({ name: "k", scopes: ["approvals:write", "teams:crew:run"] }, "sk-root"),
  );
  expect(both.status).toBe(422);
});
