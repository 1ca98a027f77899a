import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { linksOf } from "../../src/os/links.ts";
import { approversIn } from "../../src/os/approvers.ts";
import type { Principal } from "../../src/os/principal.ts";
import { bindings, get, pending, read, resolve, ring, settle, start } from "../client.ts";
import { db } from "../database.ts";
import { approvalRecord } from "../db/rows.ts";
import { clock, script } from "../world.ts";
import { turnOn } from "./channels.ts";
import { directTeam, readIn, refused, resetSlack, slackServer } from "./fake-slack.ts";
import { buttonsOf, by, person, press, sendFromSlack } from "./slack-user.ts";

const links = linksOf(db, false, clock.now);
const accountOf = (user: string) => `slack:-:${directTeam}:${user}`;
const finance = (name: string, more: Partial<Principal> = {}) =>
  person(name, { groups: ["finance"], ...more });

async function link(user: string, principal: Principal, id = accountOf(user)): Promise<void> {
  const code = await links.offer(bindings, principal);
  await links.redeem(bindings, code, { id, name: user, assurance: "slack" });
}

async function unlinkAll(): Promise<void> {
  const store = db.connect(bindings).links;
  for (const { id, principal } of await store.list("slack:-:", clock.now(), 1000))
    await store.remove(id, principal);
}

const begin = async (name = "pay_by_finance", fields = {}) => {
  const { run_id } = await start(
    script({ calls: [{ name, args: { amount: 12 } }] }, { text: "Done." }),
    fields,
  );
  return pending(run_id);
};
const messages = () => slackServer.posted.filter(({ thread }) => thread === null);
const channels = () =>
  messages()
    .map(({ channel }) => channel)
    .sort();
const repliesIn = (channel: string) =>
  slackServer.posted
    .filter((one) => one.thread !== null && one.channel === channel)
    .map(({ text }) => text);
const log = async (runId: string) => {
  const { data } = await get<{ data: { type: string; status: string; error: string | null }[] }>(
    `/deliveries?run_id=${runId}&channel=slack-direct`,
  );
  return data;
};
const logged = async (runId: string, row: object) =>
  vi.waitFor(
    async () => expect(await log(runId)).toContainEqual(expect.objectContaining(row)),
    5_000,
  );

beforeEach(async () => {
  resetSlack();
  await unlinkAll();
  turnOn("slack-direct");
});
afterEach(() => turnOn());

test("each linked member who may decide gets a message of their own, and nobody else does", async () => {
  await link("U0FIN", finance("fin"));
  await link("U0BOSS", person("boss"));
  await link("U0PAYER", person("payer", { scopes: new Set(["approvals:write", "payments"]) }));
  await link("U0OTHER", person("other"));
  await link("U0ASKER", finance("asker"));
  await link("U0READER", finance("reader", { scopes: new Set(["approvals:read"]) }));
  const runner = new Set(["approvals:write", "agents:run"]);
  await link("U0RUNNER", finance("runner", { scopes: runner }));
  await link("U0LEAD", person("lead", { groups: ["leads"] }));
  await link("U0AWAY", finance("away"), "slack:-:T0ELSEWHERE:U0AWAY");
  await link("U0LONGER", finance("longer"), `slack:-:${directTeam}2:U0LONGER`);
  await link("U0GRID", finance("grid"), `slack:E0GRID:${directTeam}:U0GRID`);
  await link("U0GONE", finance("gone"));
  await links.remove(bindings, accountOf("U0GONE"), finance("gone"));
  const { id, name, groups } = finance("late");
  await db.connect(bindings).links.set({
    id: accountOf("U0LATE"),
    name: "late",
    principal: id,
    person: JSON.stringify({ ...finance("late"), id, name, groups, scopes: ["approvals:write"] }),
    linked_at_ms: 0,
    expires_at_ms: clock.now(),
  });
  const approval = await begin("pay_by_finance", { user_id: "asker@example.com" });
  await logged(approval.run_id, { status: "delivered", error: null });
  expect(channels()).toEqual(["D0BOSS", "D0FIN", "D0PAYER"]);
  for (const message of messages()) {
    expect(readIn(message.blocks)).toContain("Approval: pay_by_finance");
    expect(buttonsOf(message)).toMatchObject([
      { action_id: "approve", value: `${approval.id} ${approval.args_hash}` },
      { action_id: "reject" },
      { action_id: "open" },
    ]);
  }
  expect(new Set(slackServer.asked.map(({ method }) => method))).toEqual(
    new Set(["chat.postMessage"]),
  );
});

