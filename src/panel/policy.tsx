import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { decidersInWords } from "../approval/words.ts";
import { Lineage } from "./lineage.tsx";
import { fromNow, hourOf } from "./moment.tsx";
import { words } from "./words.ts";

/** What a list of facts says of who may decide, who has, and how the call came about. */
export function PolicyFacts({ approval, nowMs }: { approval: ApprovalRecord; nowMs: number }) {
  const { policy, votes } = approval;
  return (
    <>
      <Lineage approval={approval} />
      {policy.risk !== null && (
        <>
          <dt>{words.policy.risk}</dt>
          <dd>{words.risks[policy.risk]}</dd>
        </>
      )}
      <dt>{words.policy.deciders}</dt>
      <dd>{visible(rulesInWords(approval, nowMs))}</dd>
      {approval.status === "pending" && <Coming approval={approval} nowMs={nowMs} />}
      {votes.length > 0 && (
        <>
          <dt>{words.policy.votes}</dt>
          <dd>
            {votes
              .map(({ by, note, status }) => {
                const why = note === null ? "" : ` (${visible(note)})`;
                return `${words.policy.vote(visible(by), words.statuses[status])}${why}`;
              })
              .join(", ")}
          </dd>
        </>
      )}
    </>
  );
}

/** What the clock brings to a pending approval, in the order of the policy. */
function Coming({ approval, nowMs }: { approval: ApprovalRecord; nowMs: number }) {
  const { created_at, expires_at, policy } = approval;
  const { escalate, escalated_at, on_expire, remind, reminded_at } = policy;
  const isToCome = (after: number) => expires_at === null || created_at + after < expires_at;
  const reminder = remind.slice(reminded_at.length).find(isToCome);
  return (
    <>
      {reminder !== undefined && (
        <>
          <dt>{words.policy.reminder}</dt>
          <dd>{momentInWords(created_at + reminder, nowMs)}</dd>
        </>
      )}
      {escalate.map(({ after, to }, at) => {
        const came = escalated_at[at];
        if (came === undefined && !isToCome(after)) return null;
        const when = momentInWords(came ?? created_at + after, nowMs);
        return (
          <>
            <dt>{came === undefined ? words.policy.escalates : words.policy.escalated}</dt>
            <dd>{visible(words.policy.escalation(to.join(", "), when))}</dd>
          </>
        );
      })}
      {expires_at !== null && (
        <>
          <dt>{words.policy.lapse}</dt>
          <dd>{on_expire === "reject" ? words.policy.refused : words.policy.cancelled}</dd>
        </>
      )}
    </>
  );
}

/** Who decides, and until when, such as "2 of group:finance, not the requester, by 14:00 UTC (in 3 hours)". */
function rulesInWords(approval: ApprovalRecord, nowMs: number): string {
  const { expires_at, policy, status } = approval;
  const deciders = decidersInWords({
    ...policy,
    // Where nobody knows who asked, nobody can be told apart from them.
    allow_self: policy.allow_self || !isRequesterKnown(approval),
  });
  if (status !== "pending" || expires_at === null) return deciders;
  return words.policy.until(deciders, momentInWords(expires_at, nowMs));
}

/** Without a credential nobody is known; a security key is one for all, and yet may name the user whom it asks for. */
function isRequesterKnown({ requested_by, user_id }: ApprovalRecord): boolean {
  if (requested_by === null || requested_by === "anonymous") return false;
  return requested_by !== "root" || user_id !== null;
}

function momentInWords(seconds: number, nowMs: number): string {
  return words.policy.moment(hourOf(seconds, nowMs), fromNow(seconds, nowMs));
}

/** What the approver is to read beside the arguments; it comes from the tool's own code. */
export function Preview({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <>
      <h2>{words.policy.preview}</h2>
      <p class="card said">{visible(text)}</p>
    </>
  );
}
