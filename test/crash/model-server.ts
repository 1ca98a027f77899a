import { chunk, done, usageChunk } from "../models/fake-chat-server.ts";
import type { Conductor } from "./conductor.ts";
import type { Faults } from "./faults.ts";
import type { Handler } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { checkAnswers } from "./check-told.ts";
import type { Turn } from "./plans.ts";
import type { Random } from "./random.ts";
import type { Runs } from "./runs.ts";
import { sleep } from "./runtime.ts";
import type { Watch } from "./watch.ts";
import { sentHeader } from "./wire.ts";

const modelFaults = [
  "cut its stream",
  "stalled, then reset",
  "answered 500",
  "answered 429",
] as const;
/** Below the number at which a run ends in error. */
const maxFaults = 3;

/** One request to the model. */
export interface Asked {
  /** The message of the run that asks. */
  run: string;
  /** From 0: the turn of the plan. */
  step: number;
  sentMs: number;
}

export interface Message {
  role: string;
  content: string | null;
  tool_call_id?: string;
}

/** OpenAI's wire format, answering every request by the plan of the run that its first message names. */
export function modelServer({
  conductor,
  faults,
  ledger,
  random,
  runs,
  watch,
}: {
  conductor: Conductor;
  faults: Faults;
  ledger: Ledger;
  random: Random;
  runs: Runs;
  watch: Watch;
}): { handler: Handler; asked: Asked[] } {
  const asked: Asked[] = [];
  const heard = new Map<string, string>();
  const failed = new Map<string, number>();
  /** What this answer comes to instead; never so often at one step that the run would be given up. */
  const faultAt = (mark: string): (typeof modelFaults)[number] | null => {
    const before = failed.get(mark) ?? 0;
    if (before >= maxFaults || !random.chance(before === 0 ? 0.05 : 0.25)) return null;
    failed.set(mark, before + 1);
    return random.pick(modelFaults);
  };
  const handler: Handler = async ({ body, headers, isDead, response }) => {
    const { messages } = body as { messages: Message[] };
    const plan = runs.planOf(messages.find(({ role }) => role === "user")?.content ?? "");
    if (plan === undefined) throw new Error("The model was asked about a run that nobody planned.");
    const step = messages.filter(({ role }) => role === "assistant").length;
    const turn = plan.turns[step];
    ledger.check("a run never asks the model beyond its end", turn !== undefined, () => {
      return `${plan.message} asks for turn ${step}`;
    });
    if (turn === undefined) throw new Error(`There is no turn ${step} of ${plan.message}.`);
    const mark = `ask ${step} of ${plan.message}`;
    const question = JSON.stringify(messages);
    const before = heard.get(mark);
    ledger.check(
      "a repeated question to the model is the same question",
      before === undefined || before === question,
      () => `${mark}: ${before} became ${question}`,
    );
    heard.set(mark, question);
    checkAnswers(plan, messages, ledger);
    asked.push({ run: plan.message, step, sentMs: Number(headers[sentHeader]) });
    conductor.confirm(mark);
    watch.heard(plan.message);
    if (step === 0 && runs.isUnanswered(plan))
      await conductor.reach("start stored, starter not told");

    const fault = faultAt(mark);
    if (fault !== null) faults.note(`model ${fault}`);
    if (fault === "answered 500") return void response.writeHead(500).end();
    if (fault === "answered 429") {
      const headers = { "retry-after-ms": String(random.int(1, 2_000)) };
      return void response.writeHead(429, headers).end();
    }
    const pieces = say(turn);
    const cut = fault === null && random.chance(0.5) ? 0 : random.int(0, pieces.length - 1);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces.slice(0, cut)) response.write(piece);
    await conductor.reach("model asked, no answer");
    if (fault === "stalled, then reset") await sleep(random.int(300, 2_000));
    else await sleep(random.chance(0.1) ? random.int(50, 300) : random.int(0, 15));
    if (isDead()) return;
    if (fault !== null) return void response.destroy();
    response.end(pieces.slice(cut).join(""));
    await conductor.reach("model answered, step not stored", {
      mark,
      delayMs: random.pick(delaysMs),
    });
  };
  return { handler, asked };
}

/** Mostly before the answer can have been stored, sometimes in the middle of storing it. */
export const delaysMs = [0, 0, 0, 1, 2, 4];

function say({ calls, text }: Turn): string[] {
  const events: unknown[] = [chunk({ role: "assistant", content: "" })];
  for (const word of text.split(/(?<= )/)) if (word !== "") events.push(chunk({ content: word }));
  for (const [index, { args, id, name }] of calls.entries()) {
    const written = JSON.stringify(args);
    const half = Math.floor(written.length / 2);
    const first = { id, type: "function", function: { name, arguments: written.slice(0, half) } };
    events.push(chunk({ tool_calls: [{ index, ...first }] }));
    events.push(chunk({ tool_calls: [{ index, function: { arguments: written.slice(half) } }] }));
  }
  events.push(chunk({}, calls.length > 0 ? "tool_calls" : "stop"), usageChunk(10, 5), done);
  return events.map((event) =>
    typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`,
  );
}
