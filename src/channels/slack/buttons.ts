import type { ActionsBlock, Button } from "@slack/types";
import { editablesOf } from "../../approval/edits.ts";
import { needsOf } from "../../approval/control.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { inputsOf } from "./inputs.ts";
import { plain } from "./text.ts";

/** What a press of a button says. */
export const actions = {
  /** Approves at once. */
  approve: "approve",
  /** Opens what an approval needs beside the yes. */
  answer: "answer",
  /** Opens what a rejection is asked for. */
  reject: "reject",
  /** Opens the form for a code of the panel's. */
  link: "link_account",
} as const;

/** What a button holds: which approval it is of, and what was shown. */
export interface Target {
  approvalId: string;
  argsHash: string;
}

/**
 * The buttons of an approval. What cannot be said here, or not by who is known through Slack alone, is said in the panel;
 * what is not wholly shown is not approved here.
 */
export function buttonsOf(
  approval: ApprovalRecord,
  { isWhole, url }: { isWhole: boolean; url: string },
): ActionsBlock {
  const { args_hash: argsHash, id: approvalId, status } = approval;
  const isOpen = status === "pending" && mayBeDecidedHere(approval);
  const value = written({ approvalId, argsHash });
  const approves = isOpen && isWhole && inputsOf(approval, "approved") !== null;
  const rejects = isOpen && inputsOf(approval, "rejected") !== null;
  return {
    type: "actions",
    elements: [
      ...(approves ? [approveButton(approval, value)] : []),
      ...(rejects ? [button("Reject", { action_id: actions.reject, value, style: "danger" })] : []),
      button("Open in the panel", { action_id: "open", url }),
    ],
  };
}

/** The button that leads to a linked account. */
export function linkButton(): ActionsBlock {
  const link = button("Link my account", { action_id: actions.link, style: "primary" });
  return { type: "actions", elements: [link] };
}

export function written({ approvalId, argsHash }: Target): string {
  return `${approvalId} ${argsHash}`;
}

/** What a button was given to hold; null where it was none of ours. */
export function readTarget(value: string): Target | null {
  const [, approvalId, argsHash] = /^(apr_[0-9a-z]{1,200}) ([0-9a-f]{64})$/.exec(value) ?? [];
  return approvalId === undefined || argsHash === undefined ? null : { approvalId, argsHash };
}

function mayBeDecidedHere(approval: ApprovalRecord): boolean {
  const { min_assurance: least } = approval.policy;
  // Whether a call took effect is to be looked up first, with everything at hand.
  if (needsOf(approval) === "outcome") return false;
  return least === null || least === "email" || least === "slack";
}

function approveButton(approval: ApprovalRecord, value: string): Button {
  const style = "primary";
  const need = needsOf(approval);
  if (need === "values")
    return button("Fill in and approve", { action_id: actions.answer, value, style });
  if (need === "result")
    return button("Hand in the result", { action_id: actions.answer, value, style });
  const opens = editablesOf(approval).length > 0;
  return button(opens ? "Approve …" : "Approve", {
    action_id: opens ? actions.answer : actions.approve,
    value,
    style,
  });
}

function button(text: string, more: Partial<Button>): Button {
  return { type: "button", text: plain(text), ...more };
}
