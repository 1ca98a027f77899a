import { type Answer, type Asked, listen } from "./listen.ts";

export interface Message {
  role: string;
  content: string | null;
}

/** What the model says to a conversation: a call, or a text. */
export type Reply = { name: string; arguments: object } | string;

/** A server of chat completions, as OpenAI streams them, whose answers are written beforehand. */
export class FakeModel {
  /** The conversation as it was shown last. */
  shown: readonly Message[] = [];
  readonly #reply: (messages: readonly Message[]) => Reply;

  constructor(reply: (messages: readonly Message[]) => Reply) {
    this.#reply = reply;
  }

  /** Serves it; answers the URL up to its `/v1`. */
  async start(): Promise<string> {
    return `${await listen((asked) => this.#answer(asked))}/v1`;
  }

  #answer({ body, method, path }: Asked): Answer {
    if (method !== "POST" || path !== "/v1/chat/completions") return { status: 404 };
    const { messages, model } = JSON.parse(body) as { messages: Message[]; model: string };
    this.shown = messages;
    const chunks = chunksOf(this.#reply(messages), messages.length).map((chunk) => ({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1_795_644_390,
      model,
      ...chunk,
    }));
    const lines = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
    return {
      body: lines.map((line) => `data: ${line}\n\n`).join(""),
      contentType: "text/event-stream",
    };
  }
}

function chunksOf(said: Reply, turn: number): object[] {
  const choice = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  });
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const end = { choices: [], usage };
  const role = "assistant";
  if (typeof said === "string")
    return [choice({ role, content: "" }), choice({ content: said }), choice({}, "stop"), end];
  const { arguments: args, name } = said;
  const call = {
    index: 0,
    id: `call_${turn}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  };
  return [
    choice({ role, content: null }),
    choice({ tool_calls: [call] }),
    choice({}, "tool_calls"),
    end,
  ];
}
