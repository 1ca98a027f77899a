import type { Requirement } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { type Draft, emptyDraft } from "../approval/read-answer.ts";
import { hasEnded, type ShownRun } from "./run.ts";
import { isGatedWait } from "./user-answer.ts";
import { UserAnswerForm } from "./user-answer-form.tsx";

export interface WaitsProps {
  run: ShownRun;
  /** Whether whoever looks at it may say what the run's own user would. */
  mayAnswer: boolean;
  /** What was typed for one of them and not taken. */
  refused?: { id: string; draft: Draft } | undefined;
}

/** What the run waits for, with the forms of what is answered here. */
export function Waits({ run, mayAnswer, refused }: WaitsProps) {
  const requirements = hasEnded(run) ? [] : run.requirements;
  return (
    <section id="waits" data-live="">
      {requirements.length > 0 && (
        <>
          <h2>What it waits for</h2>
          <ul class="list">
            {requirements.map((requirement) => (
              <Wait
                requirement={requirement}
                run={run}
                canAnswer={mayAnswer && isAnswerable(run, requirement)}
                draft={refused?.id === requirement.id ? refused.draft : emptyDraft}
              />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Whether somebody may be typing on the page of the run. */
export function hasForms({ mayAnswer, run }: WaitsProps): boolean {
  return mayAnswer && !hasEnded(run) && run.requirements.some((one) => isAnswerable(run, one));
}

/** The run's own user has no say while an approval is pending, as the run itself sees it. */
function isAnswerable({ requirements }: ShownRun, requirement: Requirement): boolean {
  return requirement.tool_execution.is_abridged !== true && !requirements.some(isGatedWait);
}

interface WaitProps {
  requirement: Requirement;
  run: ShownRun;
  canAnswer: boolean;
  draft: Draft;
}

function Wait({ requirement, run, canAnswer, draft }: WaitProps) {
  const { id, member_agent_name: member, member_run_id: memberRun } = requirement;
  const { approval_id: approval, is_abridged, tool_name } = requirement.tool_execution;
  const isGated = isGatedWait(requirement);
  return (
    <li class="card" id={`wait-${id}`} data-keep={canAnswer ? "" : undefined}>
      <strong>{visible(tool_name)}</strong>
      {member !== undefined && <span class="dim"> of {visible(member)}</span>}
      {isGated && (
        <div>
          <a href={`/panel/approvals/${approval}`}>Look at it and decide</a>
        </div>
      )}
      {!isGated && (
        <p>
          The run's own user answers this,{" "}
          {canAnswer
            ? "where they talk with the agent, or you do it here for them."
            : run.requirements.some(isGatedWait)
              ? "once the approvals are decided."
              : "where they talk with the agent."}
          {is_abridged === true && memberRun !== undefined && (
            <>
              {" "}
              <a href={`/panel/runs/${memberRun}`}>The member's run has all of it</a>
            </>
          )}
        </p>
      )}
      {canAnswer && <UserAnswerForm runId={run.run_id} requirement={requirement} draft={draft} />}
    </li>
  );
}
