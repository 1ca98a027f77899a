import type { Requirement } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { type Draft, emptyDraft } from "../approval/read-answer.ts";
import { hasEnded, type ShownRun } from "./run.ts";
import { isGatedWait } from "./user-answer.ts";
import { UserAnswerForm } from "./user-answer-form.tsx";
import { words } from "./words.ts";

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
          <h2>{words.waits.title}</h2>
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
      {member !== undefined && <span class="dim">{words.waits.of(visible(member))}</span>}
      {isGated && (
        <div>
          <a href={`/panel/approvals/${approval}`}>{words.waits.decide}</a>
        </div>
      )}
      {!isGated && (
        <p>
          {canAnswer
            ? words.waits.byUserOrYou
            : run.requirements.some(isGatedWait)
              ? words.waits.byUserLater
              : words.waits.byUser}
          {is_abridged === true && memberRun !== undefined && (
            <>
              {" "}
              <a href={`/panel/runs/${memberRun}`}>{words.waits.inMember}</a>
            </>
          )}
        </p>
      )}
      {canAnswer && <UserAnswerForm runId={run.run_id} requirement={requirement} draft={draft} />}
    </li>
  );
}
