import type { ApprovalRecord } from "../../approval/record.ts";
import { visible } from "../../approval/visible.ts";
import { decidersInWords, lineageInWords, whyAskedAnew } from "../../approval/words.ts";

/** A name and what there is to say. */
export type Fact = readonly [name: string, value: string];

/** What is known of an approval, beside its arguments, as plain text of one line each. */
export function factsOf(approval: ApprovalRecord, nowMs: number): Fact[] {
  const { agent_id, policy, requested_by, source_name, status, user_id, votes } = approval;
  const lineage = lineageInWords(approval);
  const why = whyAskedAnew(approval);
  const by = approval.resolved_by === null ? "" : ` by ${approval.resolved_by}`;
  const facts: (Fact | null)[] = [
    [approval.source_type === "team" ? "Team" : "Agent", source_name ?? agent_id ?? "unknown"],
    lineage === null ? null : ["Within", lineage],
    ["Tool", approval.tool_name],
    why === undefined || status !== "pending" ? null : ["Asked anew", why],
    ["Requested for", user_id ?? "No user named"],
    ["Started by", requested_by ?? "unknown"],
    policy.risk === null ? null : ["Risk", policy.risk],
    ["Who decides", decidersInWords(policy)],
    votes.length === 0
      ? null
      : ["Votes", votes.map(({ by, status }) => `${by}: ${status}`).join(", ")],
    status === "pending"
      ? ["Time left", timeLeft(approval.expires_at, nowMs)]
      : ["Status", `${status}${by}`],
    approval.call_outcome === null ? null : ["The call", approval.call_outcome],
  ];
  return facts.flatMap((fact) => (fact === null ? [] : [[fact[0], oneLine(fact[1])]]));
}

/** The text with everything in it spelled out that would not be seen, or would begin another line. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** A moment, in the time zone that is everybody's. */
export function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

function timeLeft(expiresAt: number | null, nowMs: number): string {
  if (expiresAt === null) return "no limit";
  return `${span(expiresAt * 1000 - nowMs)} (until ${clock(expiresAt)})`;
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours} h` : `${Math.round(ms / 86_400_000)} days`;
}
