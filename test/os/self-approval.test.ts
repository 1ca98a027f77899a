import type { JWTPayload } from "jose";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf } from "../client.ts";
import { effects, script } from "../world.ts";
import { json } from "./http.ts";
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
let ask: ReturnType<typeof doorWith>;
beforeAll(async () => {
  key = await signingKey("k");
  ask = doorWith({ jwt: { issuer, audience, keys: key.jwk } });
});
beforeEach(() => {
  effects.length = 0;
});

const self = "Whoever asked for a call cannot decide on it.";
const ann: JWTPayload = {
  email: "Ann@Example.com",
  email_verified: true,
  preferred_username: "ann.of.kern",
};
const token = async (sub: string, scope: string, more: JWTPayload = {}): Promise<string> =>
  key.sign(claimsOf(sub, { scope, ...more }));

const gated = (user_id = "u-1") => ({ name: "delete_user_data", args: { user_id } });

/** A run that somebody starts, and its one approval that is pending. */
async function asked(
  by: string,
  {
    path = "/agents/tester/runs",
    message,
    ...fields
  }: Record<string, unknown> & { path?: string } = {},
): Promise<ApprovalRecord> {
  const text = message ?? script({ calls: [gated()] });
  const response = await ask(
    "POST",
    path,
    sending({ message: text, stream: false, ...fields }, by),
  );
  expect(response.status).toBe(200);
  const { run_id } = await response.json<RunView>();
  const [one] = await approvalsOf(run_id);
  if (one?.status !== "pending") throw new Error("Nothing is pending.");
  return one;
}

async function decide(id: string, credential: string): Promise<[number, unknown]> {
  const visit = sending({ status: "approved" }, credential);
  const response = await ask("POST", `/approvals/${id}/resolve`, visit);
  return [response.status, (await response.json<{ detail?: unknown }>()).detail];
}

const starting = "agents:run teams:run";

test.each<[string, string, JWTPayload]>([
  ["with another token of the same account", "ann", {}],
  [
    "with another account of the same address, in another case",
    "other",
    { email: "ANN@example.COM", email_verified: true },
  ],
  [
    "with a plus in the address",
    "other",
    { email: "ann+approvals@example.com", email_verified: true },
  ],
  ["by the same user name", "other", { preferred_username: "Ann.Of.Kern" }],
  ["by an account that is called like the other's subject", "other", { preferred_username: "ann" }],
])("nobody decides on what they have asked for: %s", async (_, sub, claims) => {
  const one = await asked(await token("ann", starting, ann));
  expect(await decide(one.id, await token(sub, "approvals:write", claims))).toEqual([403, self]);
  expect(effects.filter(({ runId }) => runId === one.run_id)).toEqual([]);
  expect(await decide(one.id, await token("bob", "approvals:write"))).toEqual([200, undefined]);
});

test("nor does the one whom the run is said to be for, nor the one who said so", async () => {
  const one = await asked(await token("bob", starting), { user_id: "ann@example.com" });
  expect(await decide(one.id, await token("ann", "approvals:write", ann))).toEqual([403, self]);
  expect(await decide(one.id, await token("bob", "approvals:write"))).toEqual([403, self]);
  expect(await decide(one.id, await token("cat", "approvals:write"))).toEqual([200, undefined]);
});

test("nor through an API key that they have made", async () => {
  const admin = await token("ann", "agent_os:admin", ann);
  const made = await ask(
    "POST",
    "/keys",
    sending({ name: "bot", scopes: ["approvals:write"] }, admin),
  );
  expect(made.status).toBe(201);
  const { key: secret } = await made.json<{ key: string }>();
  const one = await asked(await token("ann", starting, ann));
  expect(await decide(one.id, secret)).toEqual([403, self]);
  const other = await asked(await token("bob", starting));
  expect(await decide(other.id, secret)).toEqual([200, undefined]);
});

test("nor through a team, of whose own tool or of whose member's tool it is", async () => {
  const by = await token("ann", starting, ann);
  const mine = await token("ann", "approvals:write", ann);
  const path = "/teams/crew/runs";
  const own = await asked(by, { path });
  expect(own.source_type).toBe("team");
  const task = script({ calls: [gated()] });
  const handing = { name: "delegate_task_to_member", args: { member_id: "clerk", task } };
  const member = await asked(by, { path, message: script({ calls: [handing] }) });
  expect(member.agent_id).toBe("clerk");
  for (const { id } of [own, member]) {
    expect(await decide(id, mine)).toEqual([403, self]);
    expect(await decide(id, await token("bob", "approvals:write"))).toEqual([200, undefined]);
  }
});

test("nor on the panel's page, nor with several decisions at once, nor by giving it more time", async () => {
  const one = await asked(await token("ann", starting, ann));
  const mine = await token("ann", "approvals:read approvals:write", ann);
  const page = await ask("POST", `/panel/approvals/${one.id}`, {
    token: mine,
    body: new URLSearchParams({ decision: "approved" }).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: "https://kern.example.com",
    },
  });
  expect(page.status).toBe(403);
  expect(await page.text()).toContain(self);
  const decisions = [{ approval_id: one.id, status: "approved" }];
  const batch = await ask("POST", "/approvals/resolve", { ...json({ decisions }), token: mine });
  expect(await batch.json()).toEqual({
    data: [{ approval_id: one.id, ok: false, status: 403, detail: self }],
  });
  const extended = await ask(
    "POST",
    `/approvals/${one.id}/extend`,
    sending({ expires_in: 60 }, mine),
  );
  expect(extended.status).toBe(403);
  expect(effects.filter(({ runId }) => runId === one.run_id)).toEqual([]);
});

test("what runs agents decides on nothing at all", async () => {
  const one = await asked(await token("ann", starting, ann));
  const [status] = await decide(one.id, await token("bob", "approvals:write agents:run"));
  expect(status).toBe(403);
});

test("two people who are needed are two people, not two credentials of one, and no service", async () => {
  const message = script({ calls: [{ name: "pay_by_two", args: { amount: 1 } }] });
  const one = await asked(await token("ann", starting, ann), { message });
  const bob = { email: "bob@example.com", email_verified: true };
  const votes = async () =>
    (
      await (
        await ask("GET", `/approvals/${one.id}`, { token: await token("x", "approvals:read") })
      ).json<ApprovalRecord>()
    ).votes.length;
  expect(await decide(one.id, await token("bob", "approvals:write", bob))).toEqual([
    200,
    undefined,
  ]);
  expect(
    await decide(
      one.id,
      await token("bob2", "approvals:write", { ...bob, email: "Bob+2@example.com" }),
    ),
  ).toEqual([200, undefined]);
  expect(await votes()).toBe(1);
  const [status] = await decide(
    one.id,
    await token("svc", "approvals:write", { gty: "client-credentials" }),
  );
  expect(status).toBe(403);
  expect(effects.filter(({ runId }) => runId === one.run_id)).toEqual([]);
  expect(await decide(one.id, await token("cat", "approvals:write"))).toEqual([200, undefined]);
  expect(await votes()).toBe(2);
});
