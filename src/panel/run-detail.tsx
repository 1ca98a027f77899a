import { visible } from "../approval/visible.ts";
import { Held, type HeldProps } from "./held.tsx";
import { Page } from "./page.tsx";
import { Speaker, Turns } from "./run-turns.tsx";
import { hasForms, Waits, type WaitsProps } from "./run-waits.tsx";
import { handedOver, hasEnded, isMoving, type ShownRun, statusWords } from "./run.ts";
import { shown } from "./text.ts";
import { Moment } from "./moment.tsx";

export interface RunDetailProps {
  run: ShownRun;
  /** What agents and teams are called, by their ids. */
  nameOf: (id: string) => string;
  /** Whether whoever looks at it may run its agent: answer for its user, and cancel it. */
  mayRun: boolean;
  /** Which kill switches concern it. */
  held: HeldProps;
  /** Whether one of them keeps it from moving. */
  isHeld: boolean;
  nowMs: number;
  /** What the last attempt to answer came to, where it did not go through. */
  problem?: string | undefined;
  refused?: WaitsProps["refused"];
}

/** One run: where it stands, what it waits for, and everything that was said and done. */
export function RunDetail(props: RunDetailProps) {
  const { run, nameOf, mayRun, held, isHeld, problem, refused } = props;
  const name = nameOf(run.agent_id ?? run.team_id ?? "");
  const waits = { run, mayAnswer: mayRun, refused };
  return (
    <Page
      section="runs"
      title={`Run of ${visible(name)}`}
      refreshes={isMoving(run) && !hasForms(waits) ? 5 : undefined}
    >
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      <Held {...held} />
      <dl id="facts" data-live="" data-moving={isMoving(run) && !isHeld ? run.run_id : undefined}>
        <dt>Status</dt>
        <dd>
          <span class="badge">{statusWords[run.status]}</span>
          {isMoving(run) && (
            <span class="dim">{isHeld ? " (held, see above)" : " (this page follows it)"}</span>
          )}
        </dd>
        <Facts {...props} />
      </dl>
      <Waits {...waits} />
      <Members run={run} nameOf={nameOf} />
      <section id="talk" data-live="">
        <h2>Conversation</h2>
        <div class="turn">
          <h3>{run.parent_run_id === null ? "User" : "Task, from the team's leader"}</h3>
          <p class="said">{shown(run.messages[0]?.content ?? "")}</p>
        </div>
        <Turns run={run} name={name} />
      </section>
      <div id="typing" class="turn" hidden>
        <Speaker name={name} />
        <p class="said" />
      </div>
      <End run={run} name={name} />
      <div id="cancel" data-live="">
        {mayRun && !hasEnded(run) && (
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

function Members({ run, nameOf }: Pick<RunDetailProps, "run" | "nameOf">) {
  const members = handedOver(run);
  return (
    <section id="members" data-live="">
      {members.length > 0 && (
        <>
          <h2>Members at work for it</h2>
          <ul class="list">
            {members.map(({ child_run_id, result, tool_args }) => {
              const member = String(tool_args["member_id"] ?? "A member");
              return (
                <li>
                  <a href={`/panel/runs/${child_run_id}`}>{visible(nameOf(member))}</a>
                  <span class="dim">{result === null ? " has not answered yet" : " answered"}</span>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}

function Facts({ run, nameOf, nowMs }: Pick<RunDetailProps, "run" | "nameOf" | "nowMs">) {
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

/** How it ended: the answer is the agent's, and the error kern's. */
function End({ run, name }: { run: ShownRun; name: string }) {
  const isError = run.status === "ERROR";
  return (
    <section id="end" data-live="">
      {run.status === "CANCELLED" && <p class="card notice">The run was cancelled.</p>}
      {(isError || run.status === "COMPLETED") && (
        <>
          <h2>{isError ? "Why it failed" : "Final answer"}</h2>
          <div class="card">
            {!isError && <p class="dim">Written by {visible(name)}, not by a person:</p>}
            <div class="said">{shown(run.content ?? "")}</div>
          </div>
        </>
      )}
    </section>
  );
}