test("what Slack does not prove well enough is brought to nobody in Slack", async () => {
  await link("U0ANN", person("ann"));
  const { run_id } = await begin("pay_on_panel");
  await logged(run_id, {
    status: "undeliverable",
    error: expect.stringContaining("nobody to write to"),
  });
  expect(slackServer.asked).toEqual([]);
  const surely = await begin("pay_surely");
  await logged(surely.run_id, { status: "delivered" });
  expect(channels()).toEqual(["D0ANN"]);
});

test("one decides where they were written to, and every message says what came of it", async () => {
  await link("U0ANN", finance("ann"));
  await link("U0BEN", finance("ben"));
  const { id, run_id } = await begin();
  await vi.waitFor(() => expect(messages()).toHaveLength(2));
  const [button] = buttonsOf(messages()[0] ?? { blocks: [] });
  slackServer.profiles.set("U0ANN", { team_id: directTeam });
  const inTeam = { team: { id: directTeam }, user: { id: "U0ANN", team_id: directTeam } };
  const pressed = press("U0ANN", button ?? {}, { ...by("U0ANN"), ...inTeam });
  await sendFromSlack(pressed, { path: "/slack-direct/interactions" });
  expect((await settle(run_id)).status).toBe("COMPLETED");
  await logged(run_id, { type: "approval.executed", status: "delivered" });
  expect(messages()).toHaveLength(2);
  for (const message of messages()) {
    expect(readIn(message.blocks)).toContain("Approved by: ann@example.com");
    expect(readIn(message.blocks)).toContain("The call: succeeded");
    expect(buttonsOf(message).map(({ action_id }) => action_id)).toEqual(["open"]);
  }
  expect((await get<{ status: string }>(`/approvals/${id}`)).status).toBe("approved");
});

test("a failure in the middle is tried again for those alone who were not reached", async () => {
  for (const user of ["U0A", "U0B", "U0C", "U0D", "U0E", "U0F", "U0G"])
    await link(user, finance(user));
  slackServer.answer = (_, { channel }) =>
    channel === "U0C"
      ? new Response("", { status: 429, headers: { "retry-after": "120" } })
      : undefined;
  const { id, run_id } = await begin("pay_or_stop");
  const reason = "4 of 7 were reached. Slack answered chat.postMessage with 429.";
  await logged(run_id, { status: "undeliverable", error: reason });
  expect(channels()).toEqual(["D0A", "D0B", "D0D", "D0E"]);
  slackServer.answer = undefined;
  clock.move(121_000);
  await ring(run_id);
  await logged(run_id, { type: "approval.pending", status: "delivered" });
  expect(channels()).toEqual(["D0A", "D0B", "D0C", "D0D", "D0E", "D0F", "D0G"]);

  const before = slackServer.asked.length;
  slackServer.answer = (method, { channel }) =>
    method === "chat.update" && channel === "D0B" ? refused("fatal_error") : undefined;
  await resolve(id, { status: "rejected", resolved_by: "boss" });
  await logged(run_id, {
    type: "approval.resolved",
    error: "6 of 7 were reached. Slack refused chat.update: fatal_error.",
  });
  slackServer.answer = undefined;
  clock.move(10_000);
  await ring(run_id);
  await logged(run_id, { type: "approval.resolved", status: "delivered" });
  const updated = slackServer.asked.slice(before).map(({ params }) => String(params["channel"]));
  expect(updated.sort()).toEqual(["D0A", "D0B", "D0B", "D0C", "D0D", "D0E", "D0F", "D0G"]);
  for (const { blocks } of messages()) expect(readIn(blocks)).toContain("pay_or_stop: rejected");
});

