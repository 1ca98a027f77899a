import type { ApprovalRecord, PolicyView } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";

/** What a list of facts says of who may decide, who has, and how the call came about. */
export function PolicyFacts({ approval }: { approval: ApprovalRecord }) {
  const { policy, votes } = approval;
  const path = pathOf(approval);
  return (
    <>
      {path !== null && (
        <>
          <dt>Team</dt>
          <dd>{visible(path)}</dd>
        </>
      )}
      {policy.risk !== null && (
        <>
          <dt>Risk</dt>
          <dd>{policy.risk}</dd>
        </>
      )}
      <dt>Who decides</dt>
      <dd>{visible(decidersInWords(policy))}</dd>
      {votes.length > 0 && (
        <>
          <dt>Votes</dt>
          <dd>
            {votes
              .map(({ by, note, status }) => {
                const why = note === null ? "" : ` (${visible(note)})`;
                return `${visible(by)}: ${status}${why}`;
              })
              .join(", ")}
          </dd>
        </>
      )}
    </>
  );
}

/** What the approver is to read beside the arguments; it comes from the tool's own code. */
export function Preview({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <>
      <h2>In short</h2>
      <p class="card said">{visible(text)}</p>
    </>
  );
}

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
    ...(min_assurance === null ? [] : [`by ${min_assurance} at least`]),
    ...(quorum.reject > 1 ? [`${quorum.reject} rejections are needed`] : []),
  ].join(", ");
}

/** Team, member, and so on, down to whose call it is. */
function pathOf({ context }: ApprovalRecord): string | null {
  const lineage: unknown = context["lineage"];
  if (!Array.isArray(lineage)) return null;
  return lineage.map(({ name }: { name?: unknown }) => String(name)).join(" → ");
}
