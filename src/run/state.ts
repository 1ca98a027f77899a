import type { Arguments } from "../agent/gate.ts";
import { questionHash } from "../approval/call-hash.ts";
import type {
  ApprovalStatus,
  ApprovalType,
  CallOutcome,
  PauseType,
  RunStatus,
} from "../approval/record.ts";
import type { Effect } from "../tools/tool.ts";
import type { AskReason, Entry } from "./entry.ts";

export interface CallState {
  id: string;
  step: number;
  toolCallId: string;
  toolName: string;
  rawArguments: string;
  args: Arguments | null;
  toolVersion: string | null;
  phase: "ready" | "waiting" | "running" | "ended";
  pauseType: PauseType | null;
  /** The approval that the call waits for or runs under. */
  approvalId: string | null;
  /** What the tool knows the call by; a retry that a person allowed has a key of its own. */
  key: string;
  /** True, false: answered so by a person; null: not asked, or not answered. */
  confirmed: boolean | null;
  /** True where it was the run's own user who answered, not an approval. */
  userConfirmed: boolean;
  note: string | null;
  attempt: number;
  boot: string | null;
  effect: Effect | null;
  outcome: CallOutcome | null;
  result: string | null;
  createdAtMs: number;
}

export interface ApprovalState {
  id: string;
  callId: string;
  key: string;
  type: ApprovalType;
  pauseType: PauseType;
  status: ApprovalStatus;
  reason: AskReason | null;
  /** The arguments as they were asked about; `approvedArgs` where a person changed or completed them. */
  args: Arguments;
  approvedArgs: Arguments | null;
  argsHash: string;
  toolVersion: string;
  createdAtMs: number;
  updatedAtMs: number;
  expiresAtMs: number | null;
  useWithinMs: number;
  principal: string | null;
  resolvedBy: string | null;
  resolvedAtMs: number | null;
  data: Record<string, unknown> | null;
  /** The key of the call that used it up. */
  consumedBy: string | null;
  hidden: boolean;
  /** The journal row that changed it last. */
  seq: number;
}

export interface StepState {
  n: number;
  attempt: number;
  boot: string;
  phase: "open" | "failed" | "done";
  /** How often the model itself failed at this step; an instance that went away is no failure of the model's. */
  failures: number;
  retryAtMs: number | null;
  error: string | null;
  content: string;
  callIds: string[];
}

/** Everything that is true of a run, folded from its journal. Never changed in place. */
export interface RunState {
  id: string;
  agentId: string;
  agentName: string;
  sessionId: string;
  userId: string | null;
  requestedBy: string;
  message: string;
  fingerprint: string;
  local: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  seq: number;
  steps: readonly StepState[];
  calls: ReadonlyMap<string, CallState>;
  approvals: ReadonlyMap<string, ApprovalState>;
  /** Questions that a person turned down in this run, and what the model was told. */
  refusals: ReadonlyMap<string, string>;
  /** How much text the run holds, in characters: the message, what the model said, and what tools returned. */
  size: number;
  ended: { status: "COMPLETED" | "CANCELLED" | "ERROR"; content: string } | null;
}

/** The journal row that an entry stands in: its number, from 1, and its time. */
export interface Row {
  seq: number;
  atMs: number;
}

/** The run after one more entry; throws for an entry that cannot follow, because then the journal is not ours. */
export function apply(state: RunState | null, entry: Entry, { seq, atMs }: Row): RunState {
  if (entry.kind === "started") {
    if (state !== null) throw new Error("The run was already started.");
    const { kind: _, ...facts } = entry;
    return {
      ...facts,
      id: entry.runId,
      createdAtMs: atMs,
      updatedAtMs: atMs,
      seq,
      steps: [],
      calls: new Map(),
      approvals: new Map(),
      refusals: new Map(),
      size: entry.message.length,
      ended: null,
    };
  }
  if (state === null) throw new Error("The run has not been started.");
  return { ...state, ...change(state, entry, { seq, atMs }), seq, updatedAtMs: atMs };
}

