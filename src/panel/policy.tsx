import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { decidersInWords, lineageInWords } from "../approval/words.ts";

/** What a list of facts says of who may decide, who has, and how the call came about. */
export function PolicyFacts({ approval }: { approval: ApprovalRecord }) {
  const { policy, votes } = approval;
  const path = lineageInWords(approval);
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
