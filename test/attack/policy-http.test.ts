import type { JWTPayload } from "jose";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf, settle } from "../client.ts";
import { effects, healAll, script } from "../world.ts";
import { json } from "../os/http.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  sending,
  type SigningKey,
  signingKey,
} from "../os/issuer.ts";

let key: SigningKey;
let ask: ReturnType<typeof doorWith>;
beforeAll(async () => {
  key = await signingKey("k");
  ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
});
beforeEach(() => {
  effects.length = 0;
  healAll();
});

const token = async (sub: string, scope: string, more: JWTPayload = {}): Promise<string> =>
  key.sign(claimsOf(sub, { scope, ...more }));

async function asked(
  by: string,
  name: string,
  args: object,
  fields: object = {},
): Promise<ApprovalRecord> {
  const message = script({ calls: [{ name, args }] });
  const response = await ask(
    "POST",
    "/agents/tester/runs",
    sending({ message, stream: false, ...fields }, by),
  );
  expect(response.status).toBe(200);
  const { run_id } = await response.json<RunView>();
  const [one] = await approvalsOf(run_id);
  if (one?.status !== "pending") throw new Error("Nothing is pending.");
  return one;
}

async function decide(
  id: string,
  credential: string,
  more: object = {},
): Promise<[number, unknown]> {
  const response = await ask(
    "POST",
    `/approvals/${id}/resolve`,
    sending({ status: "approved", ...more }, credential),
  );
  return [response.status, (await response.json<{ detail?: unknown }>()).detail];
}

test('an approver that is named by a scope of the project\'s own decides (README: "scope:payments")', async () => {
  const one = await asked(await token("x", "agents:run"), "pay_by_finance", { amount: 1 });
  expect(await decide(one.id, await token("svc", "approvals:write payments"))).toEqual([
    200,
    undefined,
  ]);
});

test("what may write approvals and not read them is shown none on the panel", async () => {
  const one = await asked(await token("x", "agents:run"), "delete_user_data", {
    user_id: "canary-77",
  });
  const credential = await token("w", "approvals:write");
  expect((await ask("GET", `/approvals/${one.id}`, { token: credential })).status).toBe(403);
  for (const who of [credential, await token("w2", "approvals:write agents:run")]) {
    const page = await ask("POST", `/panel/approvals/${one.id}`, {
      token: who,
      body: "decision=nonsense",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: "https://kern.example.com",
      },
    });
    expect(await page.text()).not.toContain("canary-77");
  }
});

test("an approver's address grants nothing to another that only looks like it when case is folded", async () => {
  const one = await asked(await token("x", "agents:run"), "pay_by_finance", { amount: 1 });
  // U+017F, a long s: another mailbox, and no case of "boss@example.com" by what e-mail or toLowerCase say.
  const other = { email: "boſs@example.com", email_verified: true };
  const [status] = await decide(one.id, await token("mallory", "approvals:write", other));
  await settle(one.run_id);
  expect([status, effects.filter(({ runId }) => runId === one.run_id)]).toEqual([403, []]);
});

test("an address that the provider does not call verified still says who may not decide on their own", async () => {
  const one = await asked(
    await token("svc", "agents:run"),
    "delete_user_data",
    { user_id: "u" },
    { user_id: "ann@example.com" },
  );
  // Entra ID's tokens have an `email` and never an `email_verified`.
  const [status] = await decide(
    one.id,
    await token("7b0c", "approvals:write", { email: "ann@example.com" }),
  );
  expect(status).toBe(403);
});

test("two tokens of machines do not make two people (Entra ID: idtyp app; Keycloak: service-account-)", async () => {
  const one = await asked(await token("x", "agents:run"), "pay_by_two", { amount: 1 });
  await decide(one.id, await token("o-1", "approvals:write", { azp: "app-1", idtyp: "app" }));
  await decide(
    one.id,
    await token("o-2", "approvals:write", {
      azp: "app-2",
      preferred_username: "service-account-app-2",
      client_id: "app-2",
    }),
  );
  await settle(one.run_id);
  expect(effects.filter(({ runId }) => runId === one.run_id)).toEqual([]);
});

test("'principal' that returns nothing lets nobody in, and is no 500", async () => {
  const door = doorWith({
    jwt: { issuer, audience, keys: key.jwk, principal: (() => undefined) as never },
  });
  const response = await door("GET", "/approvals", { token: await token("a", "approvals:read") });
  expect(response.status).toBe(401);
});

test("batch: duplicates, 101, huge", async () => {
  const one = await asked(await token("x", "agents:run"), "delete_user_data", { user_id: "u" });
  const w = await token("w", "approvals:write");
  const post = (decisions: unknown[]) =>
    ask("POST", "/approvals/resolve", sending({ decisions }, w));
  expect(
    (await post(Array.from({ length: 101 }, () => ({ approval_id: one.id, status: "approved" }))))
      .status,
  ).toBe(422);
  const huge = {
    approval_id: one.id,
    status: "approved",
    resolution_data: { x: "y".repeat(70_000) },
  };
  const deep = `{"approval_id":"${one.id}","status":"approved","resolution_data":{"x":${"[".repeat(3000)}${"]".repeat(3000)}}}`;
  const r = await ask("POST", "/approvals/resolve", {
    ...json(`{"decisions":[${deep},${JSON.stringify(huge)}]}`),
    token: w,
  });
  expect(r.status).toBe(200);
  expect((await r.json<{ data: { status: number }[] }>()).data.map(({ status }) => status)).toEqual(
    [422, 422],
  );
  const dup = await post([
    { approval_id: one.id, status: "rejected" },
    { approval_id: one.id, status: "approved" },
  ]);
  expect((await dup.json<{ data: { ok: boolean }[] }>()).data.map(({ ok }) => ok)).toEqual([
    true,
    false,
  ]);
});

