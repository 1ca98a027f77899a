import { afterEach, expect, test, vi } from "vitest";
import { OpenAIChat } from "../../src/models/openai.ts";
import { ask, failure, hello, key, request } from "./ask-openai.ts";
import { chunk, eventStream, fakeChatServer } from "./fake-chat-server.ts";

afterEach(() => vi.restoreAllMocks());

const idle = { idleTimeoutMs: 30 };

test("the stream stalls: the call ends after the idle limit", async () => {
  const seen: string[] = [];
  const stalled = () => eventStream([chunk({ content: "Hel" })], "stall");
  const error = await failure(ask(stalled, idle, { onText: (text) => seen.push(text) }));
  expect(error).toMatchObject({
    code: "model_unavailable",
    message: "The model sent nothing for 30 ms.",
  });
  expect(seen).toEqual(["Hel"]);
});

test("the server never answers, and does not listen to the signal", async () => {
  const fetch = () => new Promise<Response>(() => undefined);
  const model = new OpenAIChat({ id: "m", apiKey: key, fetch, ...idle });
  expect(await failure(model.complete(request()))).toMatchObject({ code: "model_unavailable" });
});

test("an answer that stalls before its error text ends too", async () => {
  const response = () => new Response(eventStream([], "stall").body, { status: 500 });
  expect(await failure(ask(response, idle))).toMatchObject({ code: "model_unavailable" });
});

test("a server that keeps sending is still stopped by the limit for the whole call", async () => {
  const signals: AbortSignal[] = [];
  const endless = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(new TextEncoder().encode(": still here\n\n"));
      },
    });
  const server = fakeChatServer((_, signal) => {
    signals.push(signal);
    return new Response(endless());
  });
  const model = new OpenAIChat({
    id: "m",
    apiKey: key,
    fetch: server.fetch,
    timeoutMs: 60,
    ...idle,
  });
  const error = await failure(model.complete(request()));
  expect(error.message).toBe("The model did not finish within 60 ms.");
  expect(signals[0]?.aborted).toBe(true);
});

test("the caller aborts in the middle of the stream", async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const stalled = () => eventStream([chunk({ content: "a" })], "stall");
  const onText = (text: string) => {
    seen.push(text);
    controller.abort();
  };
  const error = await failure(ask(stalled, {}, { signal: controller.signal, onText }));
  expect(error).toMatchObject({
    code: "model_unavailable",
    message: "The call to the model was aborted.",
  });
  expect(seen).toEqual(["a"]);
});

test("a caller that had already given up gets nothing sent", async () => {
  const server = fakeChatServer(hello);
  const model = new OpenAIChat({ id: "m", apiKey: key, fetch: server.fetch });
  const error = await failure(model.complete(request({ signal: AbortSignal.abort() })));
  expect(error.message).toBe("The call to the model was aborted.");
  expect(server.requests).toHaveLength(0);
});

test("no listener is left on the caller's signal", async () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  await ask(hello, {}, { signal });
  expect(added).toHaveBeenCalledTimes(1);
  expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2));
});

test("no timer is left behind, however the call ended", async () => {
  const open = new Set<unknown>();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms: number) => {
    const timer = set(() => {
      open.delete(timer);
      work();
    }, ms);
    open.add(timer);
    return timer;
  }) as unknown as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    open.delete(timer);
    clear(timer as number);
  });
  await ask(hello);
  await failure(ask(() => new Response(null, { status: 500 })));
  await failure(ask(() => eventStream([chunk({ content: "x" })], "break")));
  await failure(ask(() => eventStream([], "stall"), idle));
  expect(open.size).toBe(0);
});
