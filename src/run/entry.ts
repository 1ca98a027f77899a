import type { Arguments } from "../agent/gate.ts";
import type {
  ApprovalType,
  CallOutcome,
  PauseType,
  Requirement,
  RunStatus,
} from "../approval/record.ts";
import type { InputField } from "../tools/input-fields.ts";
import type { Vote } from "../approval/vote.ts";
import type { Rules } from "../tools/policy.ts";
import type { Effect } from "../tools/tool.ts";
import type { Exchange } from "./history.ts";

/**
 * The version of the journal's format; a run whose journal is of a later one is refused, never guessed at. The second one
 * added teams: everything else is as in the first.
 */
export const journalVersion = 2;

/** Why a call is put to a person, where it is not simply the tool's rule. */
export type AskReason = "unknown_outcome" | "tool_changed" | "approval_stale" | "approval_required";

/** Somebody above a run in its team: a team's run, from the one at the top down. */
export interface Ancestor {
  runId: string;
  teamId: string;
  teamName: string;
}

/** Where a member's run stands in its team. */
export interface Membership {
  /** The call of the team's run by which the task was handed over. */
  callId: string;
  /** From the run at the top to the one that handed over the task. */
  ancestors: readonly Ancestor[];
}

/** Questions that people turned down, by what makes two calls the same question, and what the model was told. */
export type Refusals = [question: string, turnedDown: TurnedDown][];

export interface TurnedDown {
  toolName: string;
  answer: string;
}

/** A call as it stands in the model's answer. */
export interface AskedCall {
  id: string;
  toolCallId: string;
  toolName: string;
  rawArguments: string;
  /** The parsed arguments; null where they were refused. */
  args: Arguments | null;
  toolVersion: string | null;
  /** Its tool's policy asks for no approval of these arguments. */
  waived?: true;
  /** The arguments that nobody is shown, as the tool had it then. */
  secret?: readonly string[];
  /** Its tool is audited: the call leaves a record, whatever becomes of the tool. */
  audited?: true;
}

/** One time that a schedule was due: its id, and that of this time. */
export interface Occasion {
  scheduleId: string;
  id: string;
}

/**
 * One fact of a run's history. A run is nothing but its entries in order; those that belong together are stored in one row,
 * so that they happen together or not at all. Times come with the row.
 */
export type Entry =
  | {
      kind: "started";
      runId: string;
      agentId: string;
      agentName: string;
      /** Whether it is the run of a team's leader. */
      isTeam?: true;
      /** None for a run that was not handed over by a team. */
      member?: Membership;
      sessionId: string;
      userId: string | null;
      requestedBy: string;
      /** Left out where nothing more is known of them, and in journals of before. */
      requester?: { aliases: string[] };
      message: string;
      /** What the model is shown of earlier runs: stored, so that it stays the same whatever becomes of them. */
      history?: Exchange[];
      /** A hash of the request, by which a repeated `Idempotency-Key` is told from a misused one. */
      fingerprint: string;
      local: boolean;
      /** Where whoever asked for the run wants to be told of it; left out where nowhere. */
      callbackUrl?: string;
      /** The schedule that started it, and which of its times; left out where none did. */
      schedule?: Occasion;
    }
  /** The model is asked: stored before the request leaves. `boot` is the instance that waits for the answer. */
  | { kind: "step_started"; step: number; attempt: number; boot: string }
  /** The model failed; null: for good. */
  | { kind: "step_failed"; error: string; retryAtMs: number | null }
  | {
      kind: "step_ended";
      content: string;
      calls: AskedCall[];
      usage: { inputTokens: number; outputTokens: number } | null;
    }
  /** The call waits for a person: for its approval, or (null) for the run's own user. */
  | {
      kind: "call_waits";
      callId: string;
      pauseType: PauseType;
      approvalId: string | null;
      /** What is asked about, where that is no longer what it was when the model asked. */
      args?: Arguments;
      toolVersion?: string;
      /** What a person is to fill in; left out in journals of before, which go by the tool as it is. */
      inputFields?: readonly InputField[];
    }
  | {
      kind: "approval_asked";
      approvalId: string;
      callId: string;
      /** The call's key that a decision is bound to. */
      key: string;
      type: ApprovalType;
      pauseType: PauseType;
      reason: AskReason | null;
      args: Arguments;
      argsHash: string;
      toolVersion: string;
      expiresAtMs: number | null;
      useWithinMs: number;
      /** What is asked of those who decide; none in journals of before: whoever may decide at all does, alone. */
      rules?: Rules;
      /** What the approver reads beside the arguments. */
      preview?: string;
    }
  /** One of several people who are needed has had their say. */
  | { kind: "approval_voted"; approvalId: string; vote: Vote }
  /** Nobody has decided for long: the approvers are reminded, or others may decide as well. */
  | { kind: "approval_reminded"; approvalId: string }
  | { kind: "approval_escalated"; approvalId: string; to: readonly string[] }
  | { kind: "approval_extended"; approvalId: string; expiresAtMs: number; by: string }
  | {
      kind: "approval_resolved";
      approvalId: string;
      status: "approved" | "rejected" | "expired" | "cancelled";
      principal: string | null;
      resolvedBy: string | null;
      data: Record<string, unknown> | null;
      /** The arguments that were approved, where a person filled in or changed some. */
      args?: Arguments;
      argsHash?: string;
    }
  /** The run's own user answered (a tool that pauses without an approval). */
  | {
      kind: "call_answered";
      callId: string;
      confirmed: boolean;
      note: string | null;
      /** Who answered; journals of before do not say. */
      by?: string | null;
      args?: Arguments;
      /** The request that it came with, by which a repeated one is known; none before requests had ids. */
      requestId?: string;
    }
  /** The call may start now, under this key. */
  | { kind: "call_released"; callId: string; key: string; args: Arguments; toolVersion: string }
  /** The tool is called: stored before anything leaves. */
  | { kind: "call_started"; callId: string; attempt: number; boot: string; effect: Effect }
  /** The call's task is handed to a member, in a run of its own: stored before the member is told. */
  | {
      kind: "call_delegated";
      callId: string;
      memberId: string;
      memberName: string;
      memberRunId: string;
    }
  /** A member has told where its run stands, and what people turned down in it; what it told earlier is overruled. */
  | {
      kind: "member_told";
      callId: string;
      /** Grows with every word of this member's. */
      version: number;
      status: RunStatus;
      /** What it waits for; the id alone of what is as it was told before, so that the journal does not repeat it. */
      waits: (Requirement | string)[];
      refusals: Refusals;
    }
  | { kind: "call_ended"; callId: string; outcome: CallOutcome; result: string }
  | { kind: "approval_hidden"; approvalId: string }
  | { kind: "completed"; content: string }
  | { kind: "failed"; error: string }
  | { kind: "cancelled" };
