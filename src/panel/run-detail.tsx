import { visible } from "../approval/visible.ts";
import { Held, type HeldProps } from "./held.tsx";
import { Page } from "./page.tsx";
import { Speaker, Turns } from "./run-turns.tsx";
import { hasForms, Waits, type WaitsProps } from "./run-waits.tsx";
import { handedOver, hasEnded, isMoving, type ShownRun } from "./run.ts";
import { StartedBy } from "./started-by.tsx";
import { shown } from "./text.ts";
import { Moment } from "./moment.tsx";
import { words } from "./words.ts";

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
      title={words.run.title(visible(name))}
      refreshes={isMoving(run) && !hasForms(waits) ? 5 : undefined}
    >
      {problem !== undefined && (
        <p class="card notice" role="alert">
          {visible(problem)}
        </p>
      )}
      <Held {...held} />
      <dl id="facts" data-live="" data-moving={isMoving(run) && !isHeld ? run.run_id : undefined}>
        <dt>{words.common.status}</dt>
        <dd>
          <span class="badge">{words.runs.statuses[run.status]}</span>
          {isMoving(run) && <span class="dim"> {isHeld ? words.run.held : words.run.follows}</span>}
        </dd>
        <Facts {...props} />
      </dl>
      <Waits {...waits} />
      <Members run={run} nameOf={nameOf} />
      <section id="talk" data-live="">
        <h2>{words.run.conversation}</h2>
        <div class="turn">
          <h3>{run.parent_run_id === null ? words.run.user : words.run.task}</h3>
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
            <p class="dim">{words.run.cancelHint}</p>
            <div class="actions">
              <button class="no">{words.run.cancel}</button>
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
          <h2>{words.run.members}</h2>
          <ul class="list">
            {members.map(({ child_run_id, result, tool_args }) => {
              const member = String(tool_args["member_id"] ?? words.run.aMember);
              return (
                <li>
                  <a href={`/panel/runs/${child_run_id}`}>{visible(nameOf(member))}</a>
                  <span class="dim">
                    {" "}
                    {result === null ? words.run.unanswered : words.run.answered}
                  </span>
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
          <dt>{words.common.agent}</dt>
          <dd>{visible(nameOf(run.agent_id))}</dd>
        </>
      )}
      {run.team_id !== null && (
        <>
          <dt>{words.common.team}</dt>
          <dd>{visible(nameOf(run.team_id))}</dd>
        </>
      )}
      {run.parent_run_id !== null && (
        <>
          <dt>{words.run.worksFor}</dt>
          <dd>
            <a href={`/panel/runs/${run.parent_run_id}`}>{words.run.teamRun}</a>
          </dd>
        </>
      )}
      <dt>{words.run.for}</dt>
      <dd>{run.user_id === null ? words.common.noUser : visible(run.user_id)}</dd>
      <dt>{words.common.startedBy}</dt>
      <dd>
        <StartedBy requestedBy={run.requested_by} scheduleId={run.schedule_id} />
      </dd>
      <dt>{words.run.started}</dt>
      <dd>
        <Moment seconds={run.created_at} nowMs={nowMs} />
      </dd>
      <dt>{words.run.session}</dt>
      <dd>{visible(run.session_id)}</dd>
      <dt>{words.common.run}</dt>
      <dd>{run.run_id}</dd>
    </>
  );
}

/** How it ended: the answer is the agent's, and the error kern's. */
function End({ run, name }: { run: ShownRun; name: string }) {
  const isError = run.status === "ERROR";
  return (
    <section id="end" data-live="">
      {run.status === "CANCELLED" && <p class="card notice">{words.run.cancelled}</p>}
      {(isError || run.status === "COMPLETED") && (
        <>
          <h2>{isError ? words.run.failed : words.run.final}</h2>
          <div class="card">
            {!isError && <p class="dim">{words.run.by(visible(name))}</p>}
            <div class="said">{shown(run.content ?? "")}</div>
          </div>
        </>
      )}
    </section>
  );
}
