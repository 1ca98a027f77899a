import { OpenAI } from "openai";
import { expect, test } from "vitest";
import { demoFetch } from "../../src/models/demo.ts";

const remove = {
  name: "delete_user_data",
  description: "Permanently delete all data for a user.",
  parameters: {
    type: "object",
    properties: { user_id: { type: "string" } },
    required: ["user_id"],
  },
};
const body = (extra: object) => ({
  model: "m",
  messages: [{ role: "user", content: "delete user aaaa-bbbb-cccc-1" }],
  tools: [{ type: "function", function: remove }],
  ...extra,
});
const post = (content: unknown, init: RequestInit = {}) =>
  demoFetch("https://demo.invalid/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(content),
    ...init,
  });

test("a stream has a role, arguments in several pieces, a finish reason, the usage and [DONE]", async () => {
  const response = await post(body({ stream: true, stream_options: { include_usage: true } }));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const events = (await response.text())
    .trim()
    .split("\n\n")
    .map((event) => event.replace(/^data: /, ""));
  expect(events.pop()).toBe("[DONE]");
  const chunks = events.map((event) => JSON.parse(event) as OpenAI.ChatCompletionChunk);
  expect(chunks.at(0)?.choices[0]?.delta).toEqual({ role: "assistant", content: null });
  const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  expect(pieces[0]).toEqual({
    index: 0,
    id: "call_demo_1",
    type: "function",
    function: { name: "delete_user_data", arguments: "" },
  });
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.map((piece) => piece.function?.arguments).join("")).toBe(
    '{"user_id":"aaaa-bbbb-cccc-1"}',
  );
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: expect.any(Number) as number },
  });
});

test("the usage is left out of a stream that did not ask for it", async () => {
  expect(await (await post(body({ stream: true }))).text()).not.toContain("usage");
});

test("OpenAI's client reads the form that is not streamed", async () => {
  const client = new OpenAI({
    apiKey: "none",
    baseURL: "https://demo.invalid/v1",
    fetch: demoFetch,
    maxRetries: 0,
  });
  const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];
  const said = await client.chat.completions.create({ model: "m", messages });
  expect(said.choices[0]).toMatchObject({
    finish_reason: "stop",
    message: { role: "assistant" },
  });
  expect(said.choices[0]?.message.content).toMatch(/^\[demo model\]/);
  const called = await client.chat.completions.create(
    body({}) as never as OpenAI.ChatCompletionCreateParamsNonStreaming,
  );
  expect(called.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: null, tool_calls: [{ function: { name: "delete_user_data" } }] },
  });
});

test("the same request gets the same reply", async () => {
  const read = async () => (await post(body({ stream: true }))).text();
  expect(await read()).toBe(await read());
});

test("anything else is answered with an error in OpenAI's form", async () => {
  const responses = [
    await demoFetch("https://demo.invalid/v1/models"),
    await demoFetch("https://demo.invalid/v1/embeddings", { method: "POST", body: "{}" }),
    await post("not a request"),
  ];
  expect(responses.map((response) => response.status)).toEqual([404, 404, 400]);
  for (const response of responses)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining("demo model") as string },
    });
});

test("an aborted request is not answered", async () => {
  await expect(post(body({}), { signal: AbortSignal.abort() })).rejects.toThrow();
});
