import type { Cursor } from "./journal.ts";
import type { Inspection } from "./messages.ts";
import { type RunState, statusOf } from "./state.ts";

/** A run's insides, as an operator sees them. */
export function inspect(
  state: RunState,
  {
    alarmMs,
    cursor,
    held,
    isConfigured,
  }: { alarmMs: number | null; cursor: Cursor; isConfigured: boolean; held: string | null },
): Inspection {
  return {
    run_id: state.id,
    status: statusOf(state),
    seq: state.seq,
    steps: state.steps.length,
    calls: [...state.calls.values()].map(
      ({ id, toolName: tool_name, phase, attempt, outcome }) => ({
        id,
        tool_name,
        phase,
        attempt,
        outcome,
      }),
    ),
    approvals: [...state.approvals.values()].map(({ id, status, expiresAtMs: expires_at_ms }) => ({
      id,
      status,
      expires_at_ms,
    })),
    outbox: {
      behind: state.seq - cursor.seq,
      attempts: cursor.attempts,
      due_ms: cursor.dueMs,
      error: cursor.error,
    },
    alarm_ms: alarmMs,
    error: isConfigured
      ? (held ?? state.steps.at(-1)?.error ?? null)
      : `Agent '${state.agentId}' is not configured.`,
    updated_at_ms: state.updatedAtMs,
  };
}