test("a prototype's names in an edit are refused", async () => {
  const one = await asked(await token("x", "agents:run"), "pay_edited", { amount: 5 });
  const w = await token("w", "approvals:write");
  for (const text of [
    '{"__proto__":{"amount":9}}',
    '{"constructor":1}',
    '{"amount":6,"__proto__":{"to":"eve"}}',
  ]) {
    const r = await ask("POST", `/approvals/${one.id}/resolve`, {
      ...json(`{"status":"approved","resolution_data":{"args":${text}}}`),
      token: w,
    });
    expect([text, r.status]).toEqual([text, 422]);
  }
});

test("one person at once under several credentials is one vote, in a batch too", async () => {
  const one = await asked(await token("x", "agents:run"), "pay_by_two", { amount: 1 });
  const mail = { email_verified: true };
  const all = await Promise.all(
    Array.from({ length: 12 }, async (_, i) =>
      token(`bob${i % 3}`, "approvals:write", {
        ...mail,
        email: i % 2 ? "BOB+1@example.com" : "bob@example.com",
      }),
    ),
  );
  await Promise.all(all.map((t) => decide(one.id, t)));
  const decisions = [1, 2, 3].map((n) => ({
    approval_id: one.id,
    status: "approved",
    resolution_data: { note: String(n) },
  }));
  await ask("POST", "/approvals/resolve", sending({ decisions }, all[0] ?? ""));
  const [after] = await approvalsOf(one.run_id);
  expect([after?.status, after?.votes.length]).toEqual(["pending", 1]);
});

test("an API key of a service does not pass for what only the panel's sign-in assures", async () => {
  const one = await asked(await token("x", "agents:run"), "a_panel_only", { amount: 1 });
  const made = await ask(
    "POST",
    "/keys",
    sending({ name: "bot", scopes: ["approvals:write"] }, await token("adm", "agent_os:admin")),
  );
  const { key: secret } = await made.json<{ key: string }>();
  const [status] = await decide(one.id, secret);
  expect(status).toBe(403);
});

test("per-agent grants reach no other agent's run by a borrowed path", async () => {
  const message = script({ text: "secret words" });
  const started = await ask(
    "POST",
    "/agents/tester/runs",
    sending({ message, stream: false }, await token("x", "agents:run")),
  );
  const { run_id } = await started.json<RunView>();
  const little = await token("y", "agents:short:read agents:short:run");
  for (const [method, path, body] of [
    ["GET", `/agents/short/runs/${run_id}`],
    ["GET", `/agents/tester/runs/${run_id}`],
    ["POST", `/agents/short/runs/${run_id}/resume`, {}],
    ["POST", `/agents/short/runs/${run_id}/continue`, { stream: false }],
    ["POST", `/agents/short/runs/${run_id}/cancel`, {}],
    ["POST", `/teams/crew/runs/${run_id}/cancel`, {}],
    ["GET", `/agents/tester%2F..%2Fshort/runs/${run_id}`],
  ] as const) {
    const r = await ask(
      method,
      path,
      body === undefined ? { token: little } : sending(body, little),
    );
    expect([method, path, [403, 404].includes(r.status)]).toEqual([method, path, true]);
    expect(await r.text()).not.toContain("secret words");
  }
});

test("forged and half tokens", async () => {
  const c = claimsOf("a", { scope: "approvals:read" });
  const b64 = (v: unknown) =>
    btoa(JSON.stringify(v)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
  const bad = [
    `${b64({ alg: "none" })}.${b64(c)}.`,
    `${b64({ alg: "HS256", kid: "k" })}.${b64(c)}.AAAA`,
    await key.sign({ ...c, aud: undefined } as never),
    await key.sign({ ...c, iss: undefined } as never),
    await key.sign({ ...c, exp: undefined } as never),
    await key.sign({ ...c, exp: (c.exp ?? 0) - 700 }),
    await key.sign({ ...c, nbf: c.exp ?? 0 }),
    await key.sign({ ...c, iss: `${issuer}/` }),
    await key.sign({ ...c, aud: [`${audience}.evil`] }),
    await key.sign(c, { kid: "../k" }),
    await key.sign({ ...c, sub: "" }),
    await key.sign({ ...c, sub: "a\u202e" }),
    await (await signingKey("k")).sign(c),
    await key.sign(c, { jwk: key.jwk, kid: "other" }),
  ];
  for (const [i, t] of bad.entries())
    expect([i, (await ask("GET", "/approvals?limit=1", { token: t })).status]).toEqual([i, 401]);
});
