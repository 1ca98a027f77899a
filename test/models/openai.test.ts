import { describe, expect, test } from "vitest";
import { OpenAIChat } from "../../src/models/openai.ts";
import { ask, failure, hello, key, request } from "./ask-openai.ts";
import { calls, chunk, done, eventStream, fakeChatServer, usageChunk } from "./fake-chat-server.ts";

describe("what is sent", () => {
  test("the conversation and the tools go out as OpenAI's chat completions, streamed", async () => {
    const server = fakeChatServer(hello);
    const model = new OpenAIChat({
      id: "gpt-4o-mini",
      apiKey: key,
      temperature: 0,
      maxTokens: 9,
      fetch: server.fetch,
    });
    const parameters = { type: "object", properties: {} };
    await model.complete(
      request({
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "delete" },
          {
            role: "assistant",
            content: "",
            toolCalls: [{ id: "c1", name: "wipe", arguments: "{}" }],
          },
          { role: "tool", toolCallId: "c1", content: "gone" },
          { role: "assistant", content: "done", toolCalls: [] },
        ],
        tools: [{ name: "wipe", description: "Wipes.", parameters }],
      }),
    );
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.url).toBe("https://api.openai.com/v1/chat/completions");
    expect(server.requests[0]?.headers.get("authorization")).toBe(`Bearer ${key}`);
    expect(server.requests[0]?.body).toEqual({
      model: "gpt-4o-mini",
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_completion_tokens: 9,
      tools: [{ type: "function", function: { name: "wipe", description: "Wipes.", parameters } }],
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "delete" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "wipe", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c1", content: "gone" },
        { role: "assistant", content: "done" },
      ],
    });
  });

  test("the env's key and base URL are used, and no list of tools is sent where there are none", async () => {
    const server = fakeChatServer(hello);
    const env = { OPENAI_API_KEY: ` ${key}\n`, OPENAI_BASE_URL: "https://gateway.test/v1/" };
    await new OpenAIChat({ id: "m", maxTokens: 5, fetch: server.fetch }).complete(request({ env }));
    expect(server.requests[0]?.url).toBe("https://gateway.test/v1/chat/completions");
    expect(server.requests[0]?.headers.get("authorization")).toBe(`Bearer ${key}`);
    expect(server.requests[0]?.body).toMatchObject({ max_tokens: 5 });
    expect(server.requests[0]?.body).not.toHaveProperty("tools");
  });

  test("options win over the env", async () => {
    const server = fakeChatServer(hello);
    const env = { OPENAI_API_KEY: "from-env", OPENAI_BASE_URL: "https://env.test/v1" };
    const options = {
      id: "m",
      apiKey: "from-code",
      baseURL: "https://code.test/v1",
      fetch: server.fetch,
    };
    await new OpenAIChat(options).complete(request({ env }));
    expect(server.requests[0]?.url).toBe("https://code.test/v1/chat/completions");
    expect(server.requests[0]?.headers.get("authorization")).toBe("Bearer from-code");
  });

  test("a base URL works without a key, on a loopback address too", async () => {
    const server = fakeChatServer(hello);
    const model = new OpenAIChat({
      id: "m",
      baseURL: "http://ollama.test/v1",
      fetch: server.fetch,
    });
    const reply = await model.complete(request({ local: true }));
    expect(reply.content).toBe("Hello");
    expect(server.requests[0]?.url).toBe("http://ollama.test/v1/chat/completions");
  });

  test.each([
    ["no key", undefined, /set OPENAI_API_KEY/],
    ["an empty key", { OPENAI_API_KEY: " " }, /set OPENAI_API_KEY/],
    ["a key that is no text", { OPENAI_API_KEY: 7 }, /must be text/],
    ["a key that no header can carry", { OPENAI_API_KEY: "a\nb" }, /characters/],
    ["a base URL that is none", { OPENAI_BASE_URL: "nowhere" }, /not a URL/],
  ])("%s is refused before anything is sent", async (_, env, message) => {
    const server = fakeChatServer(hello);
    const error = await failure(
      new OpenAIChat({ id: "m", fetch: server.fetch }).complete(request({ env })),
    );
    expect(error.code).toBe("model_refused");
    expect(error.message).toMatch(message);
    expect(server.requests).toHaveLength(0);
  });
});

describe("what comes back", () => {
  test("text is passed on as it arrives, and returned with the usage", async () => {
    const seen: string[] = [];
    const stream = () =>
      eventStream([
        chunk({ role: "assistant", content: "" }),
        ": thinking\n\n",
        chunk({ content: "Hel" }),
        chunk({ content: "lo" }),
        chunk({}, "stop"),
        usageChunk(12, 3),
        done,
      ]);
    const reply = await ask(stream, {}, { onText: (text) => seen.push(text) });
    expect(reply).toEqual({
      content: "Hello",
      toolCalls: [],
      usage: { inputTokens: 12, outputTokens: 3 },
    });
    expect(seen).toEqual(["Hel", "lo"]);
  });

  test("parallel calls are put together from interleaved pieces", async () => {
    const stream = () =>
      eventStream([
        chunk({ role: "assistant", content: null }),
        chunk(calls({ index: 0, id: "a", name: "wipe", arguments: "" })),
        chunk(
          calls(
            { index: 0, arguments: '{"id"' },
            { index: 1, id: "b", name: "read", arguments: '{"n":' },
          ),
        ),
        chunk(calls({ index: 1, arguments: "2}" }, { index: 0, arguments: ":1}" })),
        chunk({}, "tool_calls"),
        done,
      ]);
    expect((await ask(stream)).toolCalls).toEqual([
      { id: "a", name: "wipe", arguments: '{"id":1}' },
      { id: "b", name: "read", arguments: '{"n":2}' },
    ]);
  });

  test("a server that ignores `stream` and answers with one JSON object is understood", async () => {
    const whole = () =>
      Response.json({
        object: "chat.completion",
        choices: [
          {
            index: 0,
            message: {
              content: "ok\n",
              tool_calls: [{ id: "a", function: { name: "wipe", arguments: "{}" } }],
            },
            finish_reason: "tool_calls",
          },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 2 },
      });
    expect(await ask(whole)).toEqual({
      content: "ok\n",
      toolCalls: [{ id: "a", name: "wipe", arguments: "{}" }],
      usage: { inputTokens: 1, outputTokens: 2 },
    });
  });

  test("only the first choice counts", async () => {
    const choices = [
      { index: 0, delta: { content: "a" }, finish_reason: "stop" },
      { index: 1, delta: { content: "b" }, finish_reason: "stop" },
    ];
    expect((await ask(() => eventStream([{ choices }, done]))).content).toBe("a");
  });

  test("an error of the listener's own is passed on as it is", async () => {
    const broken = new TypeError("listener");
    const onText = () => {
      throw broken;
    };
    await expect(ask(hello, {}, { onText })).rejects.toBe(broken);
  });
});
