import type { Fetch } from "../../src/models/watched-fetch.ts";

interface SentRequest {
  url: string;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A chat completions server in the shape of a fetch: answers every request with what `respond` returns, and keeps it. */
export function fakeChatServer(
  respond: (request: SentRequest, signal: AbortSignal) => Response | Promise<Response>,
) {
  const requests: SentRequest[] = [];
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const sent = {
      url: request.url,
      headers: request.headers,
      body: await request.json<Record<string, unknown>>(),
    };
    requests.push(sent);
    return respond(sent, init?.signal ?? request.signal);
  };
  return { fetch, requests };
}

/** The events of a stream, each its own piece of the body; `after` says how the body goes on from there. */
export function eventStream(events: unknown[], after: "end" | "stall" | "break" = "end"): Response {
  const encoder = new TextEncoder();
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next < events.length) {
        const event = events[next++];
        const data = typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`;
        controller.enqueue(encoder.encode(data));
        return undefined;
      }
      if (after === "end") controller.close();
      if (after === "break") controller.error(new Error("Network connection lost."));
      return after === "stall" ? new Promise(() => undefined) : undefined;
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export const done = "data: [DONE]\n\n";

export function chunk(delta: object, finishReason: string | null = null): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt-4o-mini",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
  };
}

export function usageChunk(promptTokens: number, completionTokens: number): object {
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt-4o-mini",
    choices: [],
    usage,
  };
}

/** A delta with pieces of tool calls. */
export function calls(
  ...pieces: { index?: number; id?: string; name?: string; arguments?: string }[]
): object {
  return {
    content: null,
    tool_calls: pieces.map(({ index, id, name, arguments: text }) => ({
      ...(index !== undefined && { index }),
      ...(id !== undefined && { id }),
      type: "function",
      function: {
        ...(name !== undefined && { name }),
        ...(text !== undefined && { arguments: text }),
      },
    })),
  };
}
