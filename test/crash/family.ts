import { newRunId } from "../../src/run/ids.ts";
import type { RootPlan, RunPlan } from "./plans.ts";

/** A run that was accepted, or one that a member of its team shall do. */
export interface StartedRun {
  id: string;
  plan: RunPlan;
  /** Who asked for the run, or for the one at the top of its team. */
  userId: string;
  /** The run of the team that hands it its task; null at the top. */
  parent: StartedRun | null;
  /** The runs of its members, by the ids of the calls that hand them their tasks. */
  members: ReadonlyMap<string, StartedRun>;
  acceptedMs: number;
  /** When its cancellation was acknowledged; null where nobody asked for that. */
  cancelledMs: number | null;
}

/** An accepted run with all that its members shall do; where a member works follows from the call that hands it its task. */
export function grow(id: string, plan: RootPlan): StartedRun {
  const facts = { userId: plan.userId, acceptedMs: performance.now(), cancelledMs: null };
  const place = (runId: string, one: RunPlan, parent: StartedRun | null): StartedRun => {
    const members = new Map<string, StartedRun>();
    const run: StartedRun = { ...facts, id: runId, plan: one, parent, members };
    for (const [t, { calls }] of one.turns.entries()) {
      for (const [i, { member }] of calls.entries()) {
        const callId = `${runId}.${t + 1}.${i}`;
        if (member !== null) members.set(callId, place(newRunId(`member\n${callId}`), member, run));
      }
    }
    return run;
  };
  return place(id, plan, null);
}

/** The run and those of its members, and of theirs. */
export function familyOf(run: StartedRun): StartedRun[] {
  return [run, ...[...run.members.values()].flatMap((member) => familyOf(member))];
}

/** The run and those above it, up to the one at the top. */
export function lineOf(run: StartedRun): StartedRun[] {
  return run.parent === null ? [run] : [run, ...lineOf(run.parent)];
}

/** The run at the top, itself where it has no team above it. */
export function topOf(run: StartedRun): StartedRun {
  return lineOf(run).at(-1) ?? run;
}

/** The plan, and those of its members, and of theirs. */
export function plansIn(plan: RunPlan): RunPlan[] {
  const members = plan.turns.flatMap(({ calls }) => calls.flatMap(({ member }) => member ?? []));
  return [plan, ...members.flatMap((member) => plansIn(member))];
}
