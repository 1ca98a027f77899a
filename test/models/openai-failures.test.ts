import { afterEach, expect, test, vi } from "vitest";
import { OpenAIChat } from "../../src/models/openai.ts";
import { ask, failure, key, request } from "./ask-openai.ts";
import { calls, chunk, done, eventStream, fakeChatServer } from "./fake-chat-server.ts";

afterEach(() => vi.restoreAllMocks());

const problem = (status: number, message: string, headers: Record<string, string> = {}) =>
  Response.json({ error: { message } }, { status, headers });

test.each([408, 409, 429, 500, 503])(
  "%i is worth another try, and is not repeated here",
  async (status) => {
    const server = fakeChatServer(() => problem(status, "busy"));
    const model = new OpenAIChat({ id: "m", apiKey: key, fetch: server.fetch });
    const error = await failure(model.complete(request()));
    expect(error).toMatchObject({ code: "model_unavailable", retryAfterMs: undefined });
    expect(error.message).toContain("busy");
    expect(server.requests).toHaveLength(1);
  },
);

test.each([400, 401, 403, 404, 422])("%i is refused", async (status) => {
  expect(await failure(ask(() => problem(status, "no")))).toMatchObject({
    code: "model_refused",
  });
});

test.each([
  [{ "retry-after-ms": "650", "retry-after": "9" }, 650],
  [{ "retry-after": "2" }, 2000],
  [{ "retry-after": "0.5" }, 500],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after-ms": "-1" }, undefined],
])("the server's wait is read from %o", async (headers, retryAfterMs) => {
  const error = await failure(
    ask(() => problem(429, "slow down", headers as Record<string, string>)),
  );
  expect(error).toMatchObject({ code: "model_unavailable", retryAfterMs });
});

test("a retry-after date is counted from now", async () => {
  vi.spyOn(Date, "now").mockReturnValue(Date.parse("2026-11-01T00:00:00Z"));
  const error = await failure(
    ask(() => problem(503, "", { "retry-after": "Sun, 01 Nov 2026 00:00:07 GMT" })),
  );
  expect(error.retryAfterMs).toBe(7000);
});

test("a key that the server echoes is taken out, and the message is short", async () => {
  const apiKey = "plain-secret";
  const text = `Incorrect API key provided: ${apiKey}, sk-ab****xyz, Bearer abc.def ${"long ".repeat(500)}`;
  const error = await failure(ask(() => problem(401, text), { apiKey }));
  expect(error.code).toBe("model_refused");
  expect(error.message).toContain(
    "Incorrect API key provided: [redacted], [redacted], Bearer [redacted]",
  );
  expect(error.message.length).toBeLessThanOrEqual(500);
  expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(apiKey);
});

test("a connection that cannot be made is worth another try", async () => {
  const fetch = () => Promise.reject(new TypeError(`refused for ${key}`));
  const error = await failure(new OpenAIChat({ id: "m", apiKey: key, fetch }).complete(request()));
  expect(error).toMatchObject({
    code: "model_unavailable",
    message: "The model server could not be reached: refused for [redacted]",
  });
});

test("the stream is cut: without a finish reason nothing counts, not even with [DONE]", async () => {
  const whole = chunk(calls({ index: 0, id: "a", name: "wipe", arguments: "{}" }));
  for (const events of [[whole], [whole, done], []]) {
    expect(await failure(ask(() => eventStream(events)))).toMatchObject({
      code: "model_unavailable",
    });
  }
});

test("the connection is lost in the middle of the stream", async () => {
  const error = await failure(ask(() => eventStream([chunk({ content: "Hel" })], "break")));
  expect(error.code).toBe("model_unavailable");
  expect(error.message).toContain("Network connection lost");
});

test.each([
  ["no JSON", "data: {oops\n\n"],
  ["no chunk", { choices: "none" }],
  ["a call without a name", chunk(calls({ index: 0, id: "a", arguments: "{}" }), "tool_calls")],
])("a malformed stream (%s) is worth another try, and nothing is logged", async (_, event) => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const error = await failure(ask(() => eventStream([event, chunk({}, "stop"), done])));
  expect(error.code).toBe("model_unavailable");
  expect(log).not.toHaveBeenCalled();
});

test.each([
  [{ message: "overloaded", type: "server_error" }, "model_unavailable"],
  [{ message: "overloaded", code: 503 }, "model_unavailable"],
  [{ message: "too long", code: 400 }, "model_refused"],
  [{ message: "too long", type: "invalid_request_error" }, "model_refused"],
])("an error inside the stream (%o) is %s", async (error, code) => {
  const stream = () => eventStream([chunk({ content: "x" }), { error }]);
  expect(await failure(ask(stream))).toMatchObject({
    code,
    message: `The model server answered: ${error.message}`,
  });
});

test.each([
  ["length", calls({ index: 0, id: "a", name: "wipe", arguments: '{"id":1}' })],
  [
    "length",
    { ...calls({ index: 0, id: "a", name: "wipe", arguments: "{}" }), content: "I will." },
  ],
  ["length", { content: "" }],
  ["content_filter", calls({ index: 0, id: "a", name: "wipe", arguments: "{" })],
  ["content_filter", { content: null }],
])(
  "a reply that ends early (%s) with calls or with nothing is refused: %o",
  async (reason, delta) => {
    const error = await failure(ask(() => eventStream([chunk(delta), chunk({}, reason), done])));
    expect(error.code).toBe("model_refused");
  },
);

test("a text that ends early is returned as far as it goes", async () => {
  const reply = await ask(() =>
    eventStream([chunk({ content: "Once" }), chunk({}, "length"), done]),
  );
  expect(reply.content).toBe("Once");
});
