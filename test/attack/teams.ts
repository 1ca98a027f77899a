import { ask, get, pending, resolve } from "../client.ts";
import { effects, faults, type Line, script } from "../world.ts";
import type { RunView } from "../../src/run/view.ts";
import { RunObject } from "../../src/run/run.ts";
import { expect } from "vitest";

export const deletion = (user_id: string) => ({ name: "delete_user_data", args: { user_id } });

export const rename = (user_id: string, id?: string) => ({
  name: "rename",
  args: { user_id, name: "n" },
  ...(id !== undefined && { id }),
});

export const look = { calls: [{ name: "look_up", args: { user_id: "u" } }] };

/** What was done beside looking somebody up. */
export const deeds = () => effects.filter(({ tool }) => tool !== "look_up");

/** The run of the member that the team's n-th call was handed to. */
export function memberRun(run: RunView, n = 0): string {
  return run.tools[n]?.child_run_id ?? "";
}

export async function continueTeam(runId: string, requirements: unknown[]): Promise<Response> {
  return ask("POST", `/teams/crew/runs/${runId}/continue`, { requirements, stream: false });
}

export async function team(runId: string): Promise<RunView> {
  return get<RunView>(`/teams/crew/runs/${runId}`);
}

export async function reject(runId: string): Promise<void> {
  const { id } = await pending(runId);
  const { status } = await resolve(id, { status: "rejected" });
  expect(status).toBe(200);
}

/** Keeps whoever looks somebody up at it until it is let go. */
export function hold(): () => void {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  faults.afterEffect = async (tool) => (tool === "look_up" ? promise : undefined);
  return release;
}

/** A run of the crew that nobody waits for. */
export async function begin(...lines: Line[]): Promise<string> {
  const message = script(...lines);
  const begun = await ask("POST", "/teams/crew/runs", { message, background: true });
  return (await begun.json<{ run_id: string }>()).run_id;
}

/** What a run's object does when it is asked this, to be done by whoever stands in its place. */
export function original(
  method: "join" | "hear" | "turnedDown",
): (this: RunObject, message: unknown) => Promise<never> {
  return Reflect.get(RunObject.prototype, method) as never;
}
