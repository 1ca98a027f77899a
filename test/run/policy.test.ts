import { beforeEach, expect, test } from "vitest";
import type { Decider } from "../../src/approval/decision.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { messageVersion as v } from "../../src/run/messages.ts";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf, ask, door, get, pending, read, ring, settle, start } from "../client.ts";
import { policyCode } from "../policy-tools.ts";
import { clock, effects, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
  Object.assign(policyCode, { when: () => true, approvers: () => [], preview: () => null });
});

const person = (name: string, more: Partial<Decider> = {}): Decider => ({
  principal: `https://id.example|${name}`,
  shared: false,
  claim: null,
  kind: "person",
  name,
  aliases: [`${name}@example.com`],
  names: [`${name}@example.com`],
  assurance: "panel",
  ...more,
});
const key: Decider = { principal: "root", shared: true, claim: "ann" };

async function pay(
  tool: string,
  args: object = { amount: 5 },
  fields: object = {},
): Promise<RunView> {
  return start(script({ calls: [{ name: tool, args }] }), { ...fields });
}

type Said = { status: "approved" | "rejected"; data?: Record<string, unknown> };

async function say(
  one: ApprovalRecord,
  decider: Decider,
  { data, status }: Said = { status: "approved" },
): Promise<string | ApprovalRecord> {
  const decision = { status, data: data ?? null };
  const reply = await door(one.run_id).resolve({ v, approvalId: one.id, decision, decider });
  if (reply.ok) return reply.approval;
  return "message" in reply ? `${reply.reason}: ${reply.message}` : reply.reason;
}

test("where two are needed, one is not enough: the approval stays pending, and says who has voted", async () => {
  const run = await pay("pay_by_two");
  const one = await pending(run.run_id);
  expect(one.policy).toMatchObject({ quorum: { approve: 2, reject: 1 }, allow_self: false });
  const after = await say(one, person("ann"));
  expect(after).toMatchObject({
    status: "pending",
    resolved_by: null,
    votes: [{ by: "ann", status: "approved", args_hash: one.args_hash }],
  });
  expect((await read(run.run_id)).status).toBe("PAUSED");
  expect(effects).toEqual([]);
  // The same person again, under another credential, or spelled otherwise, is the same vote.
  const elsewhere = person("ANN", { principal: "key:1", aliases: ["Ann+x@Example.com"] });
  expect(await say(one, elsewhere)).toMatchObject({ status: "pending", votes: [{ by: "ann" }] });
  expect(await say(one, person("bob"))).toMatchObject({ status: "approved", resolved_by: "bob" });
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effects).toHaveLength(1);
  // Both of them decided, so that both may repeat it; a third comes too late.
  expect(await say(one, person("ann"))).toMatchObject({ status: "approved" });
  expect(await say(one, person("cat"))).toBe("taken");
});

test("a lost instance forgets no vote, and the copy in the list shows them", async () => {
  const run = await pay("pay_by_three_of_five");
  const one = await pending(run.run_id);
  await say(one, person("ann"));
  await say(one, person("bob"), { status: "rejected", data: { note: "why?" } });
  const [listed] = await approvalsOf(run.run_id);
  expect(listed?.votes).toMatchObject([
    { by: "ann", status: "approved", note: null },
    { by: "bob", status: "rejected", note: "why?" },
  ]);
  await say(one, person("cat"));
  expect(await say(one, person("dan"), { status: "rejected" })).toMatchObject({
    status: "rejected",
  });
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effects).toEqual([]);
});

test("the key that all share decides nothing that needs to know who decides", async () => {
  for (const tool of ["pay_by_two", "pay_by_finance", "pay_surely"]) {
    const one = await pending((await pay(tool)).run_id);
    expect(await say(one, key)).toMatch(/^forbidden: This approval needs to know who decides/);
  }
  const open = await pending((await pay("pay_by_self")).run_id);
  expect(await say(open, key)).toMatchObject({ status: "approved", resolved_by: "ann" });
});

test("only the approvers decide: by group, by name, by scope, and, once nobody has for long, those it is escalated to", async () => {
  const run = await pay("pay_by_finance");
  const one = await pending(run.run_id);
  expect(one.policy).toMatchObject({ risk: "high", escalated_to: [], escalate: [{ after: 1800 }] });
  const lead = person("lead", { groups: ["leads"] });
  const refused =
    "forbidden: This approval is for group:finance, boss@example.com, scope:payments.";
  expect(await say(one, person("ann", { groups: ["sales"] }))).toBe(refused);
  expect(await say(one, lead)).toBe(refused);
  clock.move(31 * 60_000);
  await ring(run.run_id);
  expect((await pending(run.run_id)).policy.escalated_to).toEqual(["group:leads"]);
  expect(await say(one, lead)).toMatchObject({ status: "approved" });
  for (const may of [
    person("fin", { groups: ["finance"] }),
    person("Boss"),
    person("svc", { scopes: ["payments"] }),
  ]) {
    const other = await pending((await pay("pay_by_finance")).run_id);
    expect(await say(other, may)).toMatchObject({ status: "approved" });
  }
});

