import { beforeEach, expect, test, vi } from "vitest";
import { callHash } from "../../src/approval/call-hash.ts";
import type { Decider } from "../../src/approval/decision.ts";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { messageVersion as v } from "../../src/run/messages.ts";
import { approvalsOf, door, pending, ring, settle, start } from "../client.ts";
import { clock, effects, healAll, script } from "../world.ts";
import { policyCode } from "../policy-tools.ts";
import { agent } from "../worker.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
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

const call = async (name: string, args: unknown) => start(script({ calls: [{ name, args }] }));

async function say(
  one: ApprovalRecord,
  decider: Decider,
  data: Record<string, unknown> | null = null,
  status: "approved" | "rejected" = "approved",
): Promise<string | ApprovalRecord> {
  const reply = await door(one.run_id).resolve({
    v,
    approvalId: one.id,
    decision: { status, data },
    decider,
  });
  if (reply.ok) return reply.approval;
  return "message" in reply ? `${reply.reason}: ${reply.message}` : reply.reason;
}

test("who approves an edit is found for the arguments that will run, not for how they were spelled", async () => {
  // With "offshore" from the start, the boss is asked.
  const honest = await pending((await call("a_pay_normal", { to: "OffShore " })).run_id);
  expect(honest.policy.approvers).toEqual(["boss@example.com"]);
  const run = await call("a_pay_normal", { to: "bob" });
  const one = await pending(run.run_id);
  expect(one.policy.approvers).toEqual(["ann@example.com"]);
  expect(await say(one, person("ann"), { args: { to: "offshore" } })).toMatch(
    /^invalid: With these/,
  );
  const said = await say(one, person("ann"), { args: { to: "OffShore " } });
  await settle(run.run_id);
  expect(effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args)).toEqual([]);
  expect(said).toMatch(/^invalid: With these arguments others/);
});

test("the same with coerced numbers", async () => {
  const run = await call("a_pay_coerced", { amount: 5 });
  const one = await pending(run.run_id);
  expect(await say(one, person("ann"), { args: { amount: 5000 } })).toMatch(/^invalid/);
  const said = await say(one, person("ann"), { args: { amount: "5000" } });
  await settle(run.run_id);
  expect(effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args)).toEqual([]);
  expect(said).toMatch(/^invalid: With these arguments others/);
});

test("what is filled in does not pass by the approvers that the arguments want", async () => {
  const run = await call("a_pay_filled", { to: "bob", amount: 5 });
  const one = await pending(run.run_id);
  expect(one.policy.approvers).toEqual(["ann@example.com"]);
  const said = await say(one, person("ann"), { values: { amount: 1_000_000 } });
  await settle(run.run_id);
  expect(effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args)).toEqual([]);
  expect(said).toMatch(/^invalid/);
});

test("an edit changes what may be edited and nothing else", async () => {
  const run = await call("a_pay_padded", { amount: 5, to: "acct-1" });
  const one = await pending(run.run_id);
  expect(one.tool_args).toEqual({ amount: 5, to: "acct-10" });
  await say(one, person("ann"), { args: { amount: 4 } });
  await settle(run.run_id);
  expect(effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args)).toEqual([
    { amount: 4, to: "acct-10" },
  ]);
});

test("an approver cannot find a secret out by guessing it with edits", async () => {
  const one = await pending((await call("a_secret", { amount: 1, code: "4711" })).run_id);
  const ask = (code: string) => say(one, person("ann"), { args: { code, amount: "x" } });
  const [wrong, right] = [await ask("0000"), await ask("4711")];
  expect((await pending(one.run_id)).status).toBe("pending");
  expect(right).toBe(wrong);
});

test("a secret of few characters cannot be computed from the record", async () => {
  const run = await call("a_secret", { amount: 1, code: "4711" });
  const one = await pending(run.run_id);
  const toolVersion = agent.tools.get("a_secret")?.version ?? "";
  let found: string | null = null;
  for (let n = 0; n < 10_000 && found === null; n++) {
    const code = String(n).padStart(4, "0");
    const hash = callHash({
      runId: one.run_id,
      callId: one.call_id,
      toolName: one.tool_name,
      toolVersion,
      args: { ...one.tool_args, code },
    });
    if (hash === one.args_hash) found = code;
  }
  expect(found).toBe(null);
});

test("a rejection's reason is one of those, as a text, and the model is told it", async () => {
  const run = await call("a_two_secret_hidden", { amount: 1 });
  const one = await pending(run.run_id);
  expect(await say(one, person("ann"), { reason: ["too much"] }, "rejected")).toMatch(/^invalid/);
});

