import type { ToolContext } from "./context.ts";

/** How surely it is the person that it seems to be: a link in a mail, a Slack account, a sign-in. */
export const assurances = ["email", "slack", "api", "panel"] as const;
export type Assurance = (typeof assurances)[number];

export const risks = ["low", "medium", "high", "critical"] as const;
export type Risk = (typeof risks)[number];

/** What an approval asks of those who decide: plain data, stored with the approval when it is asked for, and then applied. */
export interface Rules {
  /** Who may decide: "group:finance", "scope:payments", or a person by any name of theirs; null: whoever may decide at all. */
  approvers: string[] | null;
  /** How many different people must approve, and how many rejections are enough. */
  quorum: { approve: number; reject: number };
  /** Whether whoever asked for the call may decide on it. */
  allowSelf: boolean;
  /** The arguments that an approver may change. */
  edit: string[];
  /** The reasons to choose from; where there are some, a rejection needs one. */
  reasons: string[] | null;
  risk: Risk | null;
  minAssurance: Assurance | null;
  onExpire: "reject" | "cancel-run";
  /** After how long, each, the approvers are reminded. */
  remindAfterMs: number[];
  /** Who may decide as well, once nobody has for so long. */
  escalate: { afterMs: number; to: string[] }[];
  /** The arguments that nobody is shown. */
  secret: string[];
  /** The ids of the channels that tell of it; null: all of them. Approvals of before channels have none. */
  notify?: string[] | null;
}

/** Who may decide, by the arguments: for directories that only code can ask. */
export type ApproversOf = (
  args: Record<string, unknown>,
  ctx: PolicyContext,
) => readonly string[] | Promise<readonly string[]>;

/** What a policy's functions are handed beside the arguments. */
export type PolicyContext = Pick<
  ToolContext,
  "runId" | "sessionId" | "userId" | "agentId" | "env" | "signal"
>;

/** What `approval()` adds to a tool: rules, and the functions that are asked anew for each call. */
export interface ApprovalPolicy {
  type: "required" | "audit";
  /** How long a pending approval waits. */
  expiresInMs: number;
  /** How long after the decision the call may still start. */
  useWithinMs: number;
  rules: Rules;
  /** Whether a call needs an approval at all; one that throws, or says nothing clear, does. Null: every call does. */
  when: ((args: Record<string, unknown>, ctx: PolicyContext) => boolean | Promise<boolean>) | null;
  /** What the approver reads beside the arguments. */
  preview: ((args: Record<string, unknown>, ctx: PolicyContext) => string | Promise<string>) | null;
  approversOf: ApproversOf | null;
}

/** Whoever may decide at all decides alone, but not on what they asked for. */
export const openRules: Rules = {
  approvers: null,
  quorum: { approve: 1, reject: 1 },
  allowSelf: false,
  edit: [],
  reasons: null,
  risk: null,
  minAssurance: null,
  onExpire: "reject",
  remindAfterMs: [],
  escalate: [],
  secret: [],
  notify: null,
};
