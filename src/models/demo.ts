import { z } from "zod";
import { demoAnswer, type DemoAnswer } from "./demo/answer.ts";
import { jsonSchemaShape } from "./demo/schema.ts";

/**
 * An offline stand-in for a chat completions server, so that a first run needs no key and no network. It is a fetch that
 * answers `POST …/chat/completions` in OpenAI's wire format, streamed or whole, and it is no language model: the same
 * request always gets the same reply, by these rules.
 *
 * 1. It reads the last user message only. Where tool messages follow that, it says what each tool returned (a rejection
 *    with its note), and is done: one round of calls per user message.
 * 2. Otherwise it cuts the message at sentences, "and", "then", "also" and ";", and gives each part the tool that shares
 *    the most words with it: 3 points for a word of the tool's name, 1 for a word of its description. Endings do not count
 *    (delete, deleted, deletion), nor do quotes and words such as "the". A part that fits no tool belongs to the one
 *    before it.
 * 3. Arguments come from the part's text, by the tool's JSON schema; the first that is there counts:
 *    - `name=value` or `name: value`;
 *    - a word after the property's own: "user 42", "user ann" for `user_id`, "from acc-1" for `from_account`;
 *    - by type: an email, date or URL; a word of an enum; true for a boolean whose word is there, false after "no" or
 *      "without"; the next number; for an id the next token with a digit, "-", "_" or "@"; for text the next quote;
 *    - only where it is required: a name after "for", "of" or the like ("for Ann", "in Paris"), and the part's whole text
 *      for what is named like free text (message, task, query, reason, …).
 *    An array takes all there are. What is still required is looked for in the whole message; what is not stays out.
 * 4. A tool that needs one text alone is called once for each: "users u-1, u-2 and u-3" are three calls.
 * 5. A call that lacks a required argument is not made; where that leaves none, it asks for the argument. Where no tool
 *    fits, it says which tools it has.
 * 6. It leads a team by a tool named `delegate_task_to_member`, whose description has a line for each member, such as
 *    "- clerk (Clerk): Files papers. Tools: file_paper, find_paper". A line is chosen as a tool is: 3 points for a word of
 *    the id, the name or the tools, 1 for a word of the description; among equals a member comes before a tool. The
 *    member's task is that part of the message as it stands, together with the parts next to it that are the member's
 *    too. Then it says what each member answered.
 *
 * Every text begins with "[demo model]". Rejects with the signal's reason where that is aborted.
 */
export async function demoFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  if (request.method !== "POST" || !new URL(request.url).pathname.endsWith("/chat/completions")) {
    return failure(404, "The demo model only answers POST /chat/completions.");
  }
  const parsed = requestShape.safeParse(await request.json().catch(() => undefined));
  if (!parsed.success) return failure(400, "The demo model could not read the request.");
  const { model, messages, tools, stream, stream_options: options } = parsed.data;

  const answer = demoAnswer(
    messages,
    (tools ?? []).map((tool) => tool.function),
  );
  const head = { id: "chatcmpl-demo", created: 0, model };
  const usage = usageOf(JSON.stringify(messages), answer);
  return stream === true
    ? new Response(
        eventStream(chunksOf(head, answer, options?.include_usage === true ? usage : undefined)),
        {
          headers: { "content-type": "text/event-stream" },
        },
      )
    : Response.json(completionOf(head, answer, usage));
}

const textShape = z.union([
  z.string(),
  z
    .array(z.object({ text: z.string().default("") }))
    .transform((parts) => parts.map((part) => part.text).join(" ")),
]);

const requestShape = z.object({
  model: z.string(),
  messages: z.array(
    z.object({
      role: z.string(),
      content: textShape.nullish().transform((text) => text ?? ""),
      tool_call_id: z.string().optional(),
      tool_calls: z
        .array(
          z.object({
            id: z.string(),
            function: z.object({ name: z.string(), arguments: z.string().default("") }),
          }),
        )
        .nullish(),
    }),
  ),
  tools: z
    .array(
      z.object({
        function: z.object({
          name: z.string(),
          description: z.string().default(""),
          parameters: jsonSchemaShape.default({}),
        }),
      }),
    )
    .nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
});

type Head = { id: string; created: number; model: string };
type Usage = ReturnType<typeof usageOf>;

function* chunksOf(head: Head, answer: DemoAnswer, usage: Usage | undefined) {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(usage && { usage: null }),
  });
  const { content, calls } = answer;
  yield chunk({ role: "assistant", content: calls.length > 0 ? null : "" });
  for (const word of content.match(/\s*\S+\s*$|\s*\S+/g) ?? []) yield chunk({ content: word });
  for (const [index, call] of calls.entries()) {
    const named = {
      index,
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: "" },
    };
    yield chunk({ tool_calls: [named] });
    for (const piece of call.arguments.match(/.{1,8}/gsu) ?? []) {
      yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  yield chunk({}, finishReasonOf(answer));
  if (usage) yield { ...head, object: "chat.completion.chunk", choices: [], usage };
}

function completionOf(head: Head, answer: DemoAnswer, usage: Usage) {
  const calls = answer.calls.map(({ id, name, arguments: text }) => ({
    id,
    type: "function",
    function: { name, arguments: text },
  }));
  const message = {
    role: "assistant",
    content: calls.length > 0 ? null : answer.content,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReasonOf(answer) };
  return { ...head, object: "chat.completion", choices: [choice], usage };
}

function finishReasonOf(answer: DemoAnswer): string {
  return answer.calls.length > 0 ? "tool_calls" : "stop";
}

/** Tokens, taken to be four characters each. */
function usageOf(prompt: string, answer: DemoAnswer) {
  const prompt_tokens = Math.ceil(prompt.length / 4);
  const completion_tokens = Math.ceil(
    (answer.content.length + JSON.stringify(answer.calls).length) / 4,
  );
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function eventStream(chunks: Iterator<object>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = chunks.next();
      controller.enqueue(
        encoder.encode(`data: ${next.done ? "[DONE]" : JSON.stringify(next.value)}\n\n`),
      );
      if (next.done) controller.close();
    },
  });
}

function failure(status: number, message: string): Response {
  return Response.json(
    { error: { message, type: "invalid_request_error", param: null, code: null } },
    { status },
  );
}
