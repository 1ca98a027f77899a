import { questionHash } from "../approval/call-hash.ts";
import { noteOf } from "../approval/decision.ts";
import { openRules } from "../tools/policy.ts";
import type { Entry } from "./entry.ts";
import {
  type ApprovalState,
  type CallState,
  known,
  type RunState,
  sizeOf,
  sizeOfStart,
  type StepState,
} from "./state.ts";

/** The journal row that an entry stands in: its number, from 1, and its time. */
export interface Row {
  seq: number;
  atMs: number;
}

/** Gives a map that may be changed: a copy of this one. */
type Draft = <V>(map: ReadonlyMap<string, V>) => Map<string, V>;

const copy: Draft = (map) => new Map(map);

/**
 * For folding a whole journal, whose states in between nobody keeps: each map is copied once, and then changed in place,
 * so that reading a run back takes as long as the run is and not its square.
 */
export function draft(): Draft {
  const own = new WeakSet<object>();
  return (map) => {
    if (own.has(map)) return map as Map<string, never>;
    const made = copy(map);
    own.add(made);
    return made;
  };
}

/** The run after one more entry; throws for an entry that cannot follow, because then the journal is not ours. */
export function apply(
  state: RunState | null,
  entry: Entry,
  { seq, atMs }: Row,
  own: Draft = copy,
): RunState {
  if (entry.kind === "started") {
    if (state !== null) throw new Error("The run was already started.");
    const { kind: _, isTeam = false, member = null, ...facts } = entry;
    return {
      ...facts,
      isTeam,
      member,
      id: entry.runId,
      createdAtMs: atMs,
      updatedAtMs: atMs,
      seq,
      steps: [],
      calls: new Map(),
      approvals: new Map(),
      refusals: new Map(),
      size: sizeOfStart(entry),
      ended: null,
    };
  }
  if (state === null) throw new Error("The run has not been started.");
  return { ...state, ...change(state, entry, { seq, atMs }, own), seq, updatedAtMs: atMs };
}

/** The run after several entries of one row. */
export function applyAll(state: RunState, entries: readonly Entry[], row: Row): RunState {
  return entries.reduce((current, entry) => apply(current, entry, row), state);
}

