import type { ApprovalState, CallState } from "../../../src/run/state.ts";
import { checks } from "./invariants.ts";
import { Simulation } from "./simulation.ts";

type Asked = [name: string, args?: unknown, id?: string | null];

/** A run whose model has asked for these calls, with the invariants watched. */
export function runThatAsks(...calls: Asked[]): Simulation {
  const simulation = new Simulation(checks);
  asks(simulation, ...calls);
  return simulation;
}

/** The model asks for more. */
export function asks(simulation: Simulation, ...calls: Asked[]): void {
  const toolCalls = calls.map(([name, args = { n: 1 }, id = null]) => {
    return { id, name, arguments: typeof args === "string" ? args : JSON.stringify(args) };
  });
  simulation.reply({ content: "Let me see.", toolCalls, usage: null });
}

/** The calls of the last step. */
export function calls({ state }: Simulation): CallState[] {
  const last = state.steps.findLast(({ phase }) => phase === "done");
  return [...state.calls.values()].filter(({ step }) => step === last?.n);
}

export function call(simulation: Simulation, at = 0): CallState {
  const found = calls(simulation)[at];
  if (found === undefined) throw new Error(`The last step has no call ${at}.`);
  return found;
}

export function approvals({ state }: Simulation): ApprovalState[] {
  return [...state.approvals.values()];
}

/** Ann decides about the run's n-th approval; the last one, where none is named. */
export function decide(
  simulation: Simulation,
  status: "approved" | "rejected",
  data: Record<string, unknown> | null = null,
  at = -1,
): string {
  const approval = approvals(simulation).at(at);
  if (approval === undefined) throw new Error(`There is no approval ${at}.`);
  const ann = { principal: "user:ann", shared: false, claim: null };
  return simulation.decide(approval.id, { status, data }, ann);
}

/** The text that the model is told of each call of the last step. */
export function told(simulation: Simulation): (string | null)[] {
  return calls(simulation).map(({ result }) => result);
}
