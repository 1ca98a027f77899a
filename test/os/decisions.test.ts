import { beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { approvalsOf, get, pending, resolve, settle, start } from "../client.ts";
import { clock, effects, healAll, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

beforeEach(healAll);

const call = (name: string, args: unknown) => script({ calls: [{ name, args }] });
const deletion = (user_id = unique("u")) => call("delete_user_data", { user_id });
const resolution = (id: string) => `/approvals/${id}/resolve`;
const effectsOf = (run: string) => effects.filter(({ runId }) => runId === run);

test("a decision is answered with the record, which keeps who decided, when, and with what", async () => {
  const { id } = await pending((await start(deletion())).run_id);
  const data = { note: "wrong user", ticket: { nr: 7 } };
  const given = { status: "rejected", resolved_by: "ann@example.com", resolution_data: data };
  const { body, status } = await resolve(id, given);
  expect(status).toBe(200);
  expect(body).toEqual(await get(`/approvals/${id}`));
  expect(body).toMatchObject({ id, ...given, resolved_at: expect.any(Number) });
});

test("who decides without a name is kept as the principal", async () => {
  const { id } = await pending((await start(deletion())).run_id);
  expect((await resolve(id, { status: "approved" })).body.resolved_by).toBe("anonymous");
  const other = await pending((await start(deletion())).run_id);
  const nameless = { status: "approved", resolved_by: null, resolution_data: null };
  expect((await resolve(other.id, nameless)).body.resolved_by).toBe("anonymous");
});

test.each(["approved", "rejected"])("what is %s cannot be decided otherwise", async (decided) => {
  const { id } = await pending((await start(deletion())).run_id);
  const first = await resolve(id, { status: decided, resolved_by: "ann" });
  expect(first.status).toBe(200);
  const other = decided === "approved" ? "rejected" : "approved";
  const detail = `Approval is already '${decided}' and cannot be resolved`;
  for (const late of [
    { status: other, resolved_by: "ann" },
    { status: decided, resolved_by: "bob" },
    { status: decided, resolved_by: "ann", resolution_data: { note: "on second thoughts" } },
  ]) {
    expect(await resolve(id, late)).toMatchObject({ status: 409, body: { detail } });
  }
});

test("the same decision by the same person is that decision again, long after the run has ended", async () => {
  const run = await start(deletion(unique("once")));
  const { id } = await pending(run.run_id);
  const decision = { status: "approved", resolved_by: "ann", resolution_data: { note: "ok" } };
  const first = await resolve(id, decision);
  await settle(run.run_id);
  const again = await resolve(id, decision);
  expect(again.status).toBe(200);
  const { args_hash, resolved_at } = first.body;
  expect(again.body).toMatchObject({ id, args_hash, resolved_at, ...decision });
  expect(again.body).toMatchObject({ call_outcome: "succeeded", run_status: "COMPLETED" });
  expect(effectsOf(run.run_id)).toHaveLength(1);
});

test("a cancelled run's approval cannot be decided any more", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  await http("POST", `/agents/tester/runs/${run.run_id}/cancel`);
  const detail = "Approval is already 'cancelled' and cannot be resolved";
  const late = await resolve(id, { status: "approved" });
  expect(late).toMatchObject({ status: 409, body: { detail } });
});

test("an approval whose time is over cannot be decided, although nothing has rung yet", async () => {
  const run = await start(call("refund", { amount: 5 }));
  const { id } = await pending(run.run_id);
  clock.move(4 * 3_600_000);
  try {
    const late = await resolve(id, { status: "approved" });
    const detail = "Approval is already 'expired' and cannot be resolved";
    expect(late).toMatchObject({ status: 409, body: { detail } });
    expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "expired" });
    await settle(run.run_id);
  } finally {
    clock.move(-4 * 3_600_000);
  }
  expect(effectsOf(run.run_id)).toEqual([]);
});

