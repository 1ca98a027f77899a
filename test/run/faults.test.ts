import { beforeEach, expect, test } from "vitest";
import { messageVersion } from "../../src/run/messages.ts";
import {
  approve,
  approvalsOf,
  ask,
  crash,
  door,
  evict,
  get,
  pending,
  read,
  resolve,
  ring,
  settle,
  start,
  stub,
} from "../client.ts";
import { runInDurableObject } from "cloudflare:test";
import { query } from "../database.ts";
import { chat, clock, effects, faults, happening, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const call = (name: string, args: unknown) => ({ calls: [{ name, args }] });
const deletion = (user_id: string) => call("delete_user_data", { user_id });

/** Tools hang after their effect; what it gives resolves once one does. */
function hangAfterEffect(): () => Promise<void> {
  const { happened, happens } = happening();
  faults.afterEffect = () => {
    happens();
    return new Promise(() => undefined);
  };
  return happened;
}

/** Starts a run of which the database is told and whose tool hangs after its effect, and takes the instance away. */
async function interrupt(message: string, approvalData?: Record<string, unknown>): Promise<string> {
  const atWork = hangAfterEffect();
  const told = new Set<string>();
  faults.afterProject = (runId) => void told.add(runId);
  const response = await ask("POST", "/agents/tester/runs", { message, background: true });
  const { run_id } = await response.json<{ run_id: string }>();
  if (approvalData !== undefined) {
    await settle(run_id);
    await resolve((await pending(run_id)).id, {
      status: "approved",
      resolved_by: "ann",
      ...approvalData,
    });
  }
  await atWork();
  while (!told.has(run_id)) await scheduler.wait(1);
  healAll();
  await crash(run_id);
  return run_id;
}

test("the wake is lost: whatever request comes next finds the interrupted work", async () => {
  const runId = await interrupt(script(call("look_up", { user_id: "u-1" })));
  await runInDurableObject(stub(runId), async (_, state) => state.storage.deleteAlarm());
  await door(runId).poke(false);
  expect(await settle(runId)).toMatchObject({ status: "COMPLETED" });
  expect(effects.map(({ key }) => key)).toEqual([`${runId}.1.0`, `${runId}.1.0`]);
});

test("the wake is lost for good: the sweeper finds a run that should be moving", async () => {
  const runId = await interrupt(script(call("look_up", { user_id: "u-1" })));
  await runInDurableObject(stub(runId), async (_, state) => state.storage.deleteAlarm());
  clock.move(5 * 60_000);
  const swept = await (await ask("POST", "/ops/sweep")).json<{ stuck: number }>();
  expect(swept.stuck).toBeGreaterThanOrEqual(1);
  expect(await settle(runId)).toMatchObject({ status: "COMPLETED" });
});

test("an interrupted idempotent call is repeated under the same key", async () => {
  const runId = await interrupt(script(call("set_flag", { flag: "on" })), {});
  await ring(runId);
  expect(await settle(runId)).toMatchObject({ status: "COMPLETED" });
  expect(effects.map(({ key }) => key)).toEqual([`${runId}.1.0`, `${runId}.1.0`]);
});

test("an interrupted verifiable call that took effect is not repeated", async () => {
  const runId = await interrupt(script(call("ship", { order: "o-1" })), {});
  await ring(runId);
  const run = await settle(runId);
  expect(run.tools[0]).toMatchObject({ result: "It had been done.", tool_call_error: false });
  expect(effects).toHaveLength(1);
});

test("an interrupted ungated call that may not be repeated is told to the model as unknown", async () => {
  const runId = await interrupt(script(call("post", { text: "hello" })));
  await ring(runId);
  const run = await settle(runId);
  expect(run.status).toBe("COMPLETED");
  expect(run.tools[0]?.result).toContain("outcome of this call is unknown");
  expect(effects).toHaveLength(1);
});

test("an interrupted gated call is put to a person, who may have it run again under an approval of its own", async () => {
  const runId = await interrupt(script(deletion("u-2")), {});
  await ring(runId);
  expect(await settle(runId)).toMatchObject({ status: "PAUSED" });
  const question = await pending(runId);
  expect(question.context).toMatchObject({ reason: "unknown_outcome" });
  expect(await resolve(question.id, { status: "approved" })).toMatchObject({ status: 422 });
  expect(effects).toHaveLength(1);

  expect(await approve(question.id, { action: "retry" })).toMatchObject({ status: "COMPLETED" });
  expect(effects.map(({ key }) => key)).toEqual([`${runId}.1.0`, `${runId}.1.0~1`]);
  const [first, second] = await approvalsOf(runId);
  expect(first?.call_outcome).toBe("unknown");
  expect(second).toMatchObject({
    status: "approved",
    call_outcome: "succeeded",
    call_id: `${runId}.1.0~1`,
  });
});

test("an unknown outcome that a person confirms is not run again", async () => {
  const runId = await interrupt(script(deletion("u-3")), {});
  await ring(runId);
  const run = await approve((await pending(runId)).id, {
    action: "done",
    result: "I looked: it is gone.",
  });
  expect(run.tools[0]).toMatchObject({ result: "I looked: it is gone.", tool_call_error: false });
  expect(effects).toHaveLength(1);
});

test("an unknown outcome that a person rejects is not run again, and stays unknown to the model", async () => {
  const runId = await interrupt(script(deletion("u-4")), {});
  await ring(runId);
  await resolve((await pending(runId)).id, { status: "rejected" });
  const run = await settle(runId);
  expect(run.tools[0]?.result).toContain("outcome of this call is unknown");
  expect(effects).toHaveLength(1);
});

test("an interrupted call that the run's own user had confirmed is put to those who may approve", async () => {
  const message = script(call("rename", { user_id: "u", name: "New" }));
  const { run_id: runId, tools } = await start(message);
  const atWork = hangAfterEffect();
  const answers = [{ tool_call_id: tools[0]?.tool_call_id ?? "", confirmed: true }];
  await door(runId).continue({
    v: messageVersion,
    agentId: "tester",
    answers,
    stream: false,
    waitMs: 0,
  });
  await atWork();
  healAll();
  await crash(runId);
  await ring(runId);
  expect(await settle(runId)).toMatchObject({ status: "PAUSED" });
  const question = await pending(runId);
  expect(question.context).toMatchObject({ reason: "unknown_outcome" });
  await approve(question.id, { action: "retry" });
  expect(effects.map(({ key }) => key)).toEqual([`${runId}.1.0`, `${runId}.1.0~1`]);
});

test("who waits for a decision is told as soon as it is taken, and no later than they said", async () => {
  const run = await start(script(deletion("u-13")));
  const { id } = await pending(run.run_id);
  expect((await ask("GET", `/approvals/${id}/status?wait=31`)).status).toBe(422);
  const waiting = get(`/approvals/${id}/status?wait=30`);
  await resolve(id, { status: "rejected", resolved_by: "ann" });
  expect(await waiting).toMatchObject({ status: "rejected", resolved_by: "ann" });
});

test("D1 fails for a minute: the decision stands, the run goes on, and the list catches up", async () => {
  const run = await start(script(deletion("u-5")));
  const { id } = await pending(run.run_id);
  faults.beforeProject = () => {
    throw new Error("D1 is down");
  };
  expect(await resolve(id, { status: "approved", resolved_by: "ann" })).toMatchObject({
    status: 200,
    body: { status: "approved" },
  });
  expect(await settle(run.run_id)).toMatchObject({ status: "COMPLETED" });
  expect((await approvalsOf(run.run_id))[0]?.status).toBe("pending");
  expect(await get(`/approvals/${id}`)).toMatchObject({ status: "approved" });

  clock.move(60_000);
  healAll();
  expect(await ring(run.run_id)).toBe(true);
  expect((await approvalsOf(run.run_id))[0]).toMatchObject({
    status: "approved",
    run_status: "COMPLETED",
  });
});

test("D1 commits and the answer is lost: nothing is doubled", async () => {
  let lost = 0;
  faults.afterProject = () => {
    if (lost++ < 2) throw new Error("Network connection lost.");
  };
  const run = await start(script(deletion("u-6")));
  clock.move(30_000);
  await ring(run.run_id);
  expect(await approvalsOf(run.run_id)).toHaveLength(1);
  expect(await approve((await pending(run.run_id)).id)).toMatchObject({ status: "COMPLETED" });
  expect(effects).toHaveLength(1);
});

test("fifty people click at once: one wins, the others are told, the call runs once", async () => {
  const run = await start(script(deletion("u-7")));
  const { id } = await pending(run.run_id);
  const people = Array.from({ length: 50 }, (_, i) => `person-${i}`);
  const answers = await Promise.all(
    people.map((resolved_by, i) =>
      resolve(id, { status: i % 2 === 0 ? "approved" : "rejected", resolved_by }),
    ),
  );
  const winners = answers.filter(({ status }) => status === 200);
  expect(winners).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
  await settle(run.run_id);
  expect(effects).toHaveLength(winners[0]?.body.status === "approved" ? 1 : 0);
});

test("the object is evicted after every step: each is carried on where it stood", async () => {
  const run = await start(
    script(deletion("u-8"), call("look_up", { user_id: "u-8" }), deletion("u-9"), {
      text: "All done.",
    }),
  );
  for (const wanted of ["u-8", "u-9"]) {
    await evict(run.run_id);
    const approval = await pending(run.run_id);
    expect(approval.tool_args).toEqual({ user_id: wanted });
    await evict(run.run_id);
    await approve(approval.id);
  }
  expect(await read(run.run_id)).toMatchObject({ status: "COMPLETED", content: "All done." });
  expect(effects.map(({ tool }) => tool)).toEqual([
    "delete_user_data",
    "look_up",
    "delete_user_data",
  ]);
});

test("the instance goes away while the model is asked: the model is asked again, and nothing else", async () => {
  const asking = happening();
  let first = true;
  const message = script({
    response: async () => {
      if (!first) return chatAnswer("Here I am.");
      first = false;
      asking.happens();
      return new Promise(() => undefined);
    },
  });
  const { run_id } = await (
    await ask("POST", "/agents/tester/runs", { message, background: true })
  ).json<{ run_id: string }>();
  await asking.happened();
  await crash(run_id);
  await ring(run_id);
  expect(await settle(run_id)).toMatchObject({ status: "COMPLETED", content: "Here I am." });
});

function chatAnswer(content: string): Response {
  return Response.json({
    id: "1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
  });
}

test("alarm() finds storing impossible eight times: it never throws, and rings again", async () => {
  const runId = await interrupt(script(call("look_up", { user_id: "u-10" })));
  await runInDurableObject(stub(runId), async (instance, state) => {
    const real = state.storage.transactionSync.bind(state.storage);
    state.storage.transactionSync = () => {
      throw new Error("storage is out of reach");
    };
    for (let i = 0; i < 8; i++) {
      await (instance as unknown as { alarm(): Promise<void> }).alarm();
      expect(await state.storage.getAlarm()).not.toBeNull();
    }
    state.storage.transactionSync = real;
  });
  await ring(runId);
  expect(await settle(runId)).toMatchObject({ status: "COMPLETED" });
});

test("the alarm is late: an answer after the expiry is refused, nothing is executed, and the model is told", async () => {
  const run = await start(script(call("refund", {}), { text: "A pity." }));
  const approval = await pending(run.run_id);
  expect(approval.tool_args).toEqual({ amount: 1000, currency: "EUR" });
  clock.move(4 * 3_600_000);
  expect(await resolve(approval.id, { status: "approved" })).toMatchObject({
    status: 409,
    body: { detail: "Approval is already 'expired' and cannot be resolved" },
  });
  const after = await settle(run.run_id);
  expect(after).toMatchObject({ status: "COMPLETED", content: "A pity." });
  expect(after.tools[0]?.result).toContain("expired");
  expect(effects).toEqual([]);
});

test("the clock jumps past the expiry: the alarm lets the approval lapse, and the run goes on", async () => {
  const run = await start(script(call("refund", { amount: 5 })));
  clock.move(5 * 3_600_000);
  expect(await ring(run.run_id)).toBe(true);
  expect(await settle(run.run_id)).toMatchObject({ status: "COMPLETED" });
  expect((await approvalsOf(run.run_id))[0]).toMatchObject({
    status: "expired",
    call_outcome: "expired",
    resolved_by: null,
  });
  expect(effects).toEqual([]);
});

test("the clock jumps back: what was decided stays decided, and the run completes", async () => {
  const run = await start(script(deletion("u-11")));
  clock.move(-3_600_000);
  expect(await approve((await pending(run.run_id)).id)).toMatchObject({ status: "COMPLETED" });
  clock.move(3_600_000);
});

test("a paused run has nothing armed but its expiry, and nothing left to tell", async () => {
  const run = await start(script(deletion("u-12")));
  const reply = await door(run.run_id).inspect();
  const inspection = reply.ok ? reply.inspection : undefined;
  expect(inspection?.outbox).toMatchObject({ behind: 0, attempts: 0 });
  const days = ((inspection?.alarm_ms ?? 0) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(6.9);
});

test("asking for a run that does not exist leaves nothing behind", async () => {
  const run = await start(script({ text: "Hello." }));
  const stranger = stub(`${run.run_id}x`);
  expect(await (stranger as unknown as { view(): Promise<unknown> }).view()).toMatchObject({
    ok: false,
  });
  const tables = await runInDurableObject(stranger, (_, state) =>
    state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray(),
  );
  expect(tables).toEqual([]);
});

test("the database's rows equal what the object says, after everything", async () => {
  const run = await start(
    script(
      { calls: [...deletion("a").calls, ...call("look_up", { user_id: "b" }).calls] },
      deletion("c"),
    ),
  );
  await approve((await pending(run.run_id)).id);
  await approve((await pending(run.run_id)).id);
  for (const row of await approvalsOf(run.run_id))
    expect(await get(`/approvals/${row.id}`)).toEqual(row);
  const [row] = await query("SELECT status, output FROM runs WHERE id = ?", run.run_id);
  expect(row).toEqual({ status: "COMPLETED", output: "Done." });
  expect(chat.requests.length).toBeGreaterThan(0);
});
