import type { Hono } from "hono";
import type { Decision } from "../approval/decision.ts";
import type { DeliveryContext, Notice, NoticeType, Told } from "../approval/notice.ts";
import type { ApprovalRecord } from "../approval/record.ts";
import type { Assurance } from "../tools/policy.ts";

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

/** `refused`: why, in words for whoever asked. */
export type Answered = { kind: "decided"; approval: ApprovalRecord } | Refused;
export type Refused = {
  kind: "refused";
  reason: "unlinked" | "not_found" | "other";
  message: string;
  /** What is wrong with single fields of what was filled in, by their names. */
  fields?: Readonly<Record<string, string>>;
};

/** What a channel may ask for on behalf of an account. Expected refusals are returned. */
export interface Desk {
  /** The approval, to whoever this account is, where they may see it. */
  read(approvalId: string, account: Account): Promise<Answered>;
  /** Decides as the person to whom the account is linked; `argsHash` is that of what they were shown. */
  decide(
    approvalId: string,
    decision: Decision,
    account: Account,
    argsHash: string,
  ): Promise<Answered>;
  /** Links the account to whoever was given this code in the panel; the name of whom, or null where the code is not good. */
  link(code: string, account: Account): Promise<string | null>;
  /** The address of a page of the panel. */
  urlOf(path: string): string;
  nowMs: number;
}
