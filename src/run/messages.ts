import type { Decider, Decision } from "../approval/decision.ts";
import type { ApprovalRecord, ApprovalStatus, Requirement, RunStatus } from "../approval/record.ts";
import type { UserAnswer, UserRequest } from "./answer.ts";
import type { Membership, Occasion, Refusals } from "./entry.ts";
import type { Exchange } from "./history.ts";
import type { RunView } from "./view.ts";

/**
 * The version of what Worker and object say to each other: during a deploy an old Worker meets a new object, and the
 * other way round, and one that does not understand says so.
 */
export const messageVersion = 1 as const;

interface Message {
  v: typeof messageVersion;
}

/** What else is known of who asked for the run, for the rules about them. */
export interface Requester {
  /** As `aliasOf` writes them; none where many people may stand behind the principal. */
  aliases: string[];
}

export interface StartMessage extends Message {
  runId: string;
  agentId: string;
  /** Where the run stands in a team that hands it its task. */
  member?: Membership;
  sessionId: string;
  userId: string | null;
  requestedBy: string;
  requester?: Requester;
  message: string;
  /** Earlier runs of the session, oldest first; a repeated start keeps those of the first. */
  history?: Exchange[];
  fingerprint: string;
  local: boolean;
  /** Where whoever asked for the run wants to be told of it. */
  callbackUrl?: string;
  /** The schedule that starts it, and which of its times. */
  schedule?: Occasion;
  /** Nobody waits for it who would ask again: the database is told of the start at once, so that the sweeper knows of it. */
  unattended: boolean;
  /** How long to wait for the run to pause or end, in milliseconds; 0 answers as soon as the start is stored. */
  waitMs: number;
}

/** What a member tells the run that handed it its task. */
export interface Report {
  /** Grows with whatever happens in the member's run. */
  version: number;
  status: RunStatus;
  /** What the leader is told of the end; null before. */
  result: string | null;
  waits: Requirement[];
  /** What people turned down in it. */
  refusals: Refusals;
}

/** A team's word to a member. */
export interface JoinMessage extends Message {
  /** What the member is to do, should it not have started. */
  start: Omit<StartMessage, "v">;
  /** The team does not want it any more. */
  dismissed: boolean;
  /** The member is to ask its own members first, because somebody acts upon the answer. */
  asks: boolean;
}

/** `complete`: whether all of the member's own members could be asked, where it was to ask them. */
export type JoinReply = Reply<{ report: Report; complete: boolean }>;

/** A member's word to its team. */
export interface ReportMessage extends Message {
  callId: string;
  memberRunId: string;
  report: Report;
}

export interface ResolveMessage extends Message {
  approvalId: string;
  decision: Decision;
  decider: Decider;
}

export interface ExtendMessage extends Message {
  approvalId: string;
  expiresAtMs: number;
  decider: Decider;
}

export interface ContinueMessage extends Message {
  agentId: string;
  answers: UserAnswer[];
  /** The session that the run is said to be in. */
  sessionId?: string;
  /** The same however often one request is delivered: it answers once. A Worker of before gives none. */
  requestId?: string;
  /** Who asks, as far as the credential proves it. A Worker of before does not say. */
  principal?: UserRequest["principal"];
  /** The answer is to be told as a stream of events. */
  stream: boolean;
  waitMs: number;
}

/** Why a request was not carried out. Expected outcomes are returned, because a thrown class does not survive the wire. */
export type Refusal =
  | { ok: false; reason: "not_found" }
  | { ok: false; reason: "taken"; status: ApprovalStatus }
  | { ok: false; reason: "invalid"; message: string; fields?: Record<string, string> }
  | { ok: false; reason: "conflict" | "pending" | "forbidden" | "unavailable"; message: string };

export type Reply<T> = ({ ok: true } & T) | Refusal;

export type RunReply = Reply<{ run: RunView }>;
/** `from` is the index of the event that a stream of what follows begins with, and of members' runs those of theirs. */
export type ContinueReply = Reply<{ run: RunView; from: number; members: MemberEvents[] }>;

/** A member at work, and the index of its first event that is news. */
export interface MemberEvents {
  runId: string;
  from: number;
  /** It waits for people, and has told so before. */
  rests: boolean;
}
/** `said`: what the model said when it asked for the call; an object of before leaves it out. */
export type ApprovalReply = Reply<{ approval: ApprovalRecord; said?: string }>;

/** What an operator sees of a run's insides; no message, argument or result is among it. */
export interface Inspection {
  run_id: string;
  status: string;
  seq: number;
  steps: number;
  calls: {
    id: string;
    tool_name: string;
    phase: string;
    attempt: number;
    outcome: string | null;
  }[];
  approvals: { id: string; status: string; expires_at_ms: number | null }[];
  outbox: { behind: number; attempts: number; due_ms: number | null; error: string | null };
  alarm_ms: number | null;
  /** Why the run waits, where the model or the configuration is the cause. */
  error: string | null;
  updated_at_ms: number;
}

/**
 * What the Worker asks of a run's object. Written down once more, because the platform's types of a stub lose their way in
 * records as deep as these; the object says that it implements it, so the two cannot part.
 */
export interface RunDoor {
  start(message: StartMessage): Promise<RunReply>;
  view(): Promise<RunReply>;
  wait(waitMs: number): Promise<RunReply>;
  approval(id: string, waitMs?: number): Promise<ApprovalReply>;
  resolve(message: ResolveMessage): Promise<ApprovalReply>;
  extend(message: ExtendMessage): Promise<ApprovalReply>;
  continue(message: ContinueMessage): Promise<ContinueReply>;
  cancel(): Promise<Reply<object>>;
  join(message: JoinMessage): Promise<JoinReply>;
  hear(message: ReportMessage): Promise<Reply<object>>;
  turnedDown(asks: boolean): Promise<Reply<{ refusals: Refusals; complete: boolean }>>;
  hide(approvalId: string): Promise<Reply<object>>;
  membersAtWork(fromIndex?: number): Promise<MemberEvents[]>;
  eventCount(): Promise<number>;
  follow(fromIndex: number, stays?: boolean): Promise<ReadableStream<Uint8Array> | null>;
  redeliver(channelId: string, noticeId: string): Promise<Reply<object>>;
  poke(again: boolean): Promise<Reply<{ inspection: Inspection }>>;
  inspect(): Promise<Reply<{ inspection: Inspection }>>;
}
