import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { email } from "../../src/channels/email.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { approvalsOf, ask, get, pending, read, settle, start } from "../client.ts";
import { http, json, type Question } from "../os/http.ts";
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
import { clock, effects, FaultyDb, script } from "../world.ts";
import { agent } from "../worker.ts";
import { turnOn } from "./channels.ts";
import { mailOptions, mailServer, ownLink } from "./mail-server.ts";

const base = "https://kern.example.com";
const keys = { k2: "2".repeat(32), k1: "1".repeat(32) };
const invalid = "This link does not hold, or not any more. Sign in to the panel to decide there.";
type Answer = { status: number; body: Record<string, unknown> & { detail?: string } };

async function asked(name: string, fields: object = {}): Promise<ApprovalRecord> {
  const message = script({ calls: [{ name, args: {} }] }, { text: "Done." });
  const { run_id } = await start(message, { ...fields });
  return pending(run_id);
}

/** The approval, and the link in the mail that this address got. */
async function mailed(name: string, to = "Ann@Example.com", fields: object = {}) {
  const approval = await asked(name, fields);
  const sent = () =>
    mailServer.received.find((mail) => mail.to === to && mail.text.includes(approval.id));
  await vi.waitFor(() => expect(sent()).toBeDefined());
  const mail = sent();
  if (mail === undefined) throw new Error("No mail.");
  return { approval, mail, link: ownLink(mail) };
}

async function linked(name: string, to?: string, fields: object = {}) {
  const { link, ...rest } = await mailed(name, to, fields);
  if (link === undefined) throw new Error("The mail has no link of its own.");
  return { ...rest, ...link };
}

type Asked = Omit<Question, "headers"> & { headers?: Record<string, string> };

async function post(path: string, value: unknown, more: Asked = {}): Promise<Answer> {
  const { body, headers } = json(value);
  const own = { origin: base, "sec-fetch-site": "same-origin", ...headers };
  const response = await http("POST", path, {
    base,
    body,
    ...more,
    headers: { ...own, ...more.headers },
  });
  return { status: response.status, body: await response.json() };
}

const yes = (token: string, name = "send_by_mail") => ({
  token,
  status: "approved",
  confirmation: name,
});

const statusOf = async (id: string) => (await get<ApprovalRecord>(`/approvals/${id}`)).status;

