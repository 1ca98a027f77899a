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

/** The agents and teams of the Worker under test: a team by its members, of which some are teams again. */
export const agentIds = ["clerk", "auditor"];
export const teams: Record<string, string[]> = {
  crew: ["clerk", "auditor", "middle"],
  middle: ["clerk", "inner"],
  inner: ["clerk", "auditor"],
};

/** Those that a webhook of their own starts, of the same id. */
export const webhookIds = [...agentIds, "crew", "middle"];

/** When an event is delivered once more, though its sender delivers it until it is acknowledged. */
const redeliveries = ["at once", "meanwhile", "after a kill", "once it has ended"] as const;
export type Redelivery = (typeof redeliveries)[number];

export interface PlannedCall {
  id: string;
  name: string;
  /** `ref` stands for this one call of this one run. */
  args: { ref: string; amount: number } | { member_id: string; task: string };
  /** What a member does with the task that the call hands it; null for the call of a tool. */
  member: RunPlan | null;
}

/** What the model says at one step. */
export interface Turn {
  text: string;
  calls: PlannedCall[];
}

/** One run as it shall go, with those of its members, known before it starts. */
export interface RunPlan {
  /** The agent or the team whose run it is. */
  agentId: string;
  /** What it is started with; no other run is. */
  message: string;
  turns: Turn[];
  /** When it is cancelled, if it is; a team's from when it has a member on, and a member's from its start. */
  cancelAfterMs: number | null;
}

/** A run that somebody starts. */
export interface RootPlan extends RunPlan {
  userId: string;
  idempotencyKey: string;
  /** `webhook`: by an event, which the key is the id of. */
  start: "background" | "wait" | "stream" | "webhook";
  /** Started by two requests at once, as by a client that does not wait for its answer. */
  isDoubled: boolean;
  /** Where it is an event that starts it. */
  redeliveries: Redelivery[];
}

/** The plan of the n-th run: an agent's, or, three times in ten, a team's. */
export function planOf(seed: number, n: number): RootPlan {
  const random = randomOf(seed * 1_000_003 + n);
  const isLed = random.chance(0.3);
  const plan = isLed
    ? ledPlan(random, random.pick(["crew", "crew", "middle"]), String(n))
    : soloPlan(random, String(n));
  const cancelled = isLed ? { share: 0.3, maxMs: 2_000 } : { share: 0.07, maxMs: 4_000 };
  return {
    ...plan,
    userId: `user-${n}`,
    idempotencyKey: `${seed}-${n}`,
    start: random.pick(["background", "background", "wait", "stream", "webhook", "webhook"]),
    isDoubled: random.chance(0.15),
    cancelAfterMs: random.chance(cancelled.share) ? random.int(0, cancelled.maxMs) : null,
    redeliveries: Array.from({ length: random.int(0, 3) }, () => random.pick(redeliveries)),
  };
}

/** Where a run is read and cancelled. */
export function pathOf({ agentId }: RunPlan): string {
  return `/${isTeam(agentId) ? "teams" : "agents"}/${agentId}/runs`;
}

export function isTeam(agentId: string): boolean {
  return teams[agentId] !== undefined;
}

/** A look-up, one to three gated calls, sometimes a second gated turn, and a last word. */
function soloPlan(random: Random, name: string): RunPlan {
  const { add, plan } = writing(random, name, random.pick(agentIds));
  if (random.chance(0.6)) add("look_up", ...(random.chance(0.4) ? ["notify"] : []));
  add(...gated(random, random.int(1, 3)), ...(random.chance(0.2) ? ["look_up"] : []));
  if (random.chance(0.35)) add(...gated(random, random.int(1, 2)));
  return plan();
}

/** One to three tasks at once, sometimes beside gated calls of the leader's own, sometimes another turn, and a last word. */
function ledPlan(random: Random, team: string, name: string): RunPlan {
  const { add, plan } = writing(random, name, team);
  const members = (max: number): string[] =>
    Array.from({ length: random.int(1, max) }, () => random.pick(teams[team] ?? []));
  if (random.chance(0.2)) add("look_up");
  add(...members(3), ...(random.chance(0.35) ? gated(random, 1) : []));
  if (random.chance(0.2)) add(...(random.chance(0.5) ? members(1) : gated(random, 1)));
  return plan();
}

/** What a member does: less than who works alone, because its team does the rest. */
function memberPlan(random: Random, agentId: string, name: string): RunPlan {
  if (isTeam(agentId)) return ledPlan(random, agentId, name);
  const { add, plan } = writing(random, name, agentId);
  if (random.chance(0.3)) add("look_up");
  if (random.chance(0.85)) add(...gated(random, random.int(1, 2)));
  return { ...plan(), cancelAfterMs: random.chance(0.04) ? random.int(0, 2_000) : null };
}

/** Writes a plan turn by turn; a member's name among those of tools hands it a task. */
function writing(random: Random, name: string, agentId: string) {
  const turns: Turn[] = [];
  const add = (...names: string[]): void => {
    const t = turns.length;
    const calls = names.map((called, i): PlannedCall => {
      const id = `call_${name}_${t}_${i}`;
      if (toolKinds[called] !== undefined) {
        const args = { ref: `${name}-${t}-${i}`, amount: random.int(1, 9999) / 100 };
        return { id, name: called, args, member: null };
      }
      const member = memberPlan(random, called, `${name}/${t}.${i}`);
      const args = { member_id: called, task: member.message };
      return { id, name: "delegate_task_to_member", args, member };
    });
    turns.push({ text: random.chance(0.5) ? `Turn ${t} of run ${name}. ` : "", calls });
  };
  const plan = (): RunPlan => {
    turns.push({ text: `Run ${name} is done.`, calls: [] });
    return { agentId, message: `run ${name}`, turns, cancelAfterMs: null };
  };
  return { add, plan };
}

function gated(random: Random, count: number): string[] {
  const names = ["pay", "pay", "set_flag", "set_flag", "ship", "ship", "ship", "bid"];
  return Array.from({ length: count }, () => random.pick(names));
}
