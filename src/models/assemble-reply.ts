import { z } from "zod";
import { KernError } from "../errors.ts";
import type { ModelReply } from "./model.ts";
import { joinToolCalls } from "./tool-call-pieces.ts";

/**
 * Puts a reply together from the chunks of one chat completion; `onText` is called with every piece of text. Forgiving
 * about what OpenAI-compatible servers leave out, strict about what a call would be made of.
 *
 * `add` and `end` throw `model_unavailable` for a chunk that is none and for a stream without a finish reason, and
 * `model_refused` where the reply ends early with calls in it (their arguments may be cut) or with nothing at all.
 */
export function assembleReply(onText: (text: string) => void) {
  const calls = joinToolCalls();
  let content = "";
  let finishReason = "";
  let usage: ModelReply["usage"] = null;

  return {
    add(data: unknown): void {
      const parsed = chunkShape.safeParse(data);
      if (!parsed.success)
        throw new KernError("model_unavailable", "The model server sent a malformed chunk.");
      const chunk = parsed.data;
      if (chunk.usage) {
        usage = {
          inputTokens: chunk.usage.prompt_tokens ?? 0,
          outputTokens: chunk.usage.completion_tokens ?? 0,
        };
      }
      for (const choice of chunk.choices ?? []) {
        if ((choice.index ?? 0) !== 0) continue;
        finishReason = choice.finish_reason || finishReason;
        const delta = choice.delta ?? choice.message;
        const text = delta?.content || delta?.refusal || "";
        if (text !== "") {
          content += text;
          onText(text);
        }
        for (const call of delta?.tool_calls ?? []) {
          calls.add({
            index: call.index ?? null,
            id: call.id ?? "",
            name: call.function?.name ?? "",
            arguments: call.function?.arguments ?? "",
          });
        }
      }
    },

    end(): ModelReply {
      const toolCalls = calls.joined();
      if (finishReason === "" || finishReason === "error") {
        throw new KernError("model_unavailable", "The model's reply was cut off before its end.");
      }
      const early = endedEarly[finishReason];
      if (early !== undefined && (toolCalls.length > 0 || content === ""))
        throw new KernError("model_refused", early);
      if (toolCalls.some((call) => call.name === "")) {
        throw new KernError(
          "model_unavailable",
          "The model server sent a tool call without a name.",
        );
      }
      return { content, toolCalls, usage };
    },
  };
}

const endedEarly: Record<string, string | undefined> = {
  length:
    "The model ran out of tokens before it had answered; raise maxTokens, or ask for less at once.",
  content_filter: "The model server's content filter stopped the reply.",
};

const contentShape = z.union([
  z.string(),
  z
    .array(z.object({ text: z.string().optional() }))
    .transform((parts) => parts.map((part) => part.text ?? "").join("")),
]);

const callShape = z.object({
  index: z.number().int().nullish(),
  id: z.union([z.string(), z.number().transform(String)]).nullish(),
  function: z
    .object({
      name: z.string().nullish(),
      arguments: z
        .union([
          z.string(),
          z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value)),
        ])
        .nullish(),
    })
    .nullish(),
});

const deltaShape = z.object({
  content: contentShape.nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(callShape).nullish(),
});

const chunkShape = z.object({
  choices: z
    .array(
      z.object({
        index: z.number().nullish(),
        delta: deltaShape.nullish(),
        message: deltaShape.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() })
    .nullish(),
});
