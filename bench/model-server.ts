import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A model that costs little: OpenAI's wire format, a call of the gated tool, and after its result a sentence. */

const call = answer([
  { role: "assistant", content: null },
  {
    tool_calls: [
      {
        index: 0,
        id: "call_1",
        type: "function",
        function: { name: "delete_user_data", arguments: "" },
      },
    ],
  },
  { tool_calls: [{ index: 0, function: { arguments: '{"user_id":' } }] },
  { tool_calls: [{ index: 0, function: { arguments: '"u-42"}' } }] },
]);
const words = "All data for user u-42 has been deleted.".split(/(?<= )/);
const end = answer([{ role: "assistant", content: "" }, ...words.map((content) => ({ content }))]);
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(body.includes('"role":"tool"') ? end : call);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.once("disconnect", () => process.exit());

function answer(deltas: object[]): string {
  const reason = deltas.some((delta) => "tool_calls" in delta) ? "tool_calls" : "stop";
  const chunks = [
    ...deltas.map((delta) => choice(delta, null)),
    choice({}, reason),
    {
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    },
  ];
  const lines = chunks.map(
    (chunk) =>
      `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini", ...chunk })}\n\n`,
  );
  return `${lines.join("")}data: [DONE]\n\n`;
}

function choice(delta: object, finish_reason: string | null): object {
  return { choices: [{ index: 0, delta, finish_reason }] };
}
