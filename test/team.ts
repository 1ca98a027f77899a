import type { RunView } from "../src/run/view.ts";
import { ask, start } from "./client.ts";
import { type Line, script } from "./world.ts";

/** A call that hands a member what its model will do: these lines. */
export function handing(member_id: string, ...lines: Line[]): { name: string; args: unknown } {
  return { name: "delegate_task_to_member", args: { member_id, task: script(...lines) } };
}

/** A run of the crew, whose leader says these lines. */
export async function lead(...lines: Line[]): Promise<RunView> {
  return start(script(...lines), {}, "crew", "teams");
}

/** The team's run once it has come to an end: its members may still be at it when it says that it is paused. */
export async function settledTeam(runId: string): Promise<RunView> {
  const reply = await ask("POST", `/teams/crew/runs/${runId}/continue`, { stream: false });
  if (reply.status !== 200) throw new Error(`${reply.status} ${await reply.text()}`);
  return reply.json<RunView>();
}
