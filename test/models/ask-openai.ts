import { KernError } from "../../src/errors.ts";
import type { ModelRequest } from "../../src/models/model.ts";
import { OpenAIChat, type OpenAIChatOptions } from "../../src/models/openai.ts";
import { chunk, done, eventStream, fakeChatServer } from "./fake-chat-server.ts";

export const key = "sk-test-0123456789abcdef";

export function request(changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [{ role: "user", content: "hi" }],
    tools: [],
    env: {},
    local: false,
    signal: new AbortController().signal,
    onText: () => undefined,
    ...changes,
  };
}

/** Asks a server that answers every request with this response. */
export function ask(
  response: () => Response,
  options: Partial<OpenAIChatOptions> = {},
  changes: Partial<ModelRequest> = {},
) {
  const model = new OpenAIChat({
    id: "gpt-4o-mini",
    apiKey: key,
    fetch: fakeChatServer(response).fetch,
    ...options,
  });
  return model.complete(request(changes));
}

/** What the work failed with; anything but a KernError fails the test. */
export async function failure(work: Promise<unknown>): Promise<KernError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof KernError))
    throw new Error(`expected a KernError, got ${String(thrown)}`);
  return thrown;
}

export const hello = () =>
  eventStream([chunk({ role: "assistant", content: "Hello" }), chunk({}, "stop"), done]);