function change(
  state: RunState,
  entry: Exclude<Entry, { kind: "started" }>,
  { seq, atMs }: Row,
  own: Draft,
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
      const calls = own(state.calls);
      const step = state.steps.at(-1)?.n ?? 0;
      for (const asked of entry.calls) {
        calls.set(asked.id, {
          ...asked,
          step,
          phase: "ready",
          member: null,
          pauseType: null,
          inputFields: null,
          approvalId: null,
          key: asked.id,
          confirmed: null,
          userConfirmed: false,
          note: null,
          answeredAs: null,
          answeredBy: [],
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
      const { approvalId, args, inputFields = null, pauseType, toolVersion } = entry;
      return withCall(
        state,
        entry.callId,
        {
          phase: "waiting",
          ...(args !== undefined && { args }),
          ...(toolVersion !== undefined && { toolVersion }),
          pauseType,
          inputFields,
          approvalId,
          confirmed: null,
          userConfirmed: false,
        },
        own,
      );
    }
    case "approval_asked": {
      const { kind: _, approvalId: id, preview = null, rules = openRules, ...facts } = entry;
      if (state.approvals.has(id)) throw new Error(`The approval '${id}' was asked for before.`);
      // What an earlier approval says of this call's outcome changes with the new question.
      const approvals = own(state.approvals);
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
        rules,
        preview,
        votes: [],
        remindedAtMs: [],
        escalatedAtMs: [],
        escalatedTo: [],
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
        ...withApproval(
          state,
          approval.id,
          {
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
          },
          own,
        ),
        ...(answered
          ? withCall(
              state,
              approval.callId,
              {
                confirmed: status === "approved",
                note: noteOf(data),
              },
              own,
            )
          : {}),
      };
    }
    case "call_answered": {
      const { confirmed, note, requestId, by: answeredAs = state.userId } = entry;
      const before = known(state.calls, entry.callId).answeredBy;
      const answeredBy = requestId === undefined ? before : [...before, requestId];
      return withCall(
        state,
        entry.callId,
        { confirmed, userConfirmed: true, note, answeredAs, answeredBy },
        own,
      );
    }
    case "call_released": {
      const { key, args, toolVersion } = entry;
      return withCall(
        state,
        entry.callId,
        { phase: "ready", key, args, toolVersion, attempt: 0 },
        own,
      );
    }
    case "call_started": {
      const { attempt, boot, effect } = entry;
      const call = known(state.calls, entry.callId);
      const approval = call.approvalId === null ? undefined : state.approvals.get(call.approvalId);
      return {
        ...withCall(state, call.id, { phase: "running", attempt, boot, effect }, own),
        ...(approval === undefined
          ? {}
          : withApproval(state, approval.id, { ...approval, consumedBy: call.key }, own)),
      };
    }
    case "call_delegated": {
      const { callId, memberId: id, memberName: name, memberRunId: runId } = entry;
      const member = { id, name, runId, version: 0, status: "PENDING", waits: [] } as const;
      return withCall(state, callId, { phase: "delegated", member }, own);
    }
    case "member_told": {
      const call = known(state.calls, entry.callId);
      if (call.member === null) throw new Error(`The call '${call.id}' was handed to nobody.`);
      const { refusals, status, version } = entry;
      const before = new Map(call.member.waits.map((wait) => [wait.id, wait]));
      const waits = entry.waits.map((wait) =>
        typeof wait === "string" ? known(before, wait) : wait,
      );
      const member = { ...call.member, status, version, waits };
      return {
        // A call may have ended before its member: a cancelled one is told so, and tells its own end.
        calls: own(state.calls).set(call.id, { ...call, member }),
        refusals: withAll(own(state.refusals), refusals),
      };
    }
    case "call_ended": {
      const call = known(state.calls, entry.callId);
      const { outcome, result } = entry;
      const touched = [...state.approvals.values()].filter(
        (approval) => approval.callId === call.id,
      );
      const approvals = own(state.approvals);
      for (const approval of touched)
        approvals.set(approval.id, { ...approval, updatedAtMs: atMs, seq });
      const refusals = own(state.refusals);
      if ((outcome === "rejected" || outcome === "expired") && call.args !== null) {
        const { args, toolName } = call;
        refusals.set(questionHash(toolName, args), { toolName, answer: result });
      }
      return {
        ...withCall(state, call.id, { phase: "ended", boot: null, outcome, result }, own),
        approvals,
        refusals,
        size: state.size + result.length,
      };
    }
    case "approval_voted":
    case "approval_reminded":
    case "approval_escalated":
    case "approval_extended": {
      const approval = known(state.approvals, entry.approvalId);
      const changed = { ...approval, ...happened(approval, entry, atMs), updatedAtMs: atMs, seq };
      return withApproval(state, approval.id, changed, own);
    }
    case "approval_hidden": {
      const approval = known(state.approvals, entry.approvalId);
      return withApproval(state, approval.id, { ...approval, hidden: true, seq }, own);
    }
    case "completed":
      return end(state, { status: "COMPLETED", content: entry.content });
    case "failed":
      return end(state, { status: "ERROR", content: entry.error });
    case "cancelled":
      return end(state, { status: "CANCELLED", content: "" });
  }
}

type WhilePending = Extract<
  Entry,
  { kind: "approval_voted" | "approval_reminded" | "approval_escalated" | "approval_extended" }
>;

/** What changes in an approval that is still pending. */
function happened(
  approval: ApprovalState,
  entry: WhilePending,
  atMs: number,
): Partial<ApprovalState> {
  switch (entry.kind) {
    case "approval_voted":
      return { votes: [...approval.votes, entry.vote] };
    case "approval_reminded":
      return { remindedAtMs: [...approval.remindedAtMs, atMs] };
    case "approval_escalated":
      return {
        escalatedAtMs: [...approval.escalatedAtMs, atMs],
        escalatedTo: [...approval.escalatedTo, ...entry.to],
      };
    case "approval_extended":
      return { expiresAtMs: entry.expiresAtMs };
  }
}

function end(state: RunState, ended: NonNullable<RunState["ended"]>): Partial<RunState> {
  if (state.ended !== null) throw new Error("The run has ended before.");
  return { ended };
}

function withAll<K, V>(map: Map<K, V>, entries: readonly [K, V][]): Map<K, V> {
  for (const [key, value] of entries) map.set(key, value);
  return map;
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
  own: Draft,
): { calls: ReadonlyMap<string, CallState> } {
  const call = known(state.calls, id);
  if (call.phase === "ended") throw new Error(`The call '${id}' has ended before.`);
  return { calls: own(state.calls).set(id, { ...call, ...patch }) };
}

function withApproval(
  state: RunState,
  id: string,
  approval: ApprovalState,
  own: Draft,
): { approvals: ReadonlyMap<string, ApprovalState> } {
  return { approvals: own(state.approvals).set(id, approval) };
}
