/** The resolved approval that a call runs under. */
export interface Approval {
  id: string;
  status: "approved";
  resolvedBy: string | null;
  /** Epoch milliseconds. */
  resolvedAtMs: number;
  resolutionData: Record<string, unknown> | null;
}

/** What a tool is handed beside its arguments. */
export interface ToolContext {
  runId: string;
  sessionId: string;
  userId: string | null;
  agentId: string;
  /** kern's own identity of this call; the model's `tool_call_id` is only echoed. */
  callId: string;
  /** The same whenever this call is repeated; no other call ever has it. */
  idempotencyKey: string;
  /** Aborted when the run is cancelled or the call has run out of time. */
  signal: AbortSignal;
  /** The Worker's bindings and variables. */
  env: Cloudflare.Env;
  /** The approval that this call runs under; null for an ungated call. */
  approval: Approval | null;
}
