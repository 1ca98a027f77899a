import { type Random, randomOf } from "./random.ts";

export type Kind = "once" | "idempotent" | "verifiable";

/** The tools of the Worker under test. */
export const toolKinds: Record<string, { kind: Kind; gated: boolean }> = {
  pay: { kind: "once", gated: true },
  bid: { kind: "once", gated: true },
  set_flag: { kind: "idempotent", gated: true },
  ship: { kind: "verifiable", gated: true },
  look_up: { kind: "idempotent", gated: false },
  notify: { kind: "once", gated: false },
};

export interface PlannedCall {
  id: string;
  name: string;
  /** `ref` stands for this one call of this one run. */
  args: { ref: string; amount: number };
}

/** What the model says at one step. */
export interface Turn {
  text: string;
  calls: PlannedCall[];
}

/** One run as it shall go, known before it starts. */
export interface RunPlan {
  n: number;
  agentId: string;
  message: string;
  idempotencyKey: string;
  turns: Turn[];
  start: "background" | "wait" | "stream";
  /** Started by two requests at once, as by a client that does not wait for its answer. */
  isDoubled: boolean;
  /** When it is cancelled, if it is. */
  cancelAfterMs: number | null;
}

/** The plan of the n-th run: a look-up, one to three gated calls, sometimes a second gated turn, and a last word. */
export function planOf(seed: number, n: number): RunPlan {
  const random = randomOf(seed * 1_000_003 + n);
  const turns: Turn[] = [];
  const add = (...names: string[]): void => {
    const t = turns.length;
    const calls = names.map((name, i): PlannedCall => {
      const args = { ref: `${n}-${t}-${i}`, amount: random.int(1, 9999) / 100 };
      return { id: `call_${n}_${t}_${i}`, name, args };
    });
    turns.push({ text: random.chance(0.5) ? `Turn ${t} of run ${n}. ` : "", calls });
  };
  if (random.chance(0.6)) add("look_up", ...(random.chance(0.4) ? ["notify"] : []));
  add(...gated(random, random.int(1, 3)), ...(random.chance(0.2) ? ["look_up"] : []));
  if (random.chance(0.35)) add(...gated(random, random.int(1, 2)));
  turns.push({ text: `Run ${n} is done.`, calls: [] });
  return {
    n,
    agentId: random.pick(["clerk", "auditor"]),
    message: `run ${n}`,
    idempotencyKey: `${seed}-${n}`,
    turns,
    start: random.pick(["background", "background", "wait", "stream"]),
    isDoubled: random.chance(0.15),
    cancelAfterMs: random.chance(0.07) ? random.int(0, 4000) : null,
  };
}

function gated(random: Random, count: number): string[] {
  const names = ["pay", "pay", "set_flag", "set_flag", "ship", "ship", "ship", "bid"];
  return Array.from({ length: count }, () => random.pick(names));
}