/** A token as this service would sign it, but for what is other. */
async function forged(
  approval: ApprovalRecord,
  other: Record<string, unknown> = {},
  { kid = "k2", key = keys.k2, typ = "kern-approval+jwt" } = {},
): Promise<string> {
  const claims = {
    aud: `${base}/email/decide`,
    sub: "ann@example.com",
    jti: crypto.randomUUID(),
    approval: approval.id,
    args_hash: approval.args_hash,
    groups: [],
    exp: Math.floor(clock.now() / 1000) + 600,
    ...other,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", kid, typ })
    .sign(new TextEncoder().encode(key));
}

beforeEach(() => {
  mailServer.received.length = 0;
  turnOn("email");
});
afterEach(() => turnOn());

describe("who gets a link that decides", () => {
  test("whom the policy names, where it says that a mail is enough, and nobody else", async () => {
    expect((await mailed("send_by_mail")).link).toBeDefined();
    expect((await mailed("send_by_mail", "fin1@example.com")).link).toBeDefined();
    for (const name of ["send_plainly", "send_surely", "send_signed_in"]) {
      const { approval, link, mail } = await mailed(name, "ann@example.com");
      expect(link).toBeUndefined();
      expect(mail.text).toContain(`${base}/panel/approvals/${approval.id}`);
    }
  });

  test("nobody without keys, nobody whom only the channel's own list names, and keys that are none are told of", async () => {
    const approval = await asked("send_by_mail");
    const run = { run_id: approval.run_id } as never;
    const notice = {
      id: "msg_1",
      type: "approval.pending",
      atMs: 0,
      run,
      approval,
      to: null,
    } as const;
    const context = (env: Record<string, unknown>) => ({
      env,
      receipt: null,
      signal: new AbortController().signal,
      urlOf: (path: string) => new URL(path, base).href,
      approvers: async () => [],
      nowMs: clock.now(),
    });
    const EMAIL_LINK_KEYS = JSON.stringify({ k1: btoa(keys.k1) });
    const tell = async (env: Record<string, unknown>, to?: string[]) => {
      mailServer.received.length = 0;
      await email({ ...mailOptions, ...(to && { to }) }).tell(notice as never, context(env));
      return mailServer.received.map(ownLink);
    };
    expect(await tell({})).toEqual([undefined, undefined, undefined]);
    const lists = await tell({ EMAIL_LINK_KEYS }, ["eve@example.com", "fin1@example.com"]);
    expect(lists).toEqual([undefined, { path: expect.any(String), token: expect.any(String) }]);
    for (const bad of [
      "x",
      "{}",
      "[]",
      `{"k1":"short"}`,
      `{"1":"${btoa(keys.k1)}"}`,
      `"${btoa(keys.k1)}"`,
    ])
      await expect(tell({ EMAIL_LINK_KEYS: bad })).rejects.toThrow(/EMAIL_LINK_KEYS is a JSON/);
  });
});

test("whoever follows the links of a mail, by whatever method that is safe, changes nothing and learns nothing", async () => {
  const { approval, mail, path } = await linked("send_by_mail");
  const urls = [...`${mail.text}\n${mail.html}`.matchAll(/https?:\/\/[^\s"<]+/g)].map(
    ([url]) => url,
  );
  expect(new Set(urls).size).toBe(2);
  for (const url of [...urls, `${base}${path}/look`, `${base}/email/decide.js`])
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      const { pathname, search } = new URL(url);
      const vars = { OS_SECURITY_KEY: "key" };
      const response = await http(method, pathname + search, { base, vars });
      expect(response.status).toBeLessThan(500);
      const headers = { authorization: "Bearer key" };
      await http(method, pathname + search, { base, headers, vars });
      if (pathname.startsWith("/email/"))
        expect(await response.text()).not.toMatch(/send_by_mail|Tester|acc-7/);
    }
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({ status: "pending", votes: [] });
  const nothing = await http("GET", "/email/decide/apr_none", { base });
  const page = await http("GET", path, { base });
  expect((await page.text()).replaceAll(approval.id, "X")).toBe(
    (await nothing.text()).replaceAll("apr_none", "X"),
  );
});

test("what is in a path or a query is no link, and a form decides nothing", async () => {
  const { approval, path, token } = await linked("send_by_mail");
  const fields = yes(token);
  const query = String(new URLSearchParams(fields));
  await http("GET", `${path}?${query}`, { base });
  await http("POST", `${path}?${query}`, { base, headers: { origin: base } });
  const form = await http("POST", path, {
    base,
    body: new URLSearchParams(fields),
    headers: { origin: base },
  });
  expect(form.status).toBe(422);
  const text = { "content-type": "text/plain" };
  expect(await post(path, fields, { headers: text })).toMatchObject({ status: 422 });
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example.com" },
    { origin: "null" },
    { origin: "" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of foreign)
    for (const at of [path, `${path}/look`])
      expect(await post(at, fields, { headers })).toMatchObject({ status: 403 });
  expect(await statusOf(approval.id)).toBe("pending");
});

test("the link shows the approval, and decides once the tool's name is typed", async () => {
  const { approval, path, token } = await linked("send_by_mail", "fin1@example.com");
  const look = await post(`${path}/look`, { token });
  expect(look).toMatchObject({
    status: 200,
    body: {
      tool_name: "send_by_mail",
      status: "pending",
      you: "fin1@example.com",
      preview: "Sends to acc-7.",
      arguments: '{\n  "code": "••••••",\n  "to": "acc-7"\n}',
      reasons: ["too much", "wrong account"],
    },
  });
  for (const confirmation of ["", "yes", "send_by", "SEND_BY_MAIL"])
    expect(await post(path, { ...yes(token), confirmation })).toMatchObject({
      status: 422,
      body: { detail: "Type the tool's name as it stands there: send_by_mail" },
    });
  expect(await statusOf(approval.id)).toBe("pending");
  const answer = await post(path, { ...yes(token), note: "Fine <b>by me</b>." });
  expect(answer).toMatchObject({
    status: 200,
    body: { status: "approved", resolved_by: "fin1@example.com" },
  });
  expect((await settle(approval.run_id)).status).toBe("COMPLETED");
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({
    status: "approved",
    resolved_by: "fin1@example.com",
    resolution_data: { note: "Fine <b>by me</b>." },
  });
});

test("a link is used once: however many ask at once, one decides, and who comes later is told what was decided", async () => {
  const { approval, path, token } = await linked("send_by_mail");
  const no = { ...yes(token), status: "rejected", reason: "too much" };
  const answers = await Promise.all(
    [yes(token), no, yes(token), no, yes(token)].map(async (one) => post(path, one)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
  const decided = await statusOf(approval.id);
  const late = await post(path, yes(token));
  expect(late).toMatchObject({
    status: 409,
    body: { detail: `This approval is ${decided} already by ann@example.com.` },
  });
  await settle(approval.run_id);
  const done = effects.filter(({ approvalId }) => approvalId === approval.id);
  expect(done).toHaveLength(decided === "approved" ? 1 : 0);
});

test("what did not go through leaves the link as it was", async () => {
  const { approval, path, token } = await linked("send_by_mail");
  const no = { ...yes(token), status: "rejected" };
  for (const reason of [undefined, "because"])
    expect(await post(path, { ...no, reason })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("'too much', 'wrong account'") as string },
    });
  expect(await post(path, { ...no, reason: "too much" })).toMatchObject({ status: 200 });
  expect(await statusOf(approval.id)).toBe("rejected");
});

describe("a link does not hold", () => {
  const cases: Record<
    string,
    (approval: ApprovalRecord, token: string) => string | Promise<string>
  > = {
    "that was changed": (_, token) =>
      `${token.slice(0, -9)}${token.at(-9) === "A" ? "B" : "A"}${token.slice(-8)}`,
    "whose claims were changed": (_, token) => {
      const [head, , tail] = token.split(".");
      return `${head}.${btoa(JSON.stringify({ sub: "eve@example.com" })).replaceAll("=", "")}.${tail}`;
    },
    "that nobody signed": (approval) => {
      const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
      const claims = { sub: "ann@example.com", jti: "1", approval: approval.id, exp: 9e9 };
      return `${part({ alg: "none", typ: "kern-approval+jwt" })}.${part(claims)}.`;
    },
    "that is signed with another key": async (approval) =>
      forged(approval, {}, { key: "x".repeat(32) }),
    "of a key that is not there": async (approval) => forged(approval, {}, { kid: "k9" }),
    "of a key that is named by another": async (approval) => forged(approval, {}, { kid: "k1" }),
    "of another kind": async (approval) => forged(approval, {}, { typ: "JWT" }),
    "for another service": async (approval) =>
      forged(approval, { aud: "https://other.example.com/email/decide" }),
    "for another channel": async (approval) =>
      forged(approval, { aud: `${base}/email-outcome/decide` }),
    "for nothing": async (approval) => forged(approval, { aud: undefined }),
    "that has expired": async (approval) =>
      forged(approval, { exp: Math.floor(clock.now() / 1000) }),
    "that never expires": async (approval) => forged(approval, { exp: undefined }),
    "that cannot be told from others": async (approval) => forged(approval, { jti: undefined }),
    "of nobody": async (approval) => forged(approval, { sub: undefined }),
    "for other arguments": async (approval) => forged(approval, { args_hash: "0".repeat(64) }),
    "for another approval": async (approval) => forged(approval, { approval: `${approval.id}x` }),
    "that is none": () => "x",
  };
  test.each(Object.entries(cases))("%s", async (_, forge) => {
    const { approval, path, token } = await linked("send_by_mail");
    const bad = await forge(approval, token);
    for (const [at, body] of [
      [`${path}/look`, { token: bad }],
      [path, yes(bad)],
    ] as const)
      expect(await post(at, body)).toEqual({ status: 403, body: { detail: invalid } });
    expect(await statusOf(approval.id)).toBe("pending");
    expect(await post(path, yes(token))).toMatchObject({ status: 200 });
  });

  test("at another approval's page", async () => {
    const one = await linked("send_by_mail");
    const other = await linked("send_by_mail");
    expect(await post(other.path, yes(one.token))).toMatchObject({ status: 403 });
    expect(await statusOf(other.approval.id)).toBe("pending");
  });

  test("once the approval has expired, whichever comes first", async () => {
    const { approval, path, token } = await linked("send_by_mail");
    clock.move(3_600_000);
    expect(await post(path, yes(token))).toMatchObject({ status: 403 });
    await vi.waitFor(async () => expect(await statusOf(approval.id)).not.toBe("approved"));
  });
});

test("keys rotate: an old one verifies as long as it is there, and no longer", async () => {
  const { approval, path, token } = await linked("send_by_mail");
  const named = (held: object) => ({ vars: { EMAIL_LINK_KEYS: JSON.stringify(held) } });
  const [k1, k2, k3] = [btoa(keys.k1), btoa(keys.k2), btoa("3".repeat(32))];
  const look = async (held: object) => (await post(`${path}/look`, { token }, named(held))).status;
  expect(await look({ k3, k2 })).toBe(200);
  expect(await look({ k3, k1 })).toBe(403);
  expect(await look({ k2: k3 })).toBe(403);
  expect((await post(`${path}/look`, { token }, { vars: { EMAIL_LINK_KEYS: "" } })).status).toBe(
    403,
  );
  expect((await post(path, yes(token), named({ k3, k2 }))).status).toBe(200);
  expect(await statusOf(approval.id)).toBe("approved");
});

test.each(["send_plainly", "send_surely", "send_signed_in"])(
  "%s is not decided by a link, whoever signed it",
  async (name) => {
    const approval = await asked(name);
    const path = `/email/decide/${approval.id}`;
    const answer = await post(path, yes(await forged(approval), name));
    expect(answer).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining("sign in") as string },
    });
    expect(await statusOf(approval.id)).toBe("pending");
  },
);