test("a rejection says why, where there are reasons to choose from, and the model is told", async () => {
  const run = await pay("pay_by_finance");
  const one = await pending(run.run_id);
  const boss = person("boss");
  expect(await say(one, boss, { status: "rejected" })).toBe(
    "invalid: Rejecting this needs resolution_data.reason: one of 'too much', 'wrong account'.",
  );
  const data = { reason: "too much", note: "ask again in May" };
  expect(await say(one, boss, { status: "rejected", data })).toMatchObject({ status: "rejected" });
  const told = (await settle(run.run_id)).messages.find(({ role }) => role === "tool");
  expect(told?.content).toBe("Function call was rejected by the user: too much: ask again in May");
});

test("whoever asked for the call does not decide on it, by whatever name, unless the policy says so", async () => {
  const run = await pay("pay_edited", { amount: 5 }, { user_id: "Mia@Example.com" });
  const one = await pending(run.run_id);
  const refused = "forbidden: Whoever asked for a call cannot decide on it.";
  for (const name of ["mia", "MIA", "mia+x"]) expect(await say(one, person(name))).toBe(refused);
  expect(await say(one, person("ann"))).toMatchObject({ status: "approved" });
  const own = await pending(
    (await pay("pay_by_self", { amount: 5 }, { user_id: "mia@example.com" })).run_id,
  );
  expect(await say(own, person("mia"))).toMatchObject({ status: "approved" });
});

test("what is less sure than the policy asks for does not decide", async () => {
  const one = await pending((await pay("pay_surely")).run_id);
  expect(await say(one, person("ann", { assurance: "email" }))).toMatch(/^forbidden: .*slack/);
  expect(await say(one, person("ann", { assurance: "slack" }))).toMatchObject({
    status: "approved",
  });
});

test("only arguments that may be changed are, after they were checked, and both versions are kept", async () => {
  const run = await pay("pay_edited", { amount: 5, to: "bob" });
  const one = await pending(run.run_id);
  const edit = (args: unknown) => say(one, person("ann"), { status: "approved", data: { args } });
  expect(await edit({ to: "eve" })).toMatch(
    /^invalid: 'to' is not an argument that may be changed/,
  );
  expect(await edit({ amount: "many" })).toMatch(/^invalid: amount/);
  expect(await edit({ amount: 1, extra: 1 })).toMatch(/^invalid: 'extra'/);
  expect(effects).toEqual([]);
  const done = await edit({ amount: 3, to: "bob" });
  expect(done).toMatchObject({
    status: "approved",
    tool_args: { amount: 3, to: "bob" },
    context: { requested_args: { amount: 5, to: "bob" } },
  });
  await settle(run.run_id);
  expect(effects.map(({ args }) => args)).toEqual([{ amount: 3, to: "bob", code: "" }]);
});

test("votes for other arguments do not count: two must want the same", async () => {
  const run = await pay("pay_edited_by_two", { amount: 5 });
  const one = await pending(run.run_id);
  const want = (name: string, amount: number) =>
    say(one, person(name), { status: "approved", data: amount === 5 ? {} : { args: { amount } } });
  expect(await want("ann", 3)).toMatchObject({ status: "pending" });
  expect(await want("bob", 5)).toMatchObject({ status: "pending" });
  expect(await want("cat", 3)).toMatchObject({ status: "approved", tool_args: { amount: 3 } });
  await settle(run.run_id);
  expect(effects.map(({ args }) => args["amount"])).toEqual([3]);
});

test("two who hand in different results have not said the same", async () => {
  const run = await start(script({ calls: [{ name: "weigh_by_two", args: { parcel: "p" } }] }));
  const one = await pending(run.run_id);
  const hand = (name: string, result: string) =>
    say(one, person(name), { status: "approved", data: { result } });
  expect(await hand("ann", "2 kg")).toMatchObject({ status: "pending" });
  expect(await hand("bob", "3 kg")).toMatchObject({ status: "pending" });
  expect(await hand("cat", "3 kg")).toMatchObject({ status: "approved" });
  const told = (await settle(run.run_id)).messages.find(({ role }) => role === "tool");
  expect(told?.content).toBe("3 kg");
});

test("a call that its policy asks no approval for runs at once; where the policy throws, a person is asked", async () => {
  policyCode.when = (amount) => amount > 50;
  const small = await pay("pay_when", { amount: 50 });
  expect(small.status).toBe("COMPLETED");
  expect(await approvalsOf(small.run_id)).toEqual([]);
  expect(effects).toHaveLength(1);
  for (const when of [
    () => {
      throw new Error("no");
    },
    () => undefined,
    () => 0,
    () => Promise.reject(new Error("no")),
  ]) {
    policyCode.when = when;
    expect((await pay("pay_when", { amount: 1 })).status).toBe("PAUSED");
  }
  expect(effects).toHaveLength(1);
});