test("a decision that does not fit is refused with where it does not, and the approval stays pending", async () => {
  const { id } = await pending((await start(deletion())).run_id);
  const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
  const cases: [unknown, string[]][] = [
    [{}, ["body", "status"]],
    [{ status: "pending" }, ["body", "status"]],
    [{ status: "APPROVED" }, ["body", "status"]],
    [{ status: "approved", resolved_by: "x".repeat(256) }, ["body", "resolved_by"]],
    [{ status: "approved", resolved_by: 7 }, ["body", "resolved_by"]],
    [{ status: "approved", resolved_by: "\ud800" }, ["body", "resolved_by"]],
    [{ status: "approved", resolution_data: "yes" }, ["body", "resolution_data"]],
    [{ status: "approved", resolution_data: [1] }, ["body", "resolution_data"]],
    [`{"status":"approved","resolution_data":{"x":1e999}}`, ["body", "resolution_data"]],
    [`{"status":"approved","resolution_data":{"x":${deep}}}`, ["body", "resolution_data"]],
    [[], ["body"]],
    ["null", ["body"]],
  ];
  for (const [body, loc] of cases) {
    const [status, detail] = await refusal(http("POST", resolution(id), json(body)));
    expect([status, detail]).toEqual([
      422,
      expect.arrayContaining([{ type: expect.any(String), loc, msg: expect.any(String) }]),
    ]);
  }
  const large = { status: "approved", resolution_data: { x: "é".repeat(40_000) } };
  expect(await refusal(http("POST", resolution(id), json(large)))).toEqual([
    422,
    "resolution_data is larger than 64 KiB.",
  ]);
  expect(await refusal(http("POST", resolution(id), json("{")))).toEqual([
    400,
    "Malformed JSON in request body",
  ]);
  expect((await http("POST", resolution(id))).status).toBe(422);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
  const fits = { status: "approved", resolved_by: "x".repeat(255) };
  expect((await resolve(id, fits)).status).toBe(200);
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "TEXT/json",
])("a decision sent as %s is not read", async (type) => {
  const { id } = await pending((await start(deletion())).run_id);
  const body = JSON.stringify({ status: "approved" });
  const answer = await http("POST", resolution(id), { body, headers: { "content-type": type } });
  expect(await refusal(answer)).toEqual([415, "Unsupported Media Type"]);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test.each([
  ["pay_out", { amount: 5 }, {}],
  ["pay_out", { amount: 5 }, { values: { account: 7 } }],
  ["pay_out", { amount: 5 }, { values: { account: "A", amount: 9 } }],
  ["call_bank", { question: "Is it open?" }, {}],
  ["delete_user_data", { user_id: "u-1" }, { args: { user_id: "u-2" } }],
])("%s approved with values that do not fit it stays pending", async (name, args, data) => {
  const { id } = await pending((await start(call(name, args))).run_id);
  const answer = { status: "approved", resolution_data: data };
  const [status, detail] = await refusal(http("POST", resolution(id), json(answer)));
  expect([status, typeof detail]).toEqual([422, "string"]);
  expect(await get(`/approvals/${id}/status`)).toMatchObject({ status: "pending" });
});

test.each(["approve", "approve or reject"])(
  "fifty people %s at once: one wins, the others are told what was decided, and the effect is there once",
  async (what) => {
    const run = await start(deletion());
    const { id } = await pending(run.run_id);
    const people = Array.from({ length: 50 }, (_, i) => ({
      status: what === "approve" || i % 2 === 0 ? "approved" : "rejected",
      resolved_by: `person-${i}`,
    }));
    const answers = await Promise.all(people.map((decision) => resolve(id, decision)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const won = winners[0]?.body;
    expect(people).toContainEqual({ status: won?.status, resolved_by: won?.resolved_by });
    const detail = `Approval is already '${won?.status}' and cannot be resolved`;
    const losers = answers.filter(({ status }) => status !== 200);
    expect(losers).toEqual(Array.from({ length: 49 }, () => ({ status: 409, body: { detail } })));

    expect(await settle(run.run_id)).toMatchObject({ status: "COMPLETED" });
    expect(effectsOf(run.run_id)).toHaveLength(won?.status === "approved" ? 1 : 0);
    const [record, ...others] = await approvalsOf(run.run_id);
    expect(others).toEqual([]);
    const { status, resolved_by, resolved_at } = won as ApprovalRecord;
    expect(record).toMatchObject({ status, resolved_by, resolved_at });
  },
);

test("fifty repetitions of one person's decision at once are one decision", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  const decision = { status: "approved", resolved_by: "ann" };
  const answers = await Promise.all(Array.from({ length: 50 }, () => resolve(id, decision)));
  expect(new Set(answers.map(({ body, status }) => `${status} ${body.resolved_at}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(200);
  await settle(run.run_id);
  expect(effectsOf(run.run_id)).toHaveLength(1);
});
