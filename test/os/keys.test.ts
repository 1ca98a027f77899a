import { beforeEach, expect, test, vi } from "vitest";
import { idOfApiKey, newApiKey } from "../../src/os/api-key.ts";
import { binding, outOfReach, query } from "../database.ts";
import { pending } from "../client.ts";
import { clock, script } from "../world.ts";
import { refusal, unique } from "./http.ts";
import { claimsOf, doorWith, issuer, audience, sending, signingKey } from "./issuer.ts";

const vars = { OS_SECURITY_KEY: "sk-root" };
const path = "/approvals?limit=1";
const invalid = [401, "Invalid authentication token"];

interface Made {
  id: string;
  key: string;
  expires_at: number | null;
}

let nowMs = clock.now();
const ask = doorWith({}, vars, () => nowMs);
const root = (value: unknown) => sending(value, "sk-root");
const make = async (fields: Record<string, unknown> = {}): Promise<Made> => {
  const body = { name: unique("key"), scopes: ["approvals:read"], ...fields };
  const response = await ask("POST", "/keys", root(body));
  expect(response.status).toBe(201);
  return response.json<Made>();
};
const status = async (token: string) => (await ask("GET", path, { token })).status;

beforeEach(() => {
  nowMs = clock.now();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

test("a key is shown once, and nothing that is kept or listed gives it away", async () => {
  const { id, key, ...told } = await make({ name: "shop", groups: ["bots"] });
  expect(key).toMatch(new RegExp(`^kern_${id}_[0-9a-z]{56}$`));
  expect(id).toHaveLength(8);
  expect(told).toEqual({
    name: "shop",
    last4: key.slice(-4),
    scopes: ["approvals:read"],
    groups: ["bots"],
    created_by: "root",
    created_at: Math.floor(nowMs / 1000),
    expires_at: Math.floor((nowMs + 90 * 86_400_000) / 1000),
    revoked_at: null,
  });
  expect(await status(key)).toBe(200);
  const list = await (await ask("GET", "/keys", { token: "sk-root" })).text();
  expect(JSON.parse(list)).toMatchObject({ data: expect.arrayContaining([{ id, ...told }]) });
  const rows = await query("SELECT * FROM api_keys WHERE id = ?", id);
  const secret = key.slice(14, -4);
  expect(rows).toHaveLength(1);
  for (const text of [list, JSON.stringify(rows)]) expect(text).not.toContain(secret);
});

test("a key is good until it expires, and one without an expiry for ever", async () => {
  const short = await make({ expires_in: "2h" });
  const endless = await make({ expires_in: null });
  expect(endless.expires_at).toBeNull();
  nowMs += 2 * 3_600_000 - 1;
  expect(await status(short.key)).toBe(200);
  nowMs += 1;
  expect(await refusal(ask("GET", path, { token: short.key }))).toEqual(invalid);
  nowMs += 100 * 365 * 86_400_000;
  expect(await status(endless.key)).toBe(200);
});

test("a key that is revoked is refused from the next request on; revoking is safe to repeat", async () => {
  const { id, key } = await make();
  const other = await make();
  expect(await status(key)).toBe(200);
  const revoke = async (token = "sk-root") =>
    (await ask("DELETE", `/keys/${id}`, { token })).status;
  expect([await revoke(), await status(key), await revoke()]).toEqual([204, 401, 204]);
  expect(await status(other.key)).toBe(200);
  const missing = ask("DELETE", "/keys/nothing", { token: "sk-root" });
  expect(await refusal(missing)).toEqual([404, "Key not found"]);
});

test("a key that is mistyped is refused without asking the database", async () => {
  const { key } = await make();
  const offline = doorWith({}, { ...vars, [binding]: outOfReach });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const typos = [
    ...[5, 9, 14, 30, 65, 68].map((at) => {
      const other = key[at] === "0" ? "1" : "0";
      return key.slice(0, at) + other + key.slice(at + 1);
    }),
    key.slice(0, -1),
    `${key}0`,
    key.toUpperCase(),
    key.replace("kern_", "kern_k"),
    "kern_",
    "kern_x_y",
  ];
  for (const token of typos) {
    expect(idOfApiKey(token)).toBeNull();
    expect(await refusal(offline("GET", path, { token }))).toEqual(invalid);
  }
  const right = offline("GET", path, { token: key });
  expect(await refusal(right)).toEqual([503, "The database cannot be reached at the moment."]);
});

test("a key that nobody made is refused, and so is the secret of another one", async () => {
  const [one, other] = [await make(), newApiKey()];
  await query("UPDATE api_keys SET id = ? WHERE id = ?", other.id, one.id);
  expect(await refusal(ask("GET", path, { token: newApiKey().key }))).toEqual(invalid);
  expect(await refusal(ask("GET", path, { token: other.key }))).toEqual(invalid);
});

test("a key may do what its scopes say, and no more", async () => {
  const { key } = await make({ scopes: ["approvals:read", "agents:tester:read"] });
  const lacking = (scope: string) => [403, `Insufficient permissions. Required scope(s): ${scope}`];
  expect(await status(key)).toBe(200);
  expect(await refusal(ask("GET", "/config", { token: key }))).toEqual(lacking("config:read"));
  expect(await refusal(ask("GET", "/keys", { token: key }))).toEqual(lacking("agent_os:admin"));
  const own = ask("POST", "/keys", sending({ name: "more", scopes: ["agent_os:admin"] }, key));
  expect(await refusal(own)).toEqual(lacking("agent_os:admin"));
});

test.each<[string, Record<string, unknown>]>([
  ["no name", { name: " " }],
  ["a name that hides characters", { name: "shop\u202E" }],
  ["no scopes", { scopes: [] }],
  ["a scope that there is not", { scopes: ["approvals:approve"] }],
  ["a scope of no agent", { scopes: ["agents::run"] }],
  ["a scope of every agent", { scopes: ["agents:*:run"] }],
  ["an expiry that is no time", { expires_in: "soon" }],
  ["an expiry in the past", { expires_in: "0s" }],
  ["half a character", { groups: ["\uD800"] }],
])("a key with %s is not made", async (_, fields) => {
  const body = { name: "x", scopes: ["approvals:read"], ...fields };
  expect((await ask("POST", "/keys", root(body))).status).toBe(422);
});

test.each([
  [["agents:run", "approvals:write"]],
  [["teams:run", "approvals:write"]],
  [["agents:tester:run", "approvals:read", "approvals:write"]],
  [["teams:crew:run", "approvals:write"]],
])("no key is made that runs agents and decides: %j", async (scopes) => {
  const refused = await ask("POST", "/keys", root({ name: "both", scopes }));
  expect(refused.status).toBe(422);
  expect(JSON.stringify(await refused.json())).toContain(
    "A key that runs agents cannot decide on approvals",
  );
  await make({ scopes: [...scopes, "agent_os:admin"] });
});

test("what a key does is on the records under its name and its id, which nobody makes up", async () => {
  const runner = await make({ name: "ann@example.com", scopes: ["agents:tester:run"] });
  const calls = [{ name: "delete_user_data", args: { user_id: "u-1" } }];
  const body = sending({ message: script({ calls }), stream: false }, runner.key);
  const { run_id } = await (
    await ask("POST", "/agents/tester/runs", body)
  ).json<{ run_id: string }>();
  const { id, requested_by } = await pending(run_id);
  expect(requested_by).toBe(`key:${runner.id}`);
  const decider = await make({ name: "ann@example.com", scopes: ["approvals:write"] });
  const decision = sending({ status: "rejected", resolved_by: "ann" }, decider.key);
  const decided = await ask("POST", `/approvals/${id}/resolve`, decision);
  expect(await decided.json()).toMatchObject({
    resolved_by: `ann@example.com (key:${decider.id})`,
  });
});

test("a key is taken on this machine without any other credential, and is not more than it says", async () => {
  const { key } = await make();
  const local = doorWith({});
  const base = "http://localhost";
  expect((await local("GET", path, { base, token: key })).status).toBe(200);
  expect((await local("GET", "/config", { base, token: key })).status).toBe(403);
  expect((await local("GET", path, { base, token: newApiKey().key })).status).toBe(401);
  expect((await local("GET", path, { token: key })).status).toBe(503);
});

test("a key that a person made keeps their names, so that it is known to be theirs", async () => {
  const signer = await signingKey("k");
  const withJwt = doorWith({ jwt: { issuer, audience, keys: signer.jwk } });
  const claims = claimsOf("ann", {
    scope: "agent_os:admin",
    email: "Ann+x@example.com",
    email_verified: true,
  });
  const token = await signer.sign(claims);
  const body = sending({ name: "mine", scopes: ["agents:tester:run"] }, token);
  const { id } = await (await withJwt("POST", "/keys", body)).json<Made>();
  const [row] = await query("SELECT aliases, created_by FROM api_keys WHERE id = ?", id);
  expect([JSON.parse(String(row?.["aliases"])), row?.["created_by"]]).toEqual([
    [`${issuer}|ann`, "ann", "ann@example.com"],
    `${issuer}|ann`,
  ]);
});

test("keys are all different, and each is one", () => {
  const keys = Array.from({ length: 2_000 }, newApiKey);
  expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length);
  for (const { id, key } of keys) expect(idOfApiKey(key)).toBe(id);
});
