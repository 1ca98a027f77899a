import type { NoticeType } from "../../approval/notice.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { visible } from "../../approval/visible.ts";
import { type Fact, factsOf, oneLine } from "./facts.ts";

/** What a mail says, to whomever it goes: plain text, with everything in it spelled out that would not be seen. */
export interface Letter {
  subject: string;
  heading: string;
  remark: string | null;
  facts: Fact[];
  /** By the tool's own code. */
  preview: string | null;
  /** Written by the agent's model. */
  args: string;
  /** Whether everything is in it that there is to see. */
  isWhole: boolean;
}

const maxLength = 8_000;
const maxFactLength = 1_000;
const maxSubjectLength = 150;

/** `isFirst`: whether it begins the conversation about this approval. */
export function letterOf(
  approval: ApprovalRecord,
  { isFirst, nowMs, type }: { isFirst: boolean; nowMs: number; type: NoticeType },
): Letter {
  let isWhole = true;
  const cut = (text: string, length: number): string => {
    if (text.length <= length) return text;
    isWhole = false;
    return `${beginning(text, length)}… (not all is shown: ${text.length} characters)`;
  };
  const facts = factsOf(approval, nowMs).map(([name, value]): Fact => [
    name,
    cut(value, maxFactLength),
  ]);
  const preview = approval.preview === null ? null : cut(visible(approval.preview), maxLength);
  const args = cut(visible(JSON.stringify(approval.tool_args, null, 2)), maxLength);
  return {
    subject: subjectOf(approval, isFirst),
    heading: `${headings[type] ?? "Approval"}: ${oneLine(approval.tool_name)}`,
    remark: approval.status === "pending" ? "Nothing is done until it is decided." : null,
    facts,
    preview,
    args,
    isWhole,
  };
}

/** The same in all mails about one approval, so that they stand together. */
function subjectOf({ agent_id, id, source_name, tool_name }: ApprovalRecord, isFirst: boolean) {
  const by = source_name ?? agent_id ?? "an agent";
  const about = beginning(oneLine(`${tool_name}, asked for by ${by}`), maxSubjectLength);
  return `${isFirst ? "" : "Re: "}Approval: ${about} [${id.slice(-8)}]`;
}

const headings: Partial<Record<NoticeType, string>> = {
  "approval.pending": "Approval needed",
  "approval.reminded": "Reminder: approval needed",
  "approval.escalated": "Approval needed, and nobody has decided yet",
  "approval.resolved": "Decided",
  "approval.expired": "Expired, and not done",
  "approval.cancelled": "Cancelled, and not done",
  "approval.executed": "What came of it",
};

function beginning(text: string, length: number): string {
  // Without the half of a character that stood across the end.
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}
