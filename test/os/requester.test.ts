import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { Entry } from "../../src/run/entry.ts";
import type { ResolveMessage } from "../../src/run/messages.ts";
import type { RunView } from "../../src/run/view.ts";
import { pending, start, stub } from "../client.ts";
import { script } from "../world.ts";
import {
  audience,
  claimsOf,
  doorWith,
  issuer,
  sending,
  type SigningKey,
  signingKey,
} from "./issuer.ts";

let key: SigningKey;
beforeAll(async () => {
  key = await signingKey("k");
});

const gated = () => script({ calls: [{ name: "delete_user_data", args: { user_id: "u-1" } }] });
const jwt = () => ({ issuer, audience, keys: key.jwk });

/** The names of who asked for the run, as its journal keeps them. */
async function requesterOf(runId: string): Promise<string[] | undefined> {
  const rows = await runInDurableObject(stub(runId), (_, { storage }) =>
    storage.sql
      .exec<{ entries: string }>("SELECT entries FROM journal ORDER BY seq LIMIT 1")
      .toArray(),
  );
  const entries = JSON.parse(rows[0]?.entries ?? "[]") as Entry[];
  const [started] = entries;
  return started?.kind === "started" ? started.requester?.aliases : undefined;
}

const annsClaims = () =>
  claimsOf("00u1", {
    scope: "agents:run teams:run",
    email: "Ann+ops@Example.com",
    email_verified: true,
    preferred_username: "ANN",
  });
const annsAliases = [`${issuer}|00u1`, "00u1", "ann@example.com", "ann"];

test("a run keeps every name that its requester's credential proves, and so does a member's run", async () => {
  const ask = doorWith({ jwt: jwt() });
  const task = { member_id: "clerk", task: gated() };
  const message = script({ calls: [{ name: "delegate_task_to_member", args: task }] });
  const body = sending({ message, stream: false }, await key.sign(annsClaims()));
  const run = await (await ask("POST", "/teams/crew/runs", body)).json<RunView>();
  expect(await requesterOf(run.run_id)).toEqual(annsAliases);
  expect(await requesterOf(run.requirements[0]?.member_run_id ?? "")).toEqual(annsAliases);
});

test("of a shared credential nothing is kept, because many stand behind it", async () => {
  const { run_id, requested_by } = await start(gated());
  expect([requested_by, await requesterOf(run_id)]).toEqual(["anonymous", undefined]);
});

test("an address that the issuer has not verified says who may not decide all the same", async () => {
  const ask = doorWith({ jwt: jwt() });
  const token = await key.sign({ ...annsClaims(), email_verified: false });
  const body = sending({ message: gated(), stream: false }, token);
  const { run_id } = await (await ask("POST", "/agents/tester/runs", body)).json<RunView>();
  expect(await requesterOf(run_id)).toEqual(annsAliases);
});

/** Who the run's object is told has decided. */
async function deciderWith(
  token: string,
  auth: Parameters<typeof doorWith>[0] = { jwt: jwt() },
  path = (id: string) => `/approvals/${id}/resolve`,
): Promise<unknown> {
  const { id } = await pending((await start(gated())).run_id);
  const told: ResolveMessage[] = [];
  const resolve = async (message: ResolveMessage) => {
    told.push(message);
    return { ok: false, reason: "not_found" };
  };
  const RUNS = { getByName: () => ({ resolve }) };
  const ask = doorWith(auth, { RUNS, OS_SECURITY_KEY: "sk" });
  await ask("POST", path(id), sending({ status: "approved", resolved_by: "claim" }, token));
  return told[0]?.decider;
}

test("who decides is told to the run with everything that rules may go by", async () => {
  const claims = {
    ...annsClaims(),
    scope: "approvals:write agents:tester:read",
    groups: ["finance", 7],
  };
  expect(await deciderWith(await key.sign(claims))).toEqual({
    principal: `${issuer}|00u1`,
    shared: false,
    claim: "claim",
    kind: "person",
    name: "Ann+ops@Example.com",
    aliases: annsAliases,
    names: [`${issuer}|00u1`, "Ann+ops@Example.com"],
    groups: ["finance"],
    scopes: ["approvals:write", "agents:tester:read"],
    assurance: "api",
  });
  expect(await deciderWith("sk")).toMatchObject({
    principal: "root",
    shared: true,
    aliases: [],
    groups: [],
    assurance: "api",
  });
});

test.each<[string, object]>([
  ["says so", { gty: "client-credentials" }],
  ["is its client's and nobody else's", { sub: "shop", client_id: "shop" }],
  ["is named after its client", { sub: "shop@clients", azp: "shop" }],
  ["names no subject but a client", { sub: undefined, client_id: "shop" }],
])("a token that %s is a service's", async (_, more) => {
  const claims = claimsOf("shop", { scope: "approvals:write", ...more });
  expect(await deciderWith(await key.sign(claims))).toMatchObject({ kind: "service" });
});

test("a person's token names the client by which they came, and stays a person's", async () => {
  const claims = claimsOf("ann", { scope: "approvals:write", azp: "panel", client_id: "panel" });
  expect(await deciderWith(await key.sign(claims))).toMatchObject({ kind: "person" });
});

test("claims go by the names that are configured, or by what the project makes of them", async () => {
  const claims = claimsOf("ann", {
    scope: "approvals:read",
    "https://kern/scopes": ["approvals:write"],
    roles: "finance leads",
    realm_access: { roles: ["boss"] },
  });
  const token = await key.sign(claims);
  const names = { scopes: "https://kern/scopes", groups: "roles" };
  expect(await deciderWith(token, { jwt: { ...jwt(), claims: names } })).toMatchObject({
    groups: ["finance", "leads"],
    scopes: ["approvals:write"],
  });
  const principal = ({ realm_access }: Record<string, unknown>) => ({
    kind: "service" as const,
    name: "Ann",
    aliases: ["A.Ann@Example.com"],
    groups: (realm_access as { roles: string[] }).roles,
    scopes: ["approvals:write", "nonsense"],
  });
  expect(await deciderWith(token, { jwt: { ...jwt(), principal } })).toMatchObject({
    principal: `${issuer}|ann`,
    kind: "service",
    name: "Ann",
    aliases: [`${issuer}|ann`, "ann", "a.ann@example.com"],
    groups: ["boss"],
    scopes: ["approvals:write", "nonsense"],
  });
});

test.each<[string, () => null]>([
  ["refuses it", () => null],
  [
    "fails",
    () => {
      throw new Error("canary");
    },
  ],
])("a token is refused where the project's own reading of it %s", async (_, principal) => {
  const ask = doorWith({ jwt: { ...jwt(), principal } });
  const token = await key.sign(claimsOf("ann", { scope: "approvals:read" }));
  expect((await ask("GET", "/approvals", { token })).status).toBe(401);
});

test("the same person's same answer is that answer again, by whatever name they go by then", async () => {
  const ask = doorWith({ jwt: jwt() });
  const { id } = await pending((await start(gated())).run_id);
  const decide = async (more: object) => {
    const token = await key.sign(claimsOf("ann", { scope: "approvals:write", ...more }));
    const answer = await ask(
      "POST",
      `/approvals/${id}/resolve`,
      sending({ status: "rejected" }, token),
    );
    return [answer.status, (await answer.json<{ resolved_by?: string }>()).resolved_by];
  };
  expect(await decide({})).toEqual([200, `${issuer}|ann`]);
  const email = { email: "ann@example.com", email_verified: true };
  expect(await decide(email)).toEqual([200, `${issuer}|ann`]);
  expect(await decide({ ...email, sub: "bob" })).toEqual([409, undefined]);
});
