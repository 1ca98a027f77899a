import { listDurableObjectIds } from "cloudflare:test";
import { expect, test } from "vitest";
import { approvalIdOf, newRunId } from "../../src/run/ids.ts";
import { type ContinueMessage, messageVersion } from "../../src/run/messages.ts";
import type { RunView } from "../../src/run/view.ts";
import { approvalsOf, bindings, door, pending, read, resolve, settle, start } from "../client.ts";
import { effects, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

const deletion = (user_id = unique("u")) =>
  script({ calls: [{ name: "delete_user_data", args: { user_id } }] }, { text: "Gone." });
const renaming = (...names: string[]) =>
  script(
    { calls: names.map((name) => ({ name: "rename", args: { user_id: "u-1", name } })) },
    { text: "Renamed." },
  );
const path = (id: string, verb: string) => `/agents/tester/runs/${id}/${verb}`;
const go = async (id: string, tools: unknown): Promise<RunView> => {
  const answer = await http("POST", path(id, "continue"), json({ tools, stream: false }));
  expect(answer.status).toBe(200);
  return answer.json<RunView>();
};
const effectsOf = (run: string) => effects.filter(({ runId }) => runId === run);
const names = (text: string) => [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);

test("a run whose approval is pending goes on by nothing that a client says", async () => {
  const run = await start(deletion("u-1"));
  const { id } = await pending(run.run_id);
  const [tool] = run.tools;
  const yes = { ...tool, confirmed: true, tool_args: { user_id: "u-2" } };
  const payloads = [
    {},
    { stream: true },
    { tools: [] },
    { tools: [yes] },
    { tools: [{ ...yes, approval_id: id, approval_type: null, requires_confirmation: false }] },
    { tools: [{ ...yes, tool_call_id: `${run.run_id}.1.0`, result: "It is done." }] },
    { tools: [{ tool_call_id: "call_0_0", confirmed: false, confirmation_note: "no" }] },
    { tools: JSON.stringify([yes]), session_id: run.session_id, user_id: "root" },
  ];
  const answers = payloads.map((payload) =>
    http("POST", path(run.run_id, "continue"), json(payload)),
  );
  const asForm = new URLSearchParams({ tools: JSON.stringify([yes]), stream: "False" });
  answers.push(http("POST", path(run.run_id, "continue"), { body: asForm }));
  answers.push(http("POST", path(run.run_id, "continue")));
  for (const answer of answers) {
    expect(await refusal(answer)).toEqual([
      403,
      "This run requires admin approval before it can be continued",
    ]);
  }
  expect(effectsOf(run.run_id)).toEqual([]);
  expect(await read(run.run_id)).toEqual(run);
  expect((await pending(run.run_id)).tool_args).toEqual({ user_id: "u-1" });
});

test.each(["approved", "rejected"])(
  "continue waits for a run that was %s and answers with the same run, again and again",
  async (status) => {
    const run = await start(deletion());
    await resolve((await pending(run.run_id)).id, { status });
    const after = await go(run.run_id, undefined);
    expect(after).toMatchObject({ run_id: run.run_id, status: "COMPLETED", content: "Gone." });
    expect(await go(run.run_id, [{ tool_call_id: "call_0_0", confirmed: true }])).toEqual(after);
    expect(effectsOf(run.run_id)).toHaveLength(status === "approved" ? 1 : 0);
  },
);

test("one pending approval of three keeps the run closed to continue", async () => {
  const calls = ["a", "b", "c"].map((user_id) => ({ name: "delete_user_data", args: { user_id } }));
  const run = await start(script({ calls }));
  const [a, b, c] = (await approvalsOf(run.run_id)).map(({ id }) => id);
  for (const id of [a, b]) await resolve(id ?? "", { status: "approved" });
  expect((await http("POST", path(run.run_id, "continue"))).status).toBe(403);
  await resolve(c ?? "", { status: "rejected" });
  expect(await go(run.run_id, [])).toMatchObject({ status: "COMPLETED" });
});

test("a call without an approval is answered by the run's user, and no argument of the answer is taken", async () => {
  const run = await start(renaming("Ada"));
  expect(run).toMatchObject({
    status: "PAUSED",
    tools: [{ approval_id: null, approval_type: null }],
  });
  expect(await approvalsOf(run.run_id)).toEqual([]);
  expect(await go(run.run_id, [])).toEqual(run);
  expect(await go(run.run_id, [{ tool_call_id: "another", confirmed: true }])).toEqual(run);
  expect(await go(run.run_id, [{ tool_call_id: "call_0_0" }])).toEqual(run);

  const answer = { ...run.tools[0], confirmed: true, tool_args: { user_id: "u-2", name: "Eve" } };
  const after = await go(run.run_id, [{ ...answer, tool_name: "delete_user_data" }]);
  expect(after).toMatchObject({
    status: "COMPLETED",
    content: "Renamed.",
    tools: [{ confirmed: true }],
  });
  expect(effectsOf(run.run_id)).toMatchObject([
    { tool: "rename", args: { user_id: "u-1", name: "Ada" }, approvalId: null },
  ]);
});

test("a user's no is told to the model with the note, as a form or as JSON", async () => {
  const no = [{ tool_call_id: "call_0_0", confirmed: false, confirmation_note: "not her" }];
  for (const written of [
    json({ tools: no }),
    json({ tools: JSON.stringify(no) }),
    { body: new URLSearchParams({ tools: JSON.stringify(no), stream: "false" }) },
  ]) {
    const run = await start(renaming("Ada"));
    const answer = await http("POST", path(run.run_id, "continue"), written);
    const after = await answer.json<RunView>();
    expect(after).toMatchObject({
      status: "COMPLETED",
      tools: [{ confirmed: false, confirmation_note: "not her" }],
    });
    expect(after.messages.find(({ role }) => role === "tool")?.content).toBe(
      "Function call was rejected by the user: not her",
    );
    expect(effectsOf(run.run_id)).toEqual([]);
  }
});

const profile = {
  name: "Ada",
  age: 36,
  ratio: null,
  active: true,
  tags: ["a"],
  address: { city: "London" },
};
const asking = (args: object = {}) =>
  script({ calls: [{ name: "ask_profile", args: { user_id: "u-1", ...args } }] });
/** The call as a client's form sends it back: every field, null where nothing was filled in. */
const filled = (run: RunView, values: Record<string, unknown>) => ({
  ...run.tools[0],
  tool_args: { user_id: "u-2" },
  user_input_schema: run.tools[0]?.user_input_schema?.map((field) => ({
    ...field,
    value: values[field.name] ?? null,
  })),
});

test("the run's user fills in what is asked for, and what may be left out is left out where it is null", async () => {
  const run = await start(asking());
  const schema = run.tools[0]?.user_input_schema;
  expect(schema?.map(({ name, field_type, required }) => [name, field_type, required])).toEqual([
    ["name", "string", true],
    ["email", "string", false],
    ["age", "integer", true],
    ["ratio", "number", true],
    ["active", "boolean", true],
    ["plan", "string", false],
    ["level", "number", false],
    ["born", "string", false],
    ["story", "string", false],
    ["tags", "array", false],
    ["address", "object", false],
    ["extra", "string", false],
  ]);
  expect(schema?.[0]).toMatchObject({ description: "As it stands in the passport.", value: null });
  expect(await go(run.run_id, [filled(run, profile)])).toMatchObject({ status: "COMPLETED" });
  const [effect] = effectsOf(run.run_id);
  expect(effect?.args).toEqual({ user_id: "u-1", plan: "free", level: null, ...profile });
});

test.each([
  ["nothing of what is needed", { tags: ["a"] }],
  ["another type", { ...profile, age: "36" }],
  ["what the tool does not take", { ...profile, age: 17 }],
  ["another shape", { ...profile, address: { city: "London", street: "x" } }],
])("%s, filled in by the run's user, is refused, and the call waits on", async (_, values) => {
  const run = await start(asking());
  const answer = http("POST", path(run.run_id, "continue"), json({ tools: [filled(run, values)] }));
  expect(await refusal(answer)).toEqual([422, expect.any(String)]);
  expect(await read(run.run_id)).toEqual(run);
});

test("a field that is not asked for is refused, whoever suggests it", async () => {
  const run = await start(asking({ name: "Eve", age: 40 }));
  expect(run.tools[0]?.user_input_schema?.[0]?.value).toBe("Eve");
  const tools = [
    { tool_call_id: "call_0_0", user_input_schema: [{ name: "user_id", value: "u-2" }] },
  ];
  expect((await http("POST", path(run.run_id, "continue"), json({ tools }))).status).toBe(422);
  expect(await read(run.run_id)).toEqual(run);
});

test("a call that comes back as it was sent, with nothing filled in, is not answered by that", async () => {
  const calls = [
    { name: "audit_fill", args: { user_id: "u-1" } },
    { name: "rename", args: { user_id: "u-1", name: "Ada" } },
  ];
  const run = await start(script({ calls }));
  const [fill, rename] = run.tools;
  const half = await go(run.run_id, [fill, { ...rename, confirmed: true }]);
  expect(half).toMatchObject({
    status: "PAUSED",
    tools: [{ confirmed: null }, { result: "Renamed to Ada." }],
  });
  const after = await go(run.run_id, [{ ...fill, answered: true }]);
  expect(after).toMatchObject({ status: "COMPLETED", tools: [{ answered: true }, {}] });
  expect(effectsOf(run.run_id).map(({ args }) => args)[1]).toEqual({ user_id: "u-1" });
});

test("of two calls that wait for the user each is answered by itself", async () => {
  const run = await start(renaming("Ada", "Bea"));
  const half = await go(run.run_id, [{ tool_call_id: "call_0_1", confirmed: true }]);
  expect(half.status).toBe("PAUSED");
  expect(await go(run.run_id, [{ tool_call_id: "call_0_0", confirmed: false }])).toMatchObject({
    status: "COMPLETED",
  });
  expect(effectsOf(run.run_id).map(({ args }) => args["name"])).toEqual(["Bea"]);
});

test("continue streams what comes of an answer, and where nothing comes, where the run stands", async () => {
  const run = await start(renaming("Ada"));
  const nothing = await http("POST", path(run.run_id, "continue"), json({ stream: "True" }));
  expect(names(await nothing.text())).toEqual(["RunPaused"]);
  const body = { tools: [{ tool_call_id: "call_0_0", confirmed: true }], stream: true };
  const streamed = await http("POST", path(run.run_id, "continue"), json(body));
  const sent = names(await streamed.text());
  expect([sent[0], sent.at(-1)]).toEqual(["RunContinued", "RunCompleted"]);
  expect(sent).toContain("ToolCallCompleted");
  const again = await http("POST", path(run.run_id, "continue"), json(body));
  expect(names(await again.text())).toEqual(["RunCompleted"]);
});

test("the stream of an answer that is sent once more begins where the first one began", async () => {
  const run = await start(renaming("Ada"));
  const answers = [{ tool_call_id: "call_0_0", confirmed: true }];
  const rest = { agentId: "tester", answers, stream: true, waitMs: 10_000, requestId: "one" };
  const first = await door(run.run_id).continue({ v: messageVersion, ...rest });
  expect(first).toMatchObject({ ok: true, from: 2, run: { status: "COMPLETED" } });
  expect(await door(run.run_id).continue({ v: messageVersion, ...rest })).toEqual(first);
});

test("the run's object is reset while it is answered: it is told that it is the same request", async () => {
  const asked: (string | undefined)[] = [];
  const reply = async ({ requestId }: ContinueMessage): Promise<object> => {
    asked.push(requestId);
    if (asked.length % 2 === 1)
      throw Object.assign(new Error("The object was reset."), { durableObjectReset: true });
    return { ok: true, run: {}, from: 0 };
  };
  const vars = { RUNS: { getByName: () => ({ continue: reply }) } };
  for (let i = 0; i < 2; i++)
    await http("POST", path(runId, "continue"), { ...json({ tools: [] }), vars });
  const [one, again, other] = asked;
  expect(one).toEqual(expect.any(String));
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;

test.each([
  ["tools that are no JSON", { tools: "[" }],
  ["tools that are no array", { tools: { tool_call_id: "x" } }],
  ["a call without its id", { tools: [{ confirmed: true }] }],
  ["a confirmation that is no boolean", { tools: [{ tool_call_id: "x", confirmed: "yes" }] }],
  ["too long a note", { tools: [{ tool_call_id: "x", confirmation_note: "n".repeat(4097) }] }],
  ["a result without end", `{"tools":[{"tool_call_id":"x","result":${deep}}]}`],
  ["half a character", { tools: [{ tool_call_id: "x", confirmation_note: "\ud800" }] }],
])("continue with %s is refused, and nothing is answered", async (_, payload) => {
  const run = await start(renaming("Ada"));
  const [status, detail] = await refusal(http("POST", path(run.run_id, "continue"), json(payload)));
  expect([status, detail]).toMatchObject([
    422,
    [{ type: expect.any(String), msg: expect.any(String) }],
  ]);
  expect(await read(run.run_id)).toEqual(run);
});

test("cancel ends a run and everything that waits in it, as often as it is asked", async () => {
  const calls = ["a", "b"].map((user_id) => ({ name: "delete_user_data", args: { user_id } }));
  const run = await start(script({ calls }));
  const cancel = path(run.run_id, "cancel");
  const answers = await Promise.all([1, 2, 3].map(() => http("POST", cancel)));
  answers.push(await http("POST", cancel));
  for (const answer of answers) expect([answer.status, await answer.json()]).toEqual([200, {}]);
  expect(
    (await approvalsOf(run.run_id)).map((approval) => [approval.status, approval.run_status]),
  ).toEqual([
    ["cancelled", "CANCELLED"],
    ["cancelled", "CANCELLED"],
  ]);
  expect(await read(run.run_id)).toMatchObject({ status: "CANCELLED", requirements: [] });
  for (const body of [{}, { stream: true }, { tools: [{ tool_call_id: "x", confirmed: true }] }]) {
    expect(await refusal(http("POST", path(run.run_id, "continue"), json(body)))).toEqual([
      409,
      `Cannot continue run ${run.run_id}: run is cancelled`,
    ]);
  }
  expect(effectsOf(run.run_id)).toEqual([]);
});

test("a run that has ended stays as it ended when it is cancelled", async () => {
  const run = await start("hello");
  expect(await (await http("POST", path(run.run_id, "cancel"))).json()).toEqual({});
  expect(await settle(run.run_id)).toEqual(run);
});

const runId = newRunId();
const swapped = (id: string) => id.slice(0, -1) + (id.endsWith("0") ? "1" : "0");

test.each([
  "x",
  "run_",
  `${runId}0`,
  runId.toUpperCase(),
  swapped(runId),
  runId.replace("run_", "apr_"),
  "..%2F..",
  "%00",
  "%E0%A4%A",
  "run_00%F0%9F%92%A5",
  approvalIdOf(runId, 0),
  "x".repeat(3000),
])("the id %s is nobody's, and asking for it makes no object", async (id) => {
  const before = await listDurableObjectIds(bindings.RUNS);
  const none = [404, "Run not found"];
  expect(await refusal(http("GET", `/agents/tester/runs/${id}`))).toEqual(none);
  expect(await refusal(http("POST", path(id, "continue"), json({})))).toEqual(none);
  expect(await refusal(http("POST", path(id, "cancel")))).toEqual(none);
  expect(await refusal(http("GET", `/ops/runs/${id}`))).toEqual(none);
  const apr = id === approvalIdOf(runId, 0) ? swapped(id) : id;
  const nothing = [404, "Approval not found"];
  expect(await refusal(http("GET", `/approvals/${apr}`))).toEqual(nothing);
  expect(await refusal(http("GET", `/approvals/${apr}/status`))).toEqual(nothing);
  expect(
    await refusal(http("POST", `/approvals/${apr}/resolve`, json({ status: "approved" }))),
  ).toEqual(nothing);
  expect(await refusal(http("DELETE", `/approvals/${apr}`))).toEqual(nothing);
  expect((await http("GET", `/panel/approvals/${apr}`)).status).toBe(404);
  expect(await listDurableObjectIds(bindings.RUNS)).toEqual(before);
});

test("a well-formed id that nobody was given is answered like any other", async () => {
  const none = [404, "Run not found"];
  expect(await refusal(http("GET", `/agents/tester/runs/${runId}`))).toEqual(none);
  expect(await refusal(http("POST", path(runId, "continue")))).toEqual(none);
  expect(await refusal(http("POST", path(runId, "cancel")))).toEqual(none);
  const nothing = [404, "Approval not found"];
  expect(await refusal(http("GET", `/approvals/${approvalIdOf(runId, 0)}`))).toEqual(nothing);
});
