import type { ApprovalRecord } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { shown } from "./text.ts";
import { words } from "./words.ts";

interface ClaimProps {
  approval: ApprovalRecord;
  /** What the agent said when it asked for the call. */
  said: string;
}

/** The agent's own words, apart from what is known: a model writes them, and may be wrong, or be made to be. */
export function Claim({ approval, said }: ClaimProps) {
  const { run_id, source_name } = approval;
  return (
    <section id="claim">
      {said.trim() !== "" && (
        <>
          <h2>{words.approval.claim.title}</h2>
          <div class="card">
            <p class="dim">
              {words.approval.claim.by(visible(source_name ?? words.approval.claim.theAgent))}
            </p>
            <p class="said">{shown(said)}</p>
          </div>
        </>
      )}
      <p>
        <a href={`/panel/runs/${run_id}`}>{words.approval.claim.conversation}</a>
      </p>
    </section>
  );
}