test("whom the policy does not name decides nothing, though they have a link", async () => {
  const approval = await asked("send_by_mail");
  for (const claims of [
    { sub: "eve@example.com" },
    { sub: "eve@example.com", groups: ["finance"] },
  ])
    expect(
      await post(`/email/decide/${approval.id}`, yes(await forged(approval, claims))),
    ).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining("This approval is for") as string },
    });
  expect(await statusOf(approval.id)).toBe("pending");
});

test("who has left the group since decides nothing", async () => {
  const { approval, path, token } = await linked("send_by_mail", "fin1@example.com");
  const groups = { finance: ["fin2@example.com"] };
  const app = new AgentOS({
    agents: [agent],
    db: new FaultyDb(),
    channels: [email({ ...mailOptions, groups })],
    url: base,
    now: clock.now,
  }).getApp();
  expect(await post(path, yes(token), { app })).toMatchObject({ status: 403 });
  expect(await statusOf(approval.id)).toBe("pending");
  expect(await post(path, yes(token))).toMatchObject({ status: 200 });
});

test("whoever asked for the call does not decide on it by mail", async () => {
  const { approval, path, token } = await linked("send_by_mail", undefined, {
    user_id: "ann+work@EXAMPLE.com",
  });
  expect(await post(path, yes(token))).toMatchObject({
    status: 403,
    body: { detail: "Whoever asked for a call cannot decide on it." },
  });
  expect(await statusOf(approval.id)).toBe("pending");
});