/** The run after several entries of one row. */
export function applyAll(state: RunState, entries: readonly Entry[], row: Row): RunState {
  return entries.reduce((current, entry) => apply(current, entry, row), state);
}

function change(
  state: RunState,
  entry: Exclude<Entry, { kind: "started" }>,
  { seq, atMs }: Row,
): Partial<RunState> {
  switch (entry.kind) {
    case "step_started": {
      const { step: n, attempt, boot } = entry;
      const failures = state.steps.find((earlier) => earlier.n === n)?.failures ?? 0;
      const step: StepState = {
        n,
        attempt,
        boot,
        phase: "open",
        failures,
        retryAtMs: null,
        error: null,
        content: "",
        callIds: [],
      };
      return { steps: [...state.steps.filter((earlier) => earlier.n !== n), step] };
    }
    case "step_failed":
      return {
        steps: lastStep(state, {
          phase: "failed",
          failures: (state.steps.at(-1)?.failures ?? 0) + 1,
          error: entry.error,
          retryAtMs: entry.retryAtMs,
        }),
      };
    case "step_ended": {
      const calls = new Map(state.calls);
      const step = state.steps.at(-1)?.n ?? 0;
      for (const asked of entry.calls) {
        calls.set(asked.id, {
          ...asked,
          step,
          phase: "ready",
          pauseType: null,
          approvalId: null,
          key: asked.id,
          confirmed: null,
          userConfirmed: false,
          note: null,
          attempt: 0,
          boot: null,
          effect: null,
          outcome: null,
          result: null,
          createdAtMs: atMs,
        });
      }
      const callIds = entry.calls.map((call) => call.id);
      const size = state.size + sizeOf(entry.content, entry.calls);
      return {
        calls,
        size,
        steps: lastStep(state, { phase: "done", content: entry.content, callIds }),
      };
    }
    case "call_waits": {
      const { approvalId, args, pauseType, toolVersion } = entry;
      return withCall(state, entry.callId, {
        phase: "waiting",
        ...(args !== undefined && { args }),
        ...(toolVersion !== undefined && { toolVersion }),
        pauseType,
        approvalId,
        confirmed: null,
        userConfirmed: false,
      });
    }
    case "approval_asked": {
      const { kind: _, approvalId: id, ...facts } = entry;
      if (state.approvals.has(id)) throw new Error(`The approval '${id}' was asked for before.`);
      // What an earlier approval says of this call's outcome changes with the new question.
      const approvals = new Map(state.approvals);
      for (const earlier of state.approvals.values()) {
        if (earlier.callId !== entry.callId) continue;
        approvals.set(earlier.id, { ...earlier, updatedAtMs: atMs, seq });
      }
      approvals.set(id, {
        ...facts,
        id,
        status: "pending",
        approvedArgs: null,
        createdAtMs: atMs,
        updatedAtMs: atMs,
        principal: null,
        resolvedBy: null,
        resolvedAtMs: null,
        data: null,
        consumedBy: null,
        hidden: false,
        seq,
      });
      return { approvals };
    }
    case "approval_resolved": {
      const { status, principal, resolvedBy, data } = entry;
      const approval = known(state.approvals, entry.approvalId);
      if (approval.status !== "pending") {
        throw new Error(`The approval '${approval.id}' was decided before.`);
      }
      // An audit record follows its call, and says nothing to it any more.
      const answered =
        approval.type === "required" && (status === "approved" || status === "rejected");
      return {
        ...withApproval(state, approval.id, {
          ...approval,
          status,
          principal,
          resolvedBy,
          data,
          resolvedAtMs: atMs,
          updatedAtMs: atMs,
          approvedArgs: entry.args ?? null,
          argsHash: entry.argsHash ?? approval.argsHash,
          seq,
        }),
        ...(answered
          ? withCall(state, approval.callId, {
              confirmed: status === "approved",
              note: noteText(data),
            })
          : {}),
      };
    }
    case "call_answered":
      return withCall(state, entry.callId, {
        confirmed: entry.confirmed,
        userConfirmed: true,
        note: entry.note,
      });
    case "call_released": {
      const { key, args, toolVersion } = entry;
      return withCall(state, entry.callId, { phase: "ready", key, args, toolVersion, attempt: 0 });
    }
    case "call_started": {
      const { attempt, boot, effect } = entry;
      const call = known(state.calls, entry.callId);
      const approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
      return {
        ...withCall(state, call.id, { phase: "running", attempt, boot, effect }),
        ...(approval === undefined
          ? {}
          : withApproval(state, approval.id, { ...approval, consumedBy: call.key })),
      };
    }
    case "call_ended": {
      const call = known(state.calls, entry.callId);
      const { outcome, result } = entry;
      const touched = [...state.approvals.values()].filter(
        (approval) => approval.callId === call.id,
      );
      const approvals = new Map(state.approvals);
      for (const approval of touched)
        approvals.set(approval.id, { ...approval, updatedAtMs: atMs, seq });
      const refusals = new Map(state.refusals);
      if ((outcome === "rejected" || outcome === "expired") && call.args !== null) {
        refusals.set(questionHash(call.toolName, call.args), result);
      }
      return {
        ...withCall(state, call.id, { phase: "ended", boot: null, outcome, result }),
        approvals,
        refusals,
        size: state.size + result.length,
      };
    }
    case "approval_hidden": {
      const approval = known(state.approvals, entry.approvalId);
      return withApproval(state, approval.id, { ...approval, hidden: true, seq });
    }
    case "completed":
      return { ended: { status: "COMPLETED", content: entry.content } };
    case "failed":
      return { ended: { status: "ERROR", content: entry.error } };
    case "cancelled":
      return { ended: { status: "CANCELLED", content: "" } };
  }
}