test("where two must reject, one person cannot end it by giving it less time", async () => {
  const run = await call("a_two_secret_hidden", { amount: 1 });
  const one = await pending(run.run_id);
  const reply = await door(one.run_id).extend({
    v,
    approvalId: one.id,
    expiresAtMs: clock.now() + 2000,
    decider: person("mal"),
  });
  clock.move(3000);
  await ring(run.run_id);
  await settle(run.run_id);
  const [after] = await approvalsOf(run.run_id);
  expect([reply.ok, after?.status]).toEqual([false, "pending"]);
});

test("nor cancel the run of pay_or_stop by giving it a millisecond, unseen: nobody is named", async () => {
  const run = await call("pay_or_stop", { amount: 1 });
  const one = await pending(run.run_id);
  await door(one.run_id).extend({
    v,
    approvalId: one.id,
    expiresAtMs: clock.now() + 2000,
    decider: person("mal"),
  });
  clock.move(3000);
  await ring(run.run_id);
  await settle(run.run_id);
  const [after] = await approvalsOf(run.run_id);
  expect(JSON.stringify(after).includes("mal") || after?.status === "pending").toBe(true);
});

test("who may decide after half an hour may decide then, whether or not the alarm has rung", async () => {
  const run = await call("pay_by_finance", { amount: 5 });
  const one = await pending(run.run_id);
  clock.move(31 * 60_000);
  const said = await say(one, person("lead", { groups: ["leads"] }));
  expect(said).toMatchObject({ status: "approved" });
});

test("what an approver reads is of the arguments that they decide on", async () => {
  const run = await call("a_preview", { amount: 5 });
  const one = await pending(run.run_id);
  expect(one.preview).toBe("Pays 5 at once.");
  await say(one, person("ann"), { args: { amount: 900 } });
  await settle(run.run_id);
  const again = await pending(run.run_id);
  expect(again.context["reason"]).toBe("unknown_outcome");
  expect(again.tool_args).toEqual({ amount: 900 });
  expect(again.preview).not.toBe("Pays 5 at once.");
});

test("no secret is in a log", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const run = await call("a_secret_when", { amount: 1, code: "s3cr3t-canary" });
  expect(run.status).toBe("PAUSED");
  const text = JSON.stringify(logged.mock.calls);
  logged.mockRestore();
  expect(text).not.toContain("canary");
});

test("the mask that a client sends back is not taken for the secret", async () => {
  const run = await call("pay_secretly", { amount: 1, code: "s3cr3t" });
  const one = await pending(run.run_id);
  const said = await say(one, person("ann"), { args: one.tool_args });
  await settle(run.run_id);
  expect([
    effects.filter(({ runId }) => runId === run.run_id).map(({ args }) => args["code"]),
    typeof said,
  ]).not.toEqual([["••••••"], "object"]);
});

test("a stray word in a decision does not keep two from agreeing", async () => {
  const run = await call("pay_by_two", { amount: 1 });
  const one = await pending(run.run_id);
  await say(one, person("ann"), { action: "please" });
  const said = await say(one, person("bob"));
  expect(said).toMatchObject({ status: "approved" });
});

test("many votes with long notes do not keep the list from what has become of the approval", async () => {
  const run = await call("pay_edited_by_two", { amount: 1 });
  const one = await pending(run.run_id);
  for (let n = 0; n < 40; n++)
    await say(one, person(`p${n}`), { args: { amount: 100 + n }, note: "n".repeat(60_000) });
  await say(one, person("ann"));
  await say(one, person("bob"));
  await settle(run.run_id);
  await ring(run.run_id);
  const [listed] = await approvalsOf(run.run_id);
  expect(listed?.status).toBe("approved");
});

test("a tool that itself asks for confirmation asks somebody, also where its policy waives the approval", async () => {
  const run = await call("a_explicit", { amount: 1 });
  expect([run.status, effects.filter(({ runId }) => runId === run.run_id)]).toEqual(["PAUSED", []]);
});

test("a policy's code is not run for who may not decide anyway", async () => {
  const run = await call("pay_when", { amount: 5, to: "ann" });
  const one = await pending(run.run_id);
  let asked = 0;
  const before = policyCode.approvers;
  policyCode.approvers = () => {
    asked += 1;
    return [];
  };
  await say(one, person("mallory"), { args: { amount: { not: "a number" } } });
  policyCode.approvers = before;
  expect(asked).toBe(0);
});

test("a veto counts, also of somebody who shares a name with one who has said yes", async () => {
  const run = await call("pay_by_two", { amount: 1 });
  const one = await pending(run.run_id);
  // preferred_username is an alias, and at many providers everybody picks their own.
  await say(one, person("mallory", { aliases: ["mallory@example.com", "carol"] }));
  const carol = person("carol", { aliases: ["carol@example.com", "carol"] });
  expect(await say(one, carol, { note: "never" }, "rejected")).toMatchObject({
    status: "rejected",
  });
});