test("who decides, and what they read, is found by code for the arguments; code that fails names nobody", async () => {
  policyCode.approvers = (to) => [`${to}@example.com`];
  policyCode.preview = (amount) => `Pays ${amount} at once.`;
  const run = await pay("pay_when", { amount: 5, to: "ann" });
  const one = await pending(run.run_id);
  expect(one).toMatchObject({
    preview: "Pays 5 at once.",
    policy: { approvers: ["ann@example.com"] },
  });
  expect(await say(one, person("bob"))).toMatch(/^forbidden/);
  const edit = (args: object) => say(one, person("ann"), { status: "approved", data: { args } });
  expect(await edit({ to: "bob" })).toMatch(/^invalid: With these arguments others/);
  expect(await edit({ amount: 4 })).toMatchObject({ status: "approved" });
  policyCode.approvers = () => {
    throw new Error("The directory is out of reach.");
  };
  const other = await pending((await pay("pay_when", { amount: 5 })).run_id);
  expect(other.policy.approvers).toEqual([]);
  expect(await say(other, person("ann"))).toBe("forbidden: This approval is for nobody.");
});

test("nobody is shown a secret, anywhere, and the tool is handed it", async () => {
  const run = await pay("pay_secretly", { amount: 1, code: "s3cr3t-canary" });
  const one = await pending(run.run_id);
  expect(one.tool_args).toMatchObject({ amount: 1, code: "••••••" });
  await say(one, person("ann"), { status: "approved", data: { args: { code: "n3w-canary" } } });
  await settle(run.run_id);
  const stream = await ask("POST", `/agents/tester/runs/${run.run_id}/resume`, {});
  const seen = [
    JSON.stringify(run),
    JSON.stringify(one),
    JSON.stringify(await read(run.run_id)),
    JSON.stringify(await approvalsOf(run.run_id)),
    JSON.stringify(await get(`/approvals/${one.id}`)),
    await (await ask("GET", `/panel/approvals/${one.id}`)).text(),
    await stream.text(),
  ];
  for (const text of seen) expect(text).not.toContain("canary");
  expect(effects.map(({ args }) => args["code"])).toEqual(["n3w-canary"]);
});

test("an approval that nobody decides ends its run, where the policy says so", async () => {
  const run = await start(
    script({
      calls: [
        { name: "pay_or_stop", args: { amount: 1 } },
        { name: "pay_by_two", args: { amount: 2 } },
      ],
    }),
  );
  clock.move(61 * 60_000);
  await ring(run.run_id);
  const all = await approvalsOf(run.run_id);
  expect(all.map(({ status, tool_name }) => `${tool_name} ${status}`).join()).toBe(
    "pay_or_stop expired,pay_by_two cancelled",
  );
  expect((await read(run.run_id)).status).toBe("CANCELLED");
  expect(effects).toEqual([]);
});

test("a pending approval is given more time by who may decide on it, and then lapses at the new one", async () => {
  const run = await pay("pay_by_finance");
  const one = await pending(run.run_id);
  const extend = (decider: Decider, expiresAtMs: number) =>
    door(one.run_id).extend({ v, approvalId: one.id, expiresAtMs, decider });
  const boss = person("boss");
  const atMs = clock.now() + 3 * 3_600_000;
  expect(await extend(person("ann"), atMs)).toMatchObject({ ok: false, reason: "forbidden" });
  expect(await extend(boss, clock.now() - 1)).toMatchObject({ ok: false, reason: "invalid" });
  expect(await extend(boss, atMs)).toMatchObject({
    ok: true,
    approval: { expires_at: Math.floor(atMs / 1000) },
  });
  clock.move(2 * 3_600_000);
  await ring(run.run_id);
  expect((await pending(run.run_id)).status).toBe("pending");
  clock.move(61 * 60_000);
  await ring(run.run_id);
  expect((await approvalsOf(run.run_id))[0]?.status).toBe("expired");
  expect(await extend(boss, atMs + 9e9)).toMatchObject({ ok: false, reason: "taken" });
});

test("over HTTP a pending approval is extended, and a time that makes no sense is refused", async () => {
  const one = await pending((await pay("pay_by_self")).run_id);
  const path = `/approvals/${one.id}/extend`;
  const response = await ask("POST", path, { expires_in: 8 * 86_400 });
  expect(response.status).toBe(200);
  const { expires_at } = await response.json<ApprovalRecord>();
  expect(Math.abs((expires_at ?? 0) - clock.now() / 1000 - 8 * 86_400)).toBeLessThan(10);
  const less = await ask("POST", path, { expires_in: 60 });
  expect([less.status, (await less.json<{ detail: string }>()).detail]).toEqual([
    422,
    "An approval can be given more time, not less: to end it, decide on it.",
  ]);
  for (const body of [{}, { expires_in: -1 }, { expires_in: 1, expires_at: 1 }, { expires_at: 1 }])
    expect((await ask("POST", path, body)).status).toBe(422);
});
