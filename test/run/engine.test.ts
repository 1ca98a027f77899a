import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { callHash } from "../../src/approval/call-hash.ts";
import {
  approve,
  approvalsOf,
  ask,
  crash,
  door,
  get,
  pending,
  read,
  resolve,
  ring,
  settle,
  start,
  stub,
} from "../client.ts";
import { chat, clock, effects, faults, healAll, script } from "../world.ts";

beforeEach(() => {
  effects.length = 0;
  healAll();
});

const call = (name: string, args: unknown, id?: string) => ({
  name,
  args,
  ...(id !== undefined && { id }),
});
const deletion = (user_id: string) => call("delete_user_data", { user_id });

async function begin(message: string): Promise<string> {
  const response = await ask("POST", "/agents/tester/runs", { message, background: true });
  expect(response.status).toBe(202);
  return (await response.json<{ run_id: string }>()).run_id;
}

function told(run: { messages: { role: string; content: string }[] }): string[] {
  return run.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

test("ungated siblings run at once, and the run pauses when only people are left to wait for", async () => {
  const run = await start(
    script({
      calls: [call("look_up", { user_id: "u" }), deletion("u"), call("post", { text: "hi" })],
    }),
  );
  expect(run.status).toBe("PAUSED");
  expect(effects.map(({ tool }) => tool).toSorted()).toEqual(["look_up", "post"]);
});

test("a question that was turned down is not asked again in the same run: the model gets the same answer", async () => {
  const run = await start(
    script(
      { calls: [deletion("u-1")] },
      { calls: [deletion("u-1")] },
      { calls: [deletion("u-2")] },
    ),
  );
  await resolve((await pending(run.run_id)).id, {
    status: "rejected",
    resolution_data: { note: "no" },
  });
  const after = await settle(run.run_id);
  expect(told(after)).toEqual([
    "Function call was rejected by the user: no",
    "Function call was rejected by the user: no",
  ]);
  expect((await pending(run.run_id)).tool_args).toEqual({ user_id: "u-2" });
});

test("two identical calls in one turn are two questions, each decided by itself", async () => {
  const run = await start(script({ calls: [deletion("twin"), deletion("twin")] }));
  const [one, two] = await approvalsOf(run.run_id);
  expect(one?.args_hash).not.toBe(two?.args_hash);
  await approve(one?.id ?? "");
  expect(effects).toHaveLength(1);
  await resolve(two?.id ?? "", { status: "rejected" });
  expect((await settle(run.run_id)).status).toBe("COMPLETED");
  expect(effects).toHaveLength(1);
});

test("call ids that the model repeats or omits do not confuse calls with each other", async () => {
  const run = await start(
    script({
      calls: [
        call("delete_user_data", { user_id: "a" }, "same"),
        call("delete_user_data", { user_id: "b" }, "same"),
        call("delete_user_data", { user_id: "c" }, ""),
      ],
    }),
  );
  const approvals = await approvalsOf(run.run_id);
  expect(new Set(approvals.map(({ call_id }) => call_id)).size).toBe(3);
  expect(new Set(run.tools.map(({ tool_call_id }) => tool_call_id)).size).toBe(3);
  await approve(approvals[1]?.id ?? "");
  expect(effects.map(({ args }) => args["user_id"])).toEqual(["b"]);
});

test.each([
  ["an unknown tool", call("drop_database", {}), "Unknown tool 'drop_database'"],
  ["arguments that are no JSON", call("delete_user_data", "{oops"), "not valid JSON"],
  ["an unknown key", call("delete_user_data", { user_id: "u", force: true }), "force"],
  ["a duplicate key", call("delete_user_data", '{"user_id":"u","user_id":"v"}'), "twice"],
  ["an unsafe integer", call("refund", '{"amount":9007199254740993}'), "9007199254740993"],
  ["a missing argument", call("delete_user_data", {}), "user_id"],
  [
    "arguments that are too large",
    call("delete_user_data", { user_id: "x".repeat(140_000) }),
    "128 KiB",
  ],
])("%s is refused, the model is told why, and nobody is asked", async (_, asked, reason) => {
  const run = await start(script({ calls: [asked] }));
  expect(run.status).toBe("COMPLETED");
  expect(told(run)[0]).toContain(reason);
  expect(await approvalsOf(run.run_id)).toEqual([]);
  expect(effects).toEqual([]);
});

test("what a person sees is what runs: defaults are filled in before anyone is asked", async () => {
  const run = await start(script({ calls: [call("refund", "")] }));
  const approval = await pending(run.run_id);
  expect(approval.tool_args).toEqual({ amount: 1000, currency: "EUR" });
  await approve(approval.id);
  expect(effects[0]?.args).toEqual({ amount: 1000, currency: "EUR" });
});

test("a tool's exception is told to the model, and the run goes on", async () => {
  const run = await start(script({ calls: [call("fail", {})] }, { text: "I will tell someone." }));
  expect(told(run)).toEqual(["Error: the disk is full"]);
  expect(run).toMatchObject({ status: "COMPLETED", content: "I will tell someone." });
});

test("a tool that does not answer in time is given up, and its outcome is called unknown", async () => {
  const run = await start(script({ calls: [call("slow", {})] }));
  expect(run.status).toBe("COMPLETED");
  expect(told(run)[0]).toContain("outcome of this call is unknown");
});

test("a result that is too large is dropped with a clear word, and the run goes on", async () => {
  const run = await start(script({ calls: [call("huge", {})] }));
  expect(run.status).toBe("COMPLETED");
  expect(told(run)[0]).toMatch(/was executed, but its result of \d+ bytes is larger than 256 KiB/);
});

test("a run that does not come to an end is stopped after maxSteps", async () => {
  const again = { calls: [call("look_up", { user_id: "u" })] };
  const run = await start(script(again, again, again, again), {}, "short");
  expect(run).toMatchObject({
    status: "ERROR",
    content: "The run was stopped after 3 steps (maxSteps) without an answer.",
  });
  expect(effects).toHaveLength(3);
});

test("a model that fails is asked again, later and later, through a restart, and then answers", async () => {
  let failures = 0;
  const fail = () =>
    failures++ < 2 ? new Response("overloaded", { status: 503 }) : answer("Here.");
  const runId = await begin(script({ response: fail }));
  for (let i = 0; i < 2; i++) {
    await waitFor(async () => failures > i);
    await crash(runId);
    expect((await read(runId)).status).toBe("RUNNING");
    clock.move(60_000);
    await ring(runId);
  }
  expect(await settle(runId)).toMatchObject({ status: "COMPLETED", content: "Here." });
});

test("a model that keeps failing ends the run in error after five attempts, and cancels nothing that ran", async () => {
  const before = chat.requests.length;
  const runId = await begin(
    script({ response: () => new Response("overloaded", { status: 503 }) }),
  );
  for (let i = 1; i <= 5; i++) {
    await waitFor(async () => chat.requests.length >= before + i);
    await door(runId).view();
    clock.move(10 * 60_000);
    await ring(runId);
  }
  const run = await settle(runId);
  expect(run.status).toBe("ERROR");
  expect(chat.requests.length).toBe(before + 5);
});

test("a model that refuses is not asked again", async () => {
  const before = chat.requests.length;
  const run = await start(
    script({
      response: () => Response.json({ error: { message: "no such model" } }, { status: 404 }),
    }),
  );
  expect(run.status).toBe("ERROR");
  expect(chat.requests.length).toBe(before + 1);
});

test("cancel ends what waits, is safe to repeat, and an approval can no longer be given", async () => {
  const run = await start(script({ calls: [deletion("x"), deletion("y")] }));
  for (let i = 0; i < 2; i++) {
    const response = await ask("POST", `/agents/tester/runs/${run.run_id}/cancel`);
    expect([response.status, await response.json()]).toEqual([200, {}]);
  }
  const approvals = await approvalsOf(run.run_id);
  expect(approvals.map(({ status, run_status }) => [status, run_status])).toEqual(
    [1, 2].map(() => ["cancelled", "CANCELLED"]),
  );
  expect((await resolve(approvals[0]?.id ?? "", { status: "approved" })).status).toBe(409);
  expect(effects).toEqual([]);
});

test("a call at work when the run is cancelled is left to report, and its outcome is kept", async () => {
  const tool = hold();
  const run = await start(script({ calls: [deletion("z")] }));
  const { id } = await pending(run.run_id);
  await resolve(id, { status: "approved" });
  await tool.atWork();
  await ask("POST", `/agents/tester/runs/${run.run_id}/cancel`);
  tool.finish();
  await waitFor(
    async () =>
      (await get<{ call_outcome: string | null }>(`/approvals/${id}`)).call_outcome === "succeeded",
  );
  expect(await read(run.run_id)).toMatchObject({ status: "CANCELLED" });
});

test("a tool whose parameters have changed since the approval is not run: someone is asked anew", async () => {
  const run = await start(script({ calls: [deletion("old")] }));
  const { id } = await pending(run.run_id);
  // As if the approval had been given for an earlier release's tool.
  await runInDurableObject(stub(run.run_id), (_, state) => {
    const sql = state.storage.sql;
    const [row] = sql
      .exec<{ seq: number; entries: string }>(
        "SELECT seq, entries FROM journal ORDER BY seq DESC LIMIT 1",
      )
      .toArray();
    const version = /"toolVersion":"(\w+)"/.exec(row?.entries ?? "")?.[1] ?? "";
    const entries = JSON.parse(
      (row?.entries ?? "").replaceAll(version, "0".repeat(version.length)),
    ) as { kind: string; argsHash?: string }[];
    const asked = entries.find(({ kind }) => kind === "approval_asked");
    if (asked !== undefined)
      asked.argsHash = callHash({
        runId: run.run_id,
        callId: `${run.run_id}.1.0`,
        toolName: "delete_user_data",
        toolVersion: "0".repeat(version.length),
        args: { user_id: "old" },
      });
    sql.exec(
      "UPDATE journal SET entries = ? WHERE seq = ?",
      JSON.stringify(entries),
      row?.seq ?? 0,
    );
  });
  await crash(run.run_id);
  expect(await approve(id)).toMatchObject({ status: "PAUSED" });
  expect(effects).toEqual([]);
  const again = await pending(run.run_id);
  expect(again).toMatchObject({
    context: { reason: "tool_changed" },
    tool_args: { user_id: "old" },
  });
  expect(await approve(again.id)).toMatchObject({ status: "COMPLETED" });
  expect(effects).toMatchObject([{ approvalId: again.id }]);
});

test("an approval whose arguments were altered in storage does not let the call run", async () => {
  const run = await start(script({ calls: [deletion("mine")] }));
  const { id } = await pending(run.run_id);
  await runInDurableObject(stub(run.run_id), (_, state) => {
    state.storage.sql.exec(
      `UPDATE journal SET entries = replace(entries, '"user_id":"mine"', '"user_id":"yours"')`,
    );
  });
  await crash(run.run_id);
  const after = await approve(id);
  expect(effects).toEqual([]);
  expect(told(after)).toEqual(["The approval does not cover this call."]);
});

test("a journal of another release fails loudly, and is left as it is", async () => {
  const run = await start(script({ calls: [deletion("later")] }));
  const { id } = await pending(run.run_id);
  await runInDurableObject(
    stub(run.run_id),
    (_, state) => void state.storage.sql.exec("UPDATE journal SET v = 99"),
  );
  await crash(run.run_id);
  const response = await ask("GET", `/approvals/${id}`);
  expect(response.status).toBe(503);
  expect((await response.json<{ detail: string }>()).detail).toContain("journal format 99");
});

test("an approval for user input takes the declared fields only, and checks them", async () => {
  const run = await start(script({ calls: [call("pay_out", { amount: 5 })] }));
  const approval = await pending(run.run_id);
  expect(approval.pause_type).toBe("user_input");
  expect(approval.requirements[0]?.tool_execution.user_input_schema).toEqual([
    {
      name: "account",
      field_type: "string",
      description: null,
      value: null,
      required: true,
      schema: { type: "string" },
    },
  ]);
  for (const resolution_data of [
    undefined,
    {},
    { values: { amount: 9, account: "a" } },
    { values: { account: 7 } },
  ]) {
    expect(await resolve(approval.id, { status: "approved", resolution_data })).toMatchObject({
      status: 422,
    });
  }
  expect(await approve(approval.id, { values: { account: "DE1" } })).toMatchObject({
    status: "COMPLETED",
  });
  expect(effects[0]?.args).toEqual({ amount: 5, account: "DE1" });
  expect(await get(`/approvals/${approval.id}`)).toMatchObject({
    tool_args: { amount: 5, account: "DE1" },
    context: { requested_args: { amount: 5 } },
  });
});

test("what the model writes into a field that a person fills in is nobody's answer", async () => {
  const run = await start(
    script({ calls: [call("pay_out", { amount: 5, account: "the model's" })] }),
  );
  const { id } = await pending(run.run_id);
  expect(await resolve(id, { status: "approved" })).toMatchObject({ status: 422 });
  await approve(id, { values: { account: "DE2" } });
  expect(effects[0]?.args).toEqual({ amount: 5, account: "DE2" });
});

test("an approval for an external execution hands in the result, and the tool is not executed", async () => {
  const run = await start(script({ calls: [call("call_bank", { question: "limit?" })] }));
  const approval = await pending(run.run_id);
  expect(await resolve(approval.id, { status: "approved" })).toMatchObject({ status: 422 });
  const after = await approve(approval.id, { result: "The limit is 500." });
  expect(told(after)).toEqual(["The limit is 500."]);
});

test("an approval does not let anyone change the arguments", async () => {
  const run = await start(script({ calls: [deletion("fixed")] }));
  const { id } = await pending(run.run_id);
  expect(
    await resolve(id, { status: "approved", resolution_data: { args: { user_id: "other" } } }),
  ).toMatchObject({ status: 422 });
  expect((await pending(run.run_id)).status).toBe("pending");
});

test("an audit tool does not stop the run, and leaves its record with the outcome", async () => {
  const run = await start(
    script({ calls: [call("notify", { user_id: "n" }), call("notify", { user_id: "m" })] }),
  );
  expect(run.status).toBe("COMPLETED");
  const records = await approvalsOf(run.run_id);
  expect(
    records.map(({ approval_type, call_outcome, status }) => [approval_type, status, call_outcome]),
  ).toEqual([1, 2].map(() => ["audit", "approved", "succeeded"]));
  expect((await ask("DELETE", `/approvals/${records[0]?.id}`)).status).toBe(409);
});

test("the result of an attempt that was given up for dead is dropped when it comes late", async () => {
  const tool = hold();
  const runId = await begin(script({ calls: [call("look_up", { user_id: "slowpoke" })] }));
  await tool.atWork();
  await crash(runId);
  healAll();
  await ring(runId);
  await settle(runId);
  tool.finish();
  const run = await read(runId);
  expect(run.status).toBe("COMPLETED");
  expect(told(run)).toHaveLength(1);
});

function answer(content: string): Response {
  const choice = { index: 0, finish_reason: "stop", message: { role: "assistant", content } };
  return Response.json({
    id: "1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [choice],
  });
}

/** Holds every tool after its effect until it may finish; each waits in its own object, as it would for a server. */
function hold(): { atWork: () => Promise<void>; finish: () => void } {
  let working = false;
  let released = false;
  faults.afterEffect = async () => {
    working = true;
    while (!released) await scheduler.wait(1);
  };
  return { atWork: async () => waitFor(async () => working), finish: () => void (released = true) };
}

/** Looks until it is so; every look lets the object do its work. */
async function waitFor(so: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (await so()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("It did not happen.");
}

test("more approvals than go into one batch are all listed", async () => {
  const calls = Array.from({ length: 45 }, (_, i) => deletion(`many-${i}`));
  const run = await start(script({ calls }));
  const listed = await get<{ meta: { total_count: number } }>(`/approvals?run_id=${run.run_id}`);
  expect(listed.meta.total_count).toBe(45);
});
