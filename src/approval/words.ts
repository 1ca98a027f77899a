import type { ApprovalRecord, PolicyView } from "./record.ts";

/** What of a policy says who decides, and how many of them it takes. */
export type Deciders = Pick<
  PolicyView,
  "allow_self" | "approvers" | "escalated_to" | "min_assurance" | "quorum"
>;

/** Who decides, in words, such as "2 of group:finance, not the requester". */
export function decidersInWords(deciders: Deciders): string {
  const { allow_self, approvers, escalated_to, min_assurance, quorum } = deciders;
  const named = [...(approvers ?? []), ...escalated_to].join(", ") || "nobody";
  const { approve } = quorum;
  const anybody = approve === 1 ? "whoever may decide" : `${approve} people who may decide`;
  return [
    approvers === null ? anybody : `${approve} of ${named}`,
    ...(allow_self ? [] : ["not the requester"]),
    ...(min_assurance === null ? [] : [`known by ${min_assurance} at least`]),
    ...(quorum.reject > 1 ? [`${quorum.reject} rejections are needed`] : []),
  ].join(", ");
}

/** Team, member, and so on, down to whose call it is; null outside of a team. */
export function lineageInWords({ context }: ApprovalRecord): string | null {
  const lineage: unknown = context["lineage"];
  if (!Array.isArray(lineage)) return null;
  return lineage.map(({ name }: { name?: unknown }) => String(name)).join(" → ");
}

/** Why the call is put to a person once more; undefined the first time. */
export function whyAskedAnew({ context }: ApprovalRecord): string | undefined {
  return askedBecause[String(context["reason"])];
}

const askedBecause: Record<string, string> = {
  unknown_outcome:
    "This call was started and then interrupted. Whether it took effect is not known: look before you decide.",
  tool_changed: "This was answered before. The tool has changed since, so it is asked again.",
  approval_stale: "This was approved before, and not executed in time, so it is asked again.",
  approval_required: "This was answered before. By now the tool needs an approval.",
};
