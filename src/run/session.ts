import type { RunRow, SessionRow } from "./store.ts";

const maxNameLength = 200;

/** What a session is called until somebody renames it: the beginning of its first message. */
export function nameOf(message: string): string {
  // Without the half of a character that stood across the end.
  return message.slice(0, maxNameLength).replace(/[\uD800-\uDBFF]$/, "");
}

/** The session that a run begins where there is none; a member's run begins none. */
export function sessionOf(run: RunRow): SessionRow | null {
  if (run.parent_run_id !== null) return null;
  return {
    id: run.session_id,
    user_id: run.user_id,
    name: nameOf(run.input),
    type: run.team_id === null ? "agent" : "team",
    component_id: run.team_id ?? run.agent_id,
    created_at_ms: run.created_at_ms,
    updated_at_ms: run.created_at_ms,
    deleted_at_ms: null,
  };
}
