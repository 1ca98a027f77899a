import { chunk, done, usageChunk } from "../models/fake-chat-server.ts";
import type { Conductor } from "./conductor.ts";
import type { Handler } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import type { RunPlan, Turn } from "./plans.ts";
import type { Random } from "./random.ts";
import { sleep } from "./runtime.ts";

/** One request to the model. */
export interface Asked {
  n: number;
  /** From 0: the turn of the plan. */
  step: number;
  atMs: number;
}

interface Message {
  role: string;
  content: string | null;
}

/** OpenAI's wire format, answering every request by the plan of the run that its first message names. */
export function modelServer(
  planOf: (message: string) => RunPlan | undefined,
  { conductor, ledger, random }: { conductor: Conductor; ledger: Ledger; random: Random },
): { handler: Handler; asked: Asked[] } {
  const asked: Asked[] = [];
  const heard = new Map<string, string>();
  const handler: Handler = async ({ body, isDead, response }) => {
    const { messages } = body as { messages: Message[] };
    const plan = planOf(messages.find(({ role }) => role === "user")?.content ?? "");
    if (plan === undefined) throw new Error("The model was asked about a run that nobody planned.");
    const step = messages.filter(({ role }) => role === "assistant").length;
    const turn = plan.turns[step];
    ledger.check("a run never asks the model beyond its end", turn !== undefined, () => {
      return `run ${plan.n} asks for turn ${step}`;
    });
    if (turn === undefined) throw new Error(`Run ${plan.n} has no turn ${step}.`);
    const mark = `ask ${plan.n} ${step}`;
    const question = JSON.stringify(messages);
    const before = heard.get(mark);
    ledger.check(
      "a repeated question to the model is the same question",
      before === undefined || before === question,
      () => `${mark}: ${before} became ${question}`,
    );
    heard.set(mark, question);
    asked.push({ n: plan.n, step, atMs: performance.now() });
    conductor.confirm(mark);

    const pieces = say(turn);
    const cut = random.chance(0.5) ? 0 : random.int(0, pieces.length - 1);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces.slice(0, cut)) response.write(piece);
    await conductor.reach("model asked, no answer");
    await sleep(random.chance(0.1) ? random.int(50, 300) : random.int(0, 15));
    if (isDead()) return;
    if (random.chance(0.02)) {
      response.destroy();
      return;
    }
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
