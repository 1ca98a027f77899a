import type { ModalView } from "@slack/types";
import type { Decision } from "../../approval/decision.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { readTarget, type Target, written } from "./buttons.ts";
import { blocksOf, type Input, typedId } from "./inputs.ts";
import { said } from "./message.ts";
import { plain, printed } from "./text.ts";

export const views = { decision: "decision", link: "link_account" } as const;
export const codeBlock = "code";

/** The form of an answer. */
export function decisionView(
  { args_hash: argsHash, id: approvalId, tool_name }: ApprovalRecord,
  status: Decision["status"],
  inputs: readonly Input[],
): ModalView {
  const verb = status === "approved" ? "Approve" : "Reject";
  return {
    ...modal(verb),
    callback_id: views.decision,
    private_metadata: `${status} ${written({ approvalId, argsHash })}`,
    submit: plain(verb),
    blocks: [{ type: "section", text: plain(printed(tool_name)) }, ...blocksOf(inputs)],
  };
}

/** What the form of an answer is of; null where it is none of ours. */
export function readDecisionView(
  metadata: string,
): { status: Decision["status"]; target: Target } | null {
  const [, status, rest = ""] = /^(approved|rejected) (.*)$/.exec(metadata) ?? [];
  const target = readTarget(rest);
  if (target === null || (status !== "approved" && status !== "rejected")) return null;
  return { status, target };
}

/** The form that takes the code which the panel has given somebody who is signed in. */
export function linkView(): ModalView {
  const where =
    "Sign in to the panel, make a code under Settings, Linked accounts, and enter it here within ten minutes. From then on what you decide here is decided as you.";
  return {
    ...modal("Link my account"),
    callback_id: views.link,
    submit: plain("Link"),
    blocks: [
      { type: "section", text: plain(where) },
      {
        type: "input",
        block_id: codeBlock,
        label: plain("Code"),
        element: { type: "plain_text_input", action_id: typedId, max_length: 40 },
      },
    ],
  };
}

/** Something that is said to one person alone. */
export function wordView(text: string): ModalView {
  return { ...modal("kern"), blocks: said(text).blocks };
}

function modal(title: string): Pick<ModalView, "close" | "title" | "type"> {
  return { type: "modal", title: plain(title), close: plain("Close") };
}
