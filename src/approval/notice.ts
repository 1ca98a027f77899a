import type { ApprovalRecord, JsonObject, RunStatus } from "./record.ts";

/** What channels are told of, in the field's words; a program that listens goes by these names. */
export const noticeTypes = [
  "approval.pending",
  "approval.voted",
  "approval.extended",
  "approval.reminded",
  "approval.escalated",
  "approval.resolved",
  "approval.expired",
  "approval.cancelled",
  /** The call of a decided approval has ended: the record says how. */
  "approval.executed",
  "run.completed",
  "run.failed",
] as const;
export type NoticeType = (typeof noticeTypes)[number];

/** The run that a notice is of, without anything that was said in it. */
export interface NoticeRun {
  run_id: string;
  root_run_id: string;
  session_id: string;
  agent_id: string | null;
  team_id: string | null;
  user_id: string | null;
  requested_by: string;
  status: RunStatus;
}

/** One thing that has happened, as one channel is told of it. */
export interface Notice {
  /** The same however often it is told, and another for each channel. */
  id: string;
  type: NoticeType;
  /** When it happened, in epoch milliseconds. */
  atMs: number;
  run: NoticeRun;
  /** The approval as it stands when it is told; null for what is told of the run. Nothing secret is in it. */
  approval: ApprovalRecord | null;
  /** Where whoever asked for the run wants to be told; null where nowhere. */
  callbackUrl: string | null;
  /** Who may decide as well from now on; null where nobody does. */
  to: string[] | null;
}

/** What a channel keeps of its message about an approval, to find it again: a message's id, and where it was sent. */
export type Receipt = JsonObject;

/** What became of telling it. */
export type Told =
  /** `problem`: what went wrong all the same, for the log; another attempt would not help. */
  | { kind: "sent"; receipt: Receipt | null; problem?: string }
  /** Some were reached, as the receipt says that comes with the next attempt, and others were not. */
  | { kind: "partly"; receipt: Receipt; reason: string; retryAfterMs?: number }
  /** There is nobody there any more, and nothing is to be sent there again. */
  | { kind: "gone"; reason: string };

/** What comes with a notice. */
export interface DeliveryContext {
  env: Record<string, unknown>;
  /** What this channel kept the last time that it was told of this approval, if only partly; null where it was not. */
  receipt: Receipt | null;
  /** Aborted when it takes too long: then it has failed, and is tried again. */
  signal: AbortSignal;
  /** The address of a page of the panel, such as `/panel/approvals/<id>`. */
  urlOf: (path: string) => string;
  /**
   * The linked accounts of a service, or of a workspace of it (`slack`, `slack:-:T012AB3CD`: what their ids begin with), whose
   * people may decide on this approval as it stands, in the order of their ids.
   */
  approvers: (service: string) => Promise<{ id: string; name: string }[]>;
  nowMs: number;
}
