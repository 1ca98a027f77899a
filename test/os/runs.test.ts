import { expect, test } from "vitest";
import { approve, pending, read, settle, start } from "../client.ts";
import { chat, effects, script } from "../world.ts";
import { http, json, refusal, unique } from "./http.ts";

const runs = "/agents/tester/runs";
const deletion = (user_id = unique("u")) =>
  script({ calls: [{ name: "delete_user_data", args: { user_id } }] }, { text: "Gone." });
const form = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return { body: data };
};
const urlencoded = (fields: Record<string, string>) => ({ body: new URLSearchParams(fields) });

/** The events of a stream, each as its name and its data. */
async function events(
  response: Response,
): Promise<{ name: string; data: Record<string, unknown> }[]> {
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const text = await response.text();
  expect(text.endsWith("\n\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n\n")
    .map((block) => {
      const [, name = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      return { name, data: JSON.parse(data) };
    });
}

test("a chat that has no session yet sends an empty one, and gets one of its own", async () => {
  const [one, two] = [
    await start("hello", { session_id: "" }),
    await start("hello", { session_id: "" }),
  ];
  expect(one.session_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(two.session_id).not.toBe(one.session_id);
});

test("a run that is not streamed is answered with exactly the documented keys once it has paused", async () => {
  const user = unique("mia");
  const session = unique("s");
  const run = await start(deletion("u-1"), { user_id: user, session_id: session });
  expect(Object.keys(run).toSorted()).toEqual([
    "agent_id",
    "content",
    "created_at",
    "messages",
    "parent_run_id",
    "requested_by",
    "requirements",
    "run_id",
    "schedule_id",
    "schedule_run_id",
    "session_id",
    "status",
    "team_id",
    "tools",
    "user_id",
  ]);
  expect(run).toMatchObject({
    session_id: session,
    user_id: user,
    agent_id: "tester",
    status: "PAUSED",
    tools: [{ tool_name: "delete_user_data", requires_confirmation: true, confirmed: null }],
    requirements: [{ tool_execution: { tool_args: { user_id: "u-1" } } }],
  });
  expect(Number.isInteger(run.created_at)).toBe(true);
  expect(await read(run.run_id)).toEqual(run);
});

test.each([
  ["multipart/form-data", form],
  ["urlencoded", urlencoded],
  ["JSON", (fields: Record<string, string>) => json(fields)],
])("a run can be started by %s, with booleans as clients write them", async (_, written) => {
  for (const no of ["false", "False", "FALSE", "0"]) {
    const answer = await http(
      "POST",
      runs,
      written({ message: "hello", stream: no, user_id: "mia" }),
    );
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { status: "COMPLETED", content: "Done.", user_id: "mia" },
    ]);
  }
  for (const yes of ["true", "True", "TRUE", "1"]) {
    const answer = await http("POST", runs, written({ message: "hello", stream: yes }));
    expect((await events(answer)).at(-1)?.name).toBe("RunCompleted");
    const background = { message: "hello", stream: "false", background: yes };
    expect((await http("POST", runs, written(background))).status).toBe(202);
  }
});

test("a run is streamed unless the caller says otherwise, and a pause ends the stream", async () => {
  const answer = await http("POST", runs, form({ message: deletion("u-2") }));
  expect(answer.status).toBe(200);
  const sent = await events(answer);
  expect(sent[0]?.name).toBe("RunStarted");
  expect(sent.at(-1)).toMatchObject({
    name: "RunPaused",
    data: { content: "", tools: [{ tool_args: { user_id: "u-2" } }], requirements: [{}] },
  });
  for (const { name, data } of sent) {
    expect(data).toMatchObject({
      event: name,
      agent_id: "tester",
      agent_name: "Tester",
      created_at: expect.any(Number),
      run_id: sent[0]?.data["run_id"],
      session_id: sent[0]?.data["session_id"],
    });
  }
});

test("a run in the background is answered at once with three keys, and goes on by itself", async () => {
  const session = unique("s");
  const fields = { message: "hello", background: "true", session_id: session };
  const answer = await http("POST", runs, form(fields));
  const accepted = await answer.json<{ run_id: string }>();
  expect([answer.status, accepted]).toEqual([
    202,
    { run_id: expect.stringMatching(/^run_/), session_id: session, status: "PENDING" },
  ]);
  expect(await settle(accepted.run_id)).toMatchObject({ status: "COMPLETED" });
});

test(
  "fifty starts with one Idempotency-Key at once are one run, which asks the model once",
  { timeout: 30_000 },
  async () => {
    const key = { "idempotency-key": unique("key") };
    const message = deletion();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const body = { message, stream: i % 3 === 1, background: i % 3 === 2 };
        const answer = await http("POST", runs, json(body, key));
        return body.stream
          ? (await events(answer)).at(-1)?.data["run_id"]
          : (await answer.json<{ run_id: string }>()).run_id;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    const asked = chat.requests.filter(({ body }) => JSON.stringify(body).includes(`"${message}"`));
    expect(asked).toHaveLength(1);
  },
);

test("a repeated start is answered on the same run wherever it stands by then, in the form that is asked for", async () => {
  const key = { "idempotency-key": unique("key") };
  const message = deletion();
  const post = async (fields: object) => http("POST", runs, json({ message, ...fields }, key));
  const first = await (await post({ stream: false })).json<{ run_id: string }>();
  const streamed = await events(await post({}));
  expect(streamed.at(-1)).toMatchObject({ name: "RunPaused", data: { run_id: first.run_id } });
  await approve((await pending(first.run_id)).id);
  const last = await (await post({ stream: false })).json();
  expect(last).toMatchObject({ run_id: first.run_id, status: "COMPLETED", content: "Gone." });
  expect((await events(await post({}))).at(-1)?.name).toBe("RunCompleted");
  expect(effects.filter(({ runId }) => runId === first.run_id)).toHaveLength(1);
});

test("an Idempotency-Key with another request is refused, and belongs to one principal and one agent", async () => {
  const key = { "idempotency-key": unique("key") };
  const body = { message: "hello", stream: false, session_id: "s", user_id: "mia" };
  const id = async (answer: Response) => (await answer.json<{ run_id: string }>()).run_id;
  const first = await id(await http("POST", runs, json(body, key)));
  for (const other of [{ message: "hello!" }, { session_id: "t" }, { user_id: "bob" }]) {
    expect(await refusal(http("POST", runs, json({ ...body, ...other }, key)))).toEqual([
      422,
      "This Idempotency-Key was used for another request: use a new key, or repeat the same request.",
    ]);
  }
  expect(await id(await http("POST", runs, json(body, key)))).toBe(first);

  const vars = { OS_SECURITY_KEY: "k" };
  const signed = json(body, { ...key, authorization: "Bearer k" });
  const ofRoot = await id(await http("POST", runs, { ...signed, vars }));
  const ofOther = await id(await http("POST", "/agents/short/runs", json(body, key)));
  const without = await id(await http("POST", runs, json(body)));
  expect(new Set([first, ofRoot, ofOther, without]).size).toBe(4);
  expect(
    (await http("POST", runs, json(body, { "idempotency-key": "k".repeat(256) }))).status,
  ).toBe(422);
});

test.each([
  ["no message", {}, "message"],
  ["an empty message", { message: "" }, "message"],
  ["a blank message", { message: " \n " }, "message"],
  ["too large a message", { message: "é".repeat(128 * 1024 + 1) }, "message"],
  ["a stream that is no boolean", { message: "hello", stream: "maybe" }, "stream"],
  ["an empty user", { message: "hello", user_id: "" }, "user_id"],
  ["too long a user", { message: "hello", user_id: "u".repeat(256) }, "user_id"],
  ["too long a session", { message: "hello", session_id: "s".repeat(256) }, "session_id"],
])(
  "a start with %s is refused in every form, with the place of the mistake",
  async (_, fields, name) => {
    const entry = { type: expect.any(String), loc: ["body", name], msg: expect.any(String) };
    for (const written of [form, urlencoded, json]) {
      const answer = http("POST", runs, written(fields as Record<string, string>));
      expect(await refusal(answer)).toEqual([422, expect.arrayContaining([entry])]);
    }
  },
);

test("an agent or a run that is not there is 404, and a run is only found with its own agent", async () => {
  const nobody = [404, "Agent not found"];
  const { run_id: id } = await start("hello");
  expect(await refusal(http("POST", "/agents/nobody/runs", json({ message: "x" })))).toEqual(
    nobody,
  );
  expect(await refusal(http("GET", "/agents/nobody"))).toEqual(nobody);
  expect(await refusal(http("GET", `/agents/nobody/runs/${id}`))).toEqual(nobody);
  expect(await refusal(http("POST", `/agents/nobody/runs/${id}/cancel`))).toEqual(nobody);
  expect(await refusal(http("POST", `/agents/nobody/runs/${id}/continue`))).toEqual(nobody);
  const none = [404, "Run not found"];
  expect(await refusal(http("GET", `/agents/short/runs/${id}`))).toEqual(none);
  expect(await refusal(http("POST", `/agents/short/runs/${id}/cancel`))).toEqual(none);
  expect(await refusal(http("POST", `/agents/short/runs/${id}/continue`))).toEqual(none);
});
