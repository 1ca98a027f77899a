import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { words } from "./words.ts";

/** The agent or team whose call it is, and the team that the agent works in. */
export function whoAsks({ agent_id, source_name, team_id }: ApprovalRecord): string {
  const name = visible(source_name ?? agent_id ?? team_id ?? "");
  return agent_id === null || team_id === null ? name : words.common.inTeam(name, visible(team_id));
}