/** What callers are told of where the run stands. */
export function statusOf(state: RunState): RunStatus {
  if (state.ended !== null) return state.ended.status;
  if (state.steps.length === 0) return "PENDING";
  const phases = new Set([...state.calls.values()].map((call) => call.phase));
  return phases.has("waiting") && !phases.has("ready") && !phases.has("running")
    ? "PAUSED"
    : "RUNNING";
}

/** The calls of the last step, in the order in which the model asked for them. */
export function currentCalls(state: RunState): CallState[] {
  return (state.steps.at(-1)?.callIds ?? []).map((id) => known(state.calls, id));
}

export function pendingApprovals(state: RunState): ApprovalState[] {
  return [...state.approvals.values()].filter((approval) => approval.status === "pending");
}

export function known<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id);
  if (value === undefined)
    throw new Error(`The journal speaks of '${id}', which it never introduced.`);
  return value;
}

/** How many characters an answer of the model's takes. */
export function sizeOf(
  content: string,
  calls: readonly { rawArguments: string; args: Arguments | null }[],
): number {
  return calls.reduce(
    (sum, { args, rawArguments }) =>
      sum + rawArguments.length + (args === null ? 0 : JSON.stringify(args).length),
    content.length,
  );
}

function lastStep(state: RunState, patch: Partial<StepState>): StepState[] {
  return state.steps.map((step, at) =>
    at === state.steps.length - 1 ? { ...step, ...patch } : step,
  );
}

function withCall(
  state: RunState,
  id: string,
  patch: Partial<CallState>,
): { calls: ReadonlyMap<string, CallState> } {
  const call = known(state.calls, id);
  if (call.phase === "ended") throw new Error(`The call '${id}' has ended before.`);
  return { calls: new Map(state.calls).set(id, { ...call, ...patch }) };
}

function withApproval(
  state: RunState,
  id: string,
  approval: ApprovalState,
): { approvals: ReadonlyMap<string, ApprovalState> } {
  return { approvals: new Map(state.approvals).set(id, approval) };
}

function noteText(data: Record<string, unknown> | null): string | null {
  return typeof data?.["note"] === "string" ? data["note"] : null;
}
