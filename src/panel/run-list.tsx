import { type RunStatus, runStatuses } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";

import { firstWords } from "./text.ts";
import { Moment } from "./moment.tsx";
import { words } from "./words.ts";

export interface Choice {
  id: string;
  name: string;
}

export interface ListedRun {
  id: string;
  name: string;
  /** The team that it is a member's run of. */
  team: string | null;
  input: string;
  user: string | null;
  status: RunStatus;
  createdAtMs: number;
}

interface RunListProps {
  runs: ListedRun[];
  filter: { status?: RunStatus; agent_id?: string; team_id?: string };
  agents: Choice[];
  teams: Choice[];
  /** The address of the page behind this one; null at the end. */
  older: string | null;
  /** The address of the first page; null on it. */
  newest: string | null;
  nowMs: number;
}

/** The runs that somebody may see, newest first. */
export function RunList({ runs, filter, agents, teams, older, newest, nowMs }: RunListProps) {
  return (
    <Page section="runs" title={words.runs.title}>
      <form method="get" action="/panel/runs" class="filters">
        <label>
          {words.common.status}
          <select name="status">
            <option value="">{words.runs.any}</option>
            {runStatuses.map((status) => (
              <option value={status} selected={status === filter.status}>
                {words.runs.statuses[status]}
              </option>
            ))}
          </select>
        </label>
        <Choices
          label={words.common.agent}
          name="agent_id"
          choices={agents}
          chosen={filter.agent_id}
        />
        {(teams.length > 0 || filter.team_id !== undefined) && (
          <Choices
            label={words.common.team}
            name="team_id"
            choices={teams}
            chosen={filter.team_id}
          />
        )}
        <button>{words.runs.filter}</button>
      </form>
      <div id="live" data-live="">
        {runs.length === 0 && (
          <p class="card">
            <Nothing isFiltered={Object.keys(filter).length > 0} older={older} newest={newest} />
          </p>
        )}
        <ul class="list">
          {runs.map((run) => (
            <Row run={run} nowMs={nowMs} />
          ))}
        </ul>
      </div>
      {(newest !== null || older !== null) && (
        <nav class="actions" aria-label={words.common.pages}>
          {newest !== null && <a href={newest}>{words.common.newest}</a>}
          {older !== null && <a href={older}>{words.common.older}</a>}
        </nav>
      )}
    </Page>
  );
}

function Row({ run, nowMs }: { run: ListedRun; nowMs: number }) {
  return (
    <li class="card">
      <a href={`/panel/runs/${run.id}`}>
        <strong>{visible(run.name)}</strong>: {words.runs.statuses[run.status]}
      </a>
      {run.team !== null && <span class="dim">{words.runs.forTeam(visible(run.team))}</span>}
      <div>{firstWords(run.input)}</div>
      <div class="dim">
        {run.user === null ? words.common.noUser : words.common.forUser(visible(run.user))} ·{" "}
        <Moment seconds={run.createdAtMs / 1000} nowMs={nowMs} />
      </div>
    </li>
  );
}

interface NothingProps {
  isFiltered: boolean;
  older: string | null;
  newest: string | null;
}

function Nothing({ isFiltered, newest, older }: NothingProps) {
  if (older !== null) return <>{words.runs.noneYet}</>;
  if (newest !== null) return <>{words.runs.noOlder}</>;
  if (isFiltered)
    return (
      <>
        {words.runs.noFit} <a href="/panel/runs">{words.runs.seeAll}</a>
      </>
    );
  return (
    <>
      {words.runs.none((text) => (
        <a href="/panel/try">{text}</a>
      ))}
    </>
  );
}

interface ChoicesProps {
  label: string;
  name: string;
  choices: Choice[];
  chosen: string | undefined;
}

function Choices({ label, name, choices, chosen }: ChoicesProps) {
  const isKnown = chosen === undefined || choices.some(({ id }) => id === chosen);
  // What is not configured any more may have left runs.
  const all = isKnown ? choices : [...choices, { id: chosen, name: chosen }];
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">{words.runs.any}</option>
        {all.map((choice) => (
          <option value={choice.id} selected={choice.id === chosen}>
            {visible(choice.name)}
          </option>
        ))}
      </select>
    </label>
  );
}
