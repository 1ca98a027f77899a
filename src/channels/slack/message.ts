import type { KnownBlock } from "@slack/types";
import type { DeliveryContext } from "../../approval/notice.ts";
import { noteOf } from "../../approval/decision.ts";
import type { ApprovalRecord } from "../../approval/record.ts";
import { decidersInWords, lineageInWords, whyAskedAnew } from "../../approval/words.ts";
import { buttonsOf } from "./buttons.ts";
import { fitted, moment, onOneLine, plain, printed } from "./text.ts";

export interface Message {
  /** What notifications show, and whoever cannot see blocks. */
  text: string;
  blocks: KnownBlock[];
}

/** How many texts the arguments may take: with all that stands around them, a message of Slack's is full then. */
const argumentTexts = 3;
const maxFactLength = 1000;
/** Of one kind: a message has room for no more than fifty blocks. */
const maxFacts = 20;

/** An approval as it stands. Where not everything could be shown it says so, and has no button that approves. */
export function approvalMessage(
  approval: ApprovalRecord,
  urlOf: DeliveryContext["urlOf"],
): Message {
  const { preview, status, tool_name, votes } = approval;
  const isPending = status === "pending";
  const why = isPending ? whyAskedAnew(approval) : undefined;
  const sheet = new Sheet();
  if (why !== undefined) sheet.text(null, why);
  sheet.facts(factsOf(approval));
  if (preview !== null && preview !== "") sheet.text("In short, says the tool:", preview);
  const args = JSON.stringify(approval.tool_args, null, 2);
  const isSettled = approval.context["requested_args"] !== undefined;
  const whose = isSettled ? "as they were approved" : "as the agent wants them";
  sheet.text(`Arguments, ${whose}:`, args, argumentTexts);
  if (votes.length > 0) sheet.facts(votes.map(voteOf));
  if (!isPending) sheet.facts(outcomeOf(approval));
  if (!sheet.isWhole)
    sheet.add({ type: "section", text: plain("This is not all of it. The panel has the whole.") });
  const when = whenOf(approval);
  if (when !== null)
    sheet.add({ type: "context", elements: [{ type: "mrkdwn", text: when, verbatim: true }] });
  const url = urlOf(`/panel/approvals/${approval.id}`);
  const name = printed(tool_name);
  const title = isPending ? `Approval: ${name}` : `${name}: ${status}`;
  return {
    text: isPending ? `${name} waits for approval` : title,
    blocks: [
      { type: "header", text: plain(title) },
      ...sheet.blocks,
      buttonsOf(approval, { url, isWhole: sheet.isWhole }),
    ],
  };
}

/** What a message is said in, so that nothing of its text is read as anything else. */
export function said(text: string): Message {
  const { texts } = fitted(text);
  const shown = texts[0] ?? "";
  return { text: shown, blocks: [{ type: "section", text: plain(shown) }] };
}

/** Blocks, and whether they show all that they were to show. */
class Sheet {
  readonly blocks: KnownBlock[] = [];
  isWhole = true;

  add(block: KnownBlock): void {
    this.blocks.push(block);
  }

  facts(facts: readonly Fact[]): void {
    const fields = facts.slice(0, maxFacts).map(([name, value]) => {
      const { isWhole, texts } = fitted(onOneLine(`${name}: ${value}`), { max: maxFactLength });
      this.isWhole &&= isWhole;
      return plain(texts[0] ?? "");
    });
    this.isWhole &&= facts.length <= maxFacts;
    // Slack takes ten in one block.
    for (let at = 0; at < fields.length; at += 10)
      this.add({ type: "section", fields: fields.slice(at, at + 10) });
  }

  text(title: string | null, text: string, count = 1): void {
    const { isWhole, texts } = fitted(text, { count });
    this.isWhole &&= isWhole;
    if (title !== null) this.add({ type: "section", text: plain(title) });
    for (const one of texts) this.add({ type: "section", text: plain(one) });
  }
}

type Fact = readonly [name: string, value: string];

function factsOf(approval: ApprovalRecord): Fact[] {
  const { agent_id, policy, requested_by, source_name, source_type, user_id } = approval;
  const lineage = lineageInWords(approval);
  return [
    [source_type === "team" ? "Team" : "Agent", source_name ?? agent_id ?? ""],
    ["Tool", approval.tool_name],
    ...(lineage === null ? [] : [["Team", lineage] as const]),
    ["Requested for", user_id ?? "no user named"],
    ["Started by", requested_by ?? "unknown"],
    ["Who decides", decidersInWords(policy)],
    ...(policy.risk === null ? [] : [["Risk", policy.risk] as const]),
  ];
}

function voteOf({ by, note, status }: ApprovalRecord["votes"][number]): Fact {
  return ["Vote", `${by}: ${status}${note === null ? "" : ` (${note})`}`];
}

/** Who has decided, why, and what came of the call. */
function outcomeOf({ call_outcome, resolution_data, resolved_by, status }: ApprovalRecord): Fact[] {
  const note = noteOf(resolution_data);
  return [
    [words[status], resolved_by ?? "nobody"],
    ...(note === null ? [] : [["Note", note] as const]),
    ...(call_outcome === null || call_outcome === status
      ? []
      : [["The call", call_outcome] as const]),
  ];
}

const words: Record<ApprovalRecord["status"], string> = {
  pending: "Waits for",
  approved: "Approved by",
  rejected: "Rejected by",
  expired: "Expired, decided by",
  cancelled: "Cancelled, decided by",
};

/** When it lapses, or when it was decided, as text that is marked up: nothing but moments is in it. */
function whenOf({ expires_at, resolved_at, status }: ApprovalRecord): string | null {
  if (status === "pending")
    return expires_at === null ? null : `Waits until ${moment(expires_at)}, not longer.`;
  return resolved_at === null ? null : `It is ${status} since ${moment(resolved_at)}.`;
}