test("of several people each counts once, by mail and signed in alike", async () => {
  const { approval, mail } = await mailed("send_by_two", "ann@example.com");
  const key = await signingKey("key-1");
  const { fetch } = keyServer(key);
  const rules = { issuer, audience, jwksUrl, fetch: fetch as typeof globalThis.fetch };
  const visit = doorWith({ jwt: rules });
  const claims = {
    email: "Ann@example.com",
    email_verified: true,
    scope: "approvals:write approvals:read",
  };
  const token = await key.sign(claimsOf("u-ann", claims));
  const signedIn = await visit(
    "POST",
    `/approvals/${approval.id}/resolve`,
    sending({ status: "approved" }, token),
  );
  expect([signedIn.status, await signedIn.json()]).toMatchObject([
    200,
    { status: "pending", votes: [{}] },
  ]);
  const link = ownLink(mail);
  expect(await post(link?.path ?? "", yes(link?.token ?? "", "send_by_two"))).toMatchObject({
    status: 200,
    body: { status: "pending" },
  });
  expect((await get<ApprovalRecord>(`/approvals/${approval.id}`)).votes).toHaveLength(1);
  const bobs = mailServer.received.find(
    ({ text, to }) => to === "bob@example.com" && text.includes(approval.id),
  );
  const own = bobs && ownLink(bobs);
  expect(await post(own?.path ?? "", yes(own?.token ?? "", "send_by_two"))).toMatchObject({
    status: 200,
    body: { status: "approved" },
  });
  expect((await settle(approval.run_id)).status).toBe("COMPLETED");
});

test("a decision that is in nobody's hands any more is not made by a late link", async () => {
  const { approval, path, token } = await linked("send_by_mail");
  await ask("POST", `/agents/tester/runs/${approval.run_id}/cancel`);
  expect(await post(path, yes(token))).toMatchObject({
    status: 409,
    body: { detail: "This approval is cancelled already." },
  });
  expect((await read(approval.run_id)).status).toBe("CANCELLED");
  expect(await approvalsOf(approval.run_id)).toMatchObject([{ status: "cancelled" }]);
});
