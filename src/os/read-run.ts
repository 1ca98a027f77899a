import { KernError } from "../errors.ts";
import { isRunId } from "../run/ids.ts";
import type { RunView } from "../run/view.ts";
import { maySee } from "./own.ts";
import { holds, type Principal, type Scope } from "./principal.ts";
import { askRun, unwrap } from "./runs.ts";

/** The run as its object has it; null where there is none. */
export async function readRun(
  env: Record<string, unknown>,
  runId: string,
): Promise<RunView | null> {
  if (!isRunId(runId)) return null;
  const reply = await askRun(env, runId, async (object) => object.view());
  return !reply.ok && reply.reason === "not_found" ? null : unwrap(reply, "Run").run;
}

/** The run, to who may read it; to others it is as one that is not there. */
export async function readVisibleRun(
  env: Record<string, unknown>,
  runId: string,
  principal: Principal,
): Promise<RunView> {
  const run = await readRun(env, runId);
  if (run === null || !maySee(principal, run.requested_by) || !holdsFor(principal, "read", run))
    throw new KernError("not_found", "Run not found");
  return run;
}

/** Whether the principal may do this with the agent or the team whose run it is: a member's is the member's own. */
export function holdsFor(
  principal: Principal,
  action: "read" | "run",
  { agent_id, team_id }: Pick<RunView, "agent_id" | "team_id">,
): boolean {
  const scope: Scope = agent_id === null ? `teams:${action}` : `agents:${action}`;
  return holds(principal, scope, agent_id ?? team_id);
}
