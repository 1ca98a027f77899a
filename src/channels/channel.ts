import type { Hono } from "hono";
import type { Decision } from "../approval/decision.ts";
import type { DeliveryContext, Notice, NoticeType, Told } from "../approval/notice.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import type { ErrorCode } from "../errors.ts";
import type { Assurance } from "../tools/policy.ts";

// What a channel of a project's own needs beside the types.
export { visible } from "../approval/visible.ts";
export { KernError } from "../errors.ts";

/**
 * A way to people, or to programs: `new AgentOS({ channels: [slack(), myChannel] })`. A run tells each channel by itself, in
 * order, at least once, after what it tells of is safe, and in nobody's way; what fails is told again for three days.
 */
export interface Channel {
  /** Lower-case letters, digits and hyphens; `approval(tool, { notify: [id] })` names it. Stays the same across releases. */
  readonly id: string;
  /** The longest pause between two attempts, in milliseconds. */
  readonly maxBackOffMs: number;
  /** Whether it is to be told of this at all. */
  wants(type: NoticeType): boolean;
  /** Whether there is anybody to tell of this one; where there is nobody, nothing is told or logged. Default: there is. */
  concerns?(notice: Notice): boolean;
  /**
   * Tells of it. Throws where another attempt may help: a `KernError` with `retryAfterMs` says when. A message that was sent
   * and whose answer was lost is told again, under the same `notice.id`.
   */
  tell(notice: Notice, context: DeliveryContext): Promise<Told>;
  /**
   * Where answers come back, mounted at `/<id>`. Anybody reaches it: who sent what comes in is for the channel to find out,
   * before anything else.
   */
  answers?(desk: (env: Record<string, unknown>) => Desk): Hono<ChannelEnv>;
}

export interface ChannelEnv {
  Bindings: Record<string, unknown>;
}

/** Somebody's account elsewhere, as the channel has proved it. */
export interface Account {
  /** Unique among all services: `slack:T012AB3CD:U012AB3CD`. */
  id: string;
  /** What it is called there; shown, and nothing depends on it. */
  name: string;
  assurance: Extract<Assurance, "slack" | "email">;
}

/** Somebody of whom an address is all that is proved, by what was sent to it and to nowhere else. */
export interface Addressee {
  address: string;
  /** The groups that they are in, by what the channel was configured with. */
  groups: readonly string[];
}

/** `refused`: why, in words for whoever asked. */
export type Answered = { kind: "decided"; approval: ApprovalRecord } | Refused;
export type Refused = {
  kind: "refused";
  reason: "unlinked" | "not_found" | "other";
  message: string;
  code?: ErrorCode;
  /** What is wrong with single fields of what was filled in, by their names. */
  fields?: Readonly<Record<string, string>>;
};

/** What a channel may ask for on behalf of an account. Expected refusals are returned. */
export interface Desk {
  /** The approval, to whoever this is, where they may see it. */
  read(approvalId: string, by: Account | Addressee): Promise<Answered>;
  /**
   * Decides as whom the account is linked to, or whose address it is; `argsHash` is that of what they were shown, or its first
   * 32 characters at least, where there is no room for more.
   */
  decide(
    approvalId: string,
    decision: Decision,
    by: Account | Addressee,
    argsHash: string,
  ): Promise<Answered>;
  /** Links the account to whoever was given this code in the panel; the name of whom, or null where the code is not good. */
  link(code: string, account: Account): Promise<string | null>;
  /** True for one of however many ask, ever: for what is good once. After this time it is not asked about any more. */
  spend(id: string, expiresAtMs: number): Promise<boolean>;
  /** Gives back what was spent and came to nothing. */
  restore(id: string): Promise<void>;
  /** The address of a page of the panel. */
  urlOf(path: string): string;
  nowMs: number;
}
