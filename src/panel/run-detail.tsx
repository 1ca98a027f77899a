import type { Child } from "hono/jsx";
import type { Requirement } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";
import { Turns } from "./run-turns.tsx";
import { handedOver, hasEnded, isMoving, type ShownRun, statusWords } from "./run.ts";
import { shown } from "./text.ts";
import { Moment } from "./moment.tsx";

interface RunDetailProps {
  run: ShownRun;
  /** What agents and teams are called, by their ids. */
  nameOf: (id: string) => string;
  mayCancel: boolean;
  nowMs: number;
}

/** One run: where it stands, what it waits for, and everything that was said and done. */
export function RunDetail({ run, nameOf, mayCancel, nowMs }: RunDetailProps) {
  const name = nameOf(run.agent_id ?? run.team_id ?? "");
  const members = handedOver(run);
  return (
    <Page
      section="runs"
      title={`Run of ${visible(name)}`}
      refreshes={isMoving(run) ? 5 : undefined}
    >
      <div id="live" data-live="" data-moving={isMoving(run) ? "" : undefined}>
        <dl>
          <dt>Status</dt>
          <dd>
            <span class="badge">{statusWords[run.status]}</span>
            {isMoving(run) && <span class="dim"> (this page follows it)</span>}
          </dd>
          <Facts run={run} nameOf={nameOf} nowMs={nowMs} />
        </dl>
        {run.requirements.length > 0 && !hasEnded(run) && (
          <Section title="What it waits for">
            <ul class="list">
              {run.requirements.map((requirement) => (
                <Wait requirement={requirement} />
              ))}
            </ul>
          </Section>
        )}
        {members.length > 0 && (
          <Section title="Members at work for it">
            <ul class="list">
              {members.map(({ child_run_id, result, tool_args }) => {
                const member = String(tool_args["member_id"] ?? "A member");
                return (
                  <li>
                    <a href={`/panel/runs/${child_run_id}`}>{visible(nameOf(member))}</a>
                    <span class="dim">
                      {result === null ? " has not answered yet" : " answered"}
                    </span>
                  </li>
                );
              })}
            </ul>
          </Section>
        )}
        <Section title="Conversation">
          <div class="turn">
            <h3>{run.parent_run_id === null ? "User" : "Task, from the team's leader"}</h3>
            <p class="said">{shown(run.messages[0]?.content ?? "")}</p>
          </div>
          <Turns run={run} name={name} />
        </Section>
        <End run={run} name={name} />
        {mayCancel && !hasEnded(run) && (
          <form method="post" action={`/panel/runs/${run.run_id}/cancel`}>
            <p class="dim">Cancelling ends the run for good, with everything that waits in it.</p>
            <div class="actions">
              <button class="no">Cancel this run</button>
            </div>
          </form>
        )}
      </div>
    </Page>
  );
}

function Section({ title, children }: { title: string; children?: Child }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Facts({ run, nameOf, nowMs }: Omit<RunDetailProps, "mayCancel">) {
  return (
    <>
      {run.agent_id !== null && (
        <>
          <dt>Agent</dt>
          <dd>{visible(nameOf(run.agent_id))}</dd>
        </>
      )}
      {run.team_id !== null && (
        <>
          <dt>Team</dt>
          <dd>{visible(nameOf(run.team_id))}</dd>
        </>
      )}
      {run.parent_run_id !== null && (
        <>
          <dt>Works for</dt>
          <dd>
            <a href={`/panel/runs/${run.parent_run_id}`}>the run of its team</a>
          </dd>
        </>
      )}
      <dt>For</dt>
      <dd>{run.user_id === null ? "No user named" : visible(run.user_id)}</dd>
      <dt>Started by</dt>
      <dd>{visible(run.requested_by)}</dd>
      <dt>Started</dt>
      <dd>
        <Moment seconds={run.created_at} nowMs={nowMs} />
      </dd>
      <dt>Session</dt>
      <dd>{visible(run.session_id)}</dd>
      <dt>Run</dt>
      <dd>{run.run_id}</dd>
    </>
  );
}

function Wait({ requirement }: { requirement: Requirement }) {
  const { member_agent_name: member, tool_execution: call } = requirement;
  const { approval_id: approval, approval_type: type } = call;
  return (
    <li class="card">
      <strong>{visible(call.tool_name)}</strong>
      {member !== undefined && <span class="dim"> of {visible(member)}</span>}
      <div>
        {approval !== null && type === "required" ? (
          <a href={`/panel/approvals/${approval}`}>Look at it and decide</a>
        ) : (
          <>The run's own user answers this, where they talk with the agent.</>
        )}
      </div>
    </li>
  );
}

/** How it ended: the answer is the agent's, and the error kern's. */
function End({ run, name }: { run: ShownRun; name: string }) {
  if (run.status === "CANCELLED") return <p class="card notice">The run was cancelled.</p>;
  if (!hasEnded(run)) return null;
  const isError = run.status === "ERROR";
  return (
    <Section title={isError ? "Why it failed" : "Final answer"}>
      <div class="card">
        {!isError && <p class="dim">Written by {visible(name)}, not by a person:</p>}
        <div class="said">{shown(run.content ?? "")}</div>
      </div>
    </Section>
  );
}
