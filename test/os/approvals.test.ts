import { beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import { approve, approvalsOf, get, pending, read, resolve, settle, start } from "../client.ts";
import { clock, faults, happening, healAll, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

beforeEach(healAll);

const call = (name: string, args: unknown) => script({ calls: [{ name, args }] });
const deletion = (user_id = unique("u")) => call("delete_user_data", { user_id });

const recordKeys = (
  "id run_id session_id status source_type approval_type pause_type tool_name tool_args " +
  "expires_at agent_id team_id workflow_id user_id schedule_id schedule_run_id source_name " +
  "requirements context resolution_data resolved_by resolved_at created_at updated_at " +
  "run_status root_run_id requested_by call_id args_hash call_outcome policy votes preview"
).split(" ");
const toolKeys = (
  "tool_call_id tool_name tool_args tool_call_error result requires_confirmation confirmed " +
  "confirmation_note requires_user_input user_input_schema answered " +
  "external_execution_required approval_type approval_id created_at child_run_id"
).split(" ");
const wholeSeconds = (value: unknown) => {
  expect(Number.isInteger(value)).toBe(true);
  expect(Math.abs(Number(value) - clock.now() / 1000)).toBeLessThan(60);
};

test("a record has exactly the documented keys, null where empty, read singly or in a list, and times in whole seconds", async () => {
  const user = unique("mia");
  const { run_id, session_id } = await start(deletion("u-1"), { user_id: user });
  const listed = await pending(run_id);
  const single = await get<ApprovalRecord>(`/approvals/${listed.id}`);
  for (const record of [listed, single]) {
    expect(Object.keys(record).toSorted()).toEqual(recordKeys.toSorted());
    expect(record).toMatchObject({
      run_id,
      session_id,
      status: "pending",
      source_type: "agent",
      approval_type: "required",
      pause_type: "confirmation",
      tool_name: "delete_user_data",
      tool_args: { user_id: "u-1" },
      agent_id: "tester",
      team_id: null,
      workflow_id: null,
      user_id: user,
      schedule_id: null,
      schedule_run_id: null,
      source_name: "Tester",
      context: { tool_names: ["delete_user_data"], source_name: "Tester" },
      resolution_data: null,
      resolved_by: null,
      resolved_at: null,
      run_status: "PAUSED",
      root_run_id: run_id,
      requested_by: "anonymous",
      call_outcome: null,
    });
    wholeSeconds(record.created_at);
    wholeSeconds(record.updated_at);
    expect((record.expires_at ?? 0) - record.created_at).toBe(7 * 24 * 3600);
    expect(record.args_hash).toMatch(/^[0-9a-f]{64}$/);
    const [requirement] = record.requirements;
    expect(new Date(requirement?.created_at ?? "").toISOString()).toBe(requirement?.created_at);
    expect(Object.keys(requirement?.tool_execution ?? {}).toSorted()).toEqual(toolKeys.toSorted());
    expect(requirement?.tool_execution).toMatchObject({
      tool_args: { user_id: "u-1" },
      requires_confirmation: true,
      confirmed: null,
      approval_type: "required",
      approval_id: record.id,
    });
  }
  expect(single).toEqual(listed);
});

test("the status of an approval says where it stands and who decided, and nothing more", async () => {
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  expect(await get(`/approvals/${id}/status`)).toEqual({
    approval_id: id,
    status: "pending",
    run_id: run.run_id,
    resolved_at: null,
    resolved_by: null,
  });
  await approve(id);
  const after = await get<ApprovalRecord>(`/approvals/${id}/status`);
  expect(after).toEqual({
    approval_id: id,
    status: "approved",
    run_id: run.run_id,
    resolved_by: "ann",
    resolved_at: expect.any(Number),
  });
  wholeSeconds(after.resolved_at);
});

test("a deleted approval is gone from every answer, list and counter, and its run still knows what happened", async () => {
  const user = unique("gone");
  const run = await start(deletion(), { user_id: user });
  const { id } = await pending(run.run_id);
  expect(await refusal(http("DELETE", `/approvals/${id}`))).toEqual([409, expect.any(String)]);
  await approve(id);
  expect(await get(`/approvals/count?status=approved&user_id=${user}`)).toEqual({ count: 1 });
  const deleted = await http("DELETE", `/approvals/${id}`);
  expect([deleted.status, await deleted.text()]).toEqual([204, ""]);

  const gone = [404, "Approval not found"];
  expect(await refusal(http("GET", `/approvals/${id}`))).toEqual(gone);
  expect(await refusal(http("GET", `/approvals/${id}/status`))).toEqual(gone);
  expect(
    await refusal(http("POST", `/approvals/${id}/resolve`, json({ status: "approved" }))),
  ).toEqual(gone);
  expect(await refusal(http("DELETE", `/approvals/${id}`))).toEqual(gone);
  expect(await get(`/approvals?user_id=${user}`)).toMatchObject({
    data: [],
    meta: { total_count: 0 },
  });
  expect(await get(`/approvals/count?status=approved&user_id=${user}`)).toEqual({ count: 0 });
  expect((await read(run.run_id)).tools).toMatchObject([{ approval_id: id, confirmed: true }]);
});

test("neither an audit record nor an approval whose call is still at work can be deleted", async () => {
  const audited = await start(call("notify", { user_id: "u-1" }));
  const [record] = await approvalsOf(audited.run_id);
  expect(record).toMatchObject({ approval_type: "audit", call_outcome: "succeeded" });
  expect((await http("DELETE", `/approvals/${record?.id}`)).status).toBe(409);

  const { happened, happens: finish } = happening();
  faults.afterEffect = happened;
  const run = await start(deletion());
  const { id } = await pending(run.run_id);
  await resolve(id, { status: "approved" });
  expect((await http("DELETE", `/approvals/${id}`)).status).toBe(409);
  finish();
  await settle(run.run_id);
  expect((await http("DELETE", `/approvals/${id}`)).status).toBe(204);
});
