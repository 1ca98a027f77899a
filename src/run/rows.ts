import type { Tool } from "../tools/tool.ts";
import { parentOf, rootOf, type RunState, statusOf } from "./state.ts";
import type { ApprovalRow, RunRow } from "./store.ts";
import { approvalRecord, namesOf } from "./view.ts";

const maxTextBytes = 16 * 1024;

/** The run as the database is told of it. Versions begin at the run's birth, so that a run reborn under its id is newer. */
export function runRow(state: RunState): RunRow {
  return {
    id: state.id,
    version: state.createdAtMs + state.seq,
    root_run_id: rootOf(state),
    ...namesOf(state),
    session_id: state.sessionId,
    user_id: state.userId,
    requested_by: state.requestedBy,
    status: statusOf(state),
    input: clip(state.message),
    output: state.ended === null ? null : clip(state.ended.content),
    created_at_ms: state.createdAtMs,
    updated_at_ms: state.updatedAtMs,
    parent_run_id: parentOf(state)?.runId ?? null,
  };
}

/** The approvals that changed after row `afterSeq` of the journal. */
export function approvalRows(
  state: RunState,
  afterSeq: number,
  tools: ReadonlyMap<string, Tool>,
): ApprovalRow[] {
  return [...state.approvals.values()]
    .filter((approval) => approval.seq > afterSeq)
    .map((approval) => ({
      record: approvalRecord(state, approval, tools),
      version: state.createdAtMs + approval.seq,
      hidden: approval.hidden,
      created_at_ms: approval.createdAtMs,
    }));
}

function clip(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= maxTextBytes
    ? text
    : new TextDecoder().decode(bytes.slice(0, maxTextBytes)).replace(/\uFFFD+$/, "");
}