test("an escalation reaches those who may decide from then on, and reminds the others below their message", async () => {
  await link("U0FIN", finance("fin"));
  await link("U0LEAD", person("lead", { groups: ["leads"] }));
  const { run_id } = await begin();
  await vi.waitFor(() => expect(channels()).toEqual(["D0FIN"]));
  clock.move(11 * 60_000);
  await ring(run_id);
  const still = "This still waits for a decision.";
  await vi.waitFor(() => expect(repliesIn("D0FIN")).toEqual([still]));
  clock.move(10 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(repliesIn("D0FIN")).toEqual([still, still]));
  expect(channels()).toEqual(["D0FIN"]);
  clock.move(10 * 60_000);
  await ring(run_id);
  await logged(run_id, { type: "approval.escalated", status: "delivered" });
  expect(channels()).toEqual(["D0FIN", "D0LEAD"]);
  expect(repliesIn("D0FIN")).toEqual([
    still,
    still,
    "Nobody has decided yet. From now on this is also for group:leads.",
  ]);
  expect(repliesIn("D0LEAD")).toEqual([]);
  for (const { blocks } of messages()) expect(readIn(blocks)).toContain("group:leads");
});

test("a message that was deleted is posted anew to whoever may still decide, and to nobody else", async () => {
  await link("U0ANN", finance("ann"));
  await link("U0BEN", finance("ben"));
  const { run_id } = await begin();
  await vi.waitFor(() => expect(messages()).toHaveLength(2));
  await links.remove(bindings, accountOf("U0BEN"), finance("ben"));
  slackServer.posted.length = 0;
  clock.move(11 * 60_000);
  await ring(run_id);
  await logged(run_id, { type: "approval.reminded", status: "delivered" });
  expect(channels()).toEqual(["D0ANN"]);
});

test("where nobody is linked nothing is sent, and the log says so; who links later hears of the reminder", async () => {
  await link("U0OTHER", person("other"));
  const { run_id } = await begin();
  await logged(run_id, {
    type: "approval.pending",
    status: "undeliverable",
    error:
      "About 'pay_by_finance' the channel 'slack-direct' has nobody to write to: nobody who may decide has linked a Slack account. They link it in the panel, under Settings.",
  });
  expect(slackServer.asked).toEqual([]);
  await link("U0ANN", finance("ann"));
  clock.move(11 * 60_000);
  await ring(run_id);
  await vi.waitFor(() => expect(channels()).toEqual(["D0ANN"]));
});

test("who has left Slack keeps nobody else from hearing of it, and is named in the log", async () => {
  await link("U0ANN", finance("ann"));
  await link("U0LEFT", finance("left"));
  slackServer.answer = (_, { channel }) =>
    channel === "U0LEFT" ? refused("user_disabled") : undefined;
  const { run_id } = await begin();
  const error = "Slack takes no message for U0LEFT (user_disabled).";
  await logged(run_id, { status: "undeliverable", error });
  clock.move(60_000);
  await ring(run_id);
  expect(slackServer.asked).toHaveLength(2);
  expect(channels()).toEqual(["D0ANN"]);
  expect((await read(run_id)).status).toBe("PAUSED");
});

test("fifty are written to at most, and the log says what to do about it", async () => {
  const many = [...Array(52).keys()].map((n) => `U${String(n).padStart(2, "0")}`);
  for (const user of many) await link(user, finance(user));
  const { run_id } = await begin();
  await logged(run_id, {
    status: "undeliverable",
    error:
      "About 'pay_by_finance' the channel 'slack-direct' writes to 50 of 52 who may decide, and to no more: give slack() a channel in place of 'to'.",
  });
  expect(new Set(channels()).size).toBe(50);
  clock.move(11 * 60_000);
  await ring(run_id);
  await logged(run_id, { type: "approval.reminded", status: "undeliverable" });
  expect(messages()).toHaveLength(50);
});

test("who sees only their own is told of nothing else, and who may decide on their own is told of it", () => {
  const row = { id: accountOf("U0ANN"), name: "ann" } as never;
  const ann = person("ann", { ownOnly: true });
  const told = (principal: Principal, requested_by: string, allow_self: boolean) => {
    const { policy } = approvalRecord();
    const approval = approvalRecord({
      requested_by,
      user_id: null,
      policy: { ...policy, allow_self },
    });
    return approversIn([{ row, principal }], approval);
  };
  const account = { id: accountOf("U0ANN"), name: "ann" };
  expect(told(ann, "key:other", true)).toEqual([]);
  expect(told({ ...ann, ownOnly: false }, "key:other", true)).toEqual([account]);
  expect(told(ann, ann.id, true)).toEqual([account]);
  expect(told(ann, ann.id, false)).toEqual([]);
});
