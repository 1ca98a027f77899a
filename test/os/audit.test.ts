import { beforeEach, expect, test } from "vitest";
import type { ApprovalRecord } from "../../src/approval/record.ts";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf, ask, crash, read, settle, start } from "../client.ts";
import { effects, faults, happening, healAll, script } from "../world.ts";
import { http, json, unique } from "./http.ts";

beforeEach(healAll);

const begin = (name: string, fields: Record<string, unknown> = {}) =>
  start(script({ calls: [{ name, args: { user_id: "u-1" } }] }), fields);
const answer = async (run: string, given: object): Promise<RunView> => {
  const tools = [{ tool_call_id: "call_0_0", ...given }];
  const answered = await http("POST", `/agents/tester/runs/${run}/continue`, json({ tools }));
  expect(answered.status).toBe(200);
  return answered.json();
};
const one = async (run: string): Promise<ApprovalRecord> => {
  const [record, ...others] = await approvalsOf(run);
  if (record === undefined || others.length > 0) throw new Error(`${others.length} others`);
  return record;
};

/** Every tool hangs after its effect, until it may finish. */
function hang(): { atWork: () => Promise<void>; finish: () => void } {
  const [work, end] = [happening(), happening()];
  faults.afterEffect = async () => {
    work.happens();
    await end.happened();
  };
  return { atWork: work.happened, finish: end.happens };
}

const yes = { confirmed: true };
const no = { confirmed: false, confirmation_note: "not now" };
const reason = { user_input_schema: [{ name: "reason", value: "because" }] };
const result = { result: { ok: true } };

test.each([
  ["audit_confirm", yes, "confirmation", "approved", "succeeded"],
  ["audit_confirm", no, "confirmation", "rejected", "rejected"],
  ["audit_confirm_fail", yes, "confirmation", "approved", "failed"],
  ["audit_confirm_slow", yes, "confirmation", "approved", "unknown"],
  ["audit_fill", reason, "user_input", "approved", "succeeded"],
  ["audit_fill", no, "user_input", "rejected", "rejected"],
  ["audit_fill_fail", reason, "user_input", "approved", "failed"],
  ["audit_outside", result, "external_execution", "approved", "succeeded"],
  ["audit_outside", no, "external_execution", "rejected", "rejected"],
])("%s, answered with %j by its user, leaves a record of that", async (...row) => {
  const [name, given, pause_type, status, call_outcome] = row;
  const user = unique("mia");
  const paused = await begin(name, { user_id: user });
  expect(paused).toMatchObject({ status: "PAUSED", tools: [{ approval_id: null }] });
  expect(await approvalsOf(paused.run_id)).toEqual([]);

  const run = await answer(paused.run_id, given);
  expect(run.status).toBe("COMPLETED");
  const record = await one(run.run_id);
  const args = { user_id: "u-1", ...(given === reason && { reason: "because" }) };
  expect(record).toMatchObject({
    approval_type: "audit",
    pause_type,
    status,
    call_outcome,
    user_id: user,
    requested_by: "anonymous",
    resolved_by: user,
    resolved_at: expect.any(Number),
    resolution_data: given === no ? { note: "not now" } : null,
    tool_args: args,
    expires_at: null,
    run_status: "COMPLETED",
  });
  const execution = record.requirements[0]?.tool_execution;
  expect(execution).toMatchObject({ confirmed: status === "approved", approval_id: record.id });
  expect(run.tools[0]).toMatchObject({ approval_id: record.id, approval_type: "audit" });
  expect((await ask("DELETE", `/approvals/${record.id}`)).status).toBe(409);
});

test.each([
  ["notify", "succeeded"],
  ["audit_fail", "failed"],
  ["audit_slow", "unknown"],
])("%s does not stop the run, and leaves a record with its outcome", async (name, call_outcome) => {
  const user = unique("mia");
  const run = await begin(name, { user_id: user });
  expect(run.status).toBe("COMPLETED");
  expect(await one(run.run_id)).toMatchObject({
    approval_type: "audit",
    status: "approved",
    call_outcome,
    user_id: user,
    resolved_by: null,
    requirements: [{ tool_execution: { confirmed: null } }],
  });
});

test("where no user is named, the record names the principal that answered", async () => {
  const { run_id } = await begin("audit_confirm");
  await answer(run_id, yes);
  expect(await one(run_id)).toMatchObject({ user_id: null, resolved_by: "anonymous" });
});

test.each([
  ["notify", null],
  ["audit_confirm", yes],
  ["audit_fill", reason],
])(
  "%s, interrupted by a crash, leaves a record that its outcome is unknown",
  async (name, given) => {
    const { atWork } = hang();
    const message = script({ calls: [{ name, args: { user_id: "u-1" } }] });
    const body = { message, background: true, user_id: "mia" };
    const started = await ask("POST", "/agents/tester/runs", body);
    const { run_id } = await started.json<{ run_id: string }>();
    if (given !== null) {
      await settle(run_id);
      const tools = [{ tool_call_id: "call_0_0", ...given }];
      const path = `/agents/tester/runs/${run_id}/continue`;
      const answered = await http("POST", path, json({ tools, stream: true }));
      await answered.body?.cancel();
    }
    await atWork();
    expect(await approvalsOf(run_id)).toEqual([]);
    await crash(run_id);
    healAll();
    expect(await settle(run_id)).toMatchObject({ status: "COMPLETED" });
    expect(await one(run_id)).toMatchObject({
      status: "approved",
      call_outcome: "unknown",
      resolved_by: given === null ? null : "mia",
    });
    expect(effects.filter(({ runId }) => runId === run_id)).toHaveLength(1);
  },
);

test("a run that is cancelled before its user has answered leaves no record", async () => {
  const { run_id } = await begin("audit_confirm");
  await ask("POST", `/agents/tester/runs/${run_id}/cancel`);
  expect(await read(run_id)).toMatchObject({ status: "CANCELLED" });
  expect(await approvalsOf(run_id)).toEqual([]);
});

test("a call at work when its run is cancelled leaves its record as it reports", async () => {
  const { atWork, finish } = hang();
  const message = script({ calls: [{ name: "notify", args: { user_id: "u-1" } }] });
  const started = await ask("POST", "/agents/tester/runs", { message, background: true });
  const { run_id } = await started.json<{ run_id: string }>();
  await atWork();
  await ask("POST", `/agents/tester/runs/${run_id}/cancel`);
  expect(await approvalsOf(run_id)).toEqual([]);
  finish();
  for (let look = 0; (await approvalsOf(run_id)).length === 0 && look < 500; look++)
    await scheduler.wait(1);
  expect(await one(run_id)).toMatchObject({ call_outcome: "succeeded", run_status: "CANCELLED" });
});
