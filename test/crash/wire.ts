import type { ApprovalRecord, RunStatus } from "../../src/approval/record.ts";
import type { Approval } from "../../src/tools/context.ts";

/**
 * Each message from the runtime says by the runtime's own clock when it was sent (`sentMs`; the model is told in this
 * header): what arrives on several connections has no order, least of all where the campaign is kept from reading.
 */
export const sentHeader = "x-sent-ms";

/** A tool's execution, as the tool server is asked for it. */
export interface Effected {
  tool: string;
  key: string;
  args: Record<string, unknown>;
  runId: string;
  callId: string;
  approval: Approval | null;
  sentMs: number;
}

/** A projection into the database, as it is reported before and after. */
export interface Told {
  when: "before" | "after";
  runId: string;
  status: RunStatus;
  approvals: ApprovalRecord[];
  sentMs: number;
}

/** What a team and its member say to each other, as whoever is told reports it: before it acts upon that, and after. */
export interface Word {
  when: "before" | "after";
  /** A member is told to start or to stop, or a team is told that a member's run has ended. */
  what: "start" | "stop" | "end";
  memberRunId: string;
  /** Whether it was known before: the run is there, or the call that handed over the task has ended. */
  isKnown: boolean;
}

/** What an event says: what its run is started with, and for whom. */
export interface Event {
  message: string;
  user_id: string;
}

/** What events are signed with. */
export const webhookSecret = `whsec_${btoa("e".repeat(32))}`;

/** A request to the database that fails, with what it says, though it may have been carried out. */
export interface DatabaseFault {
  message: string;
  commits: boolean;
}

/** What a channel was told, as its far side has it. */
export interface ToldNotice {
  id: string;
  type: string;
  /** The approval, or the run. */
  about: string;
  /** The approval's, when it was told. */
  status: string | null;
}
