import { type RunStatus, runStatuses } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Page } from "./page.tsx";
import { statusWords } from "./run.ts";
import { firstWords } from "./text.ts";
import { Moment } from "./moment.tsx";

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
    <Page section="runs" title="Runs">
      <form method="get" action="/panel/runs" class="filters">
        <label>
          Status
          <select name="status">
            <option value="">Any</option>
            {runStatuses.map((status) => (
              <option value={status} selected={status === filter.status}>
                {statusWords[status]}
              </option>
            ))}
          </select>
        </label>
        <Choices label="Agent" name="agent_id" choices={agents} chosen={filter.agent_id} />
        {(teams.length > 0 || filter.team_id !== undefined) && (
          <Choices label="Team" name="team_id" choices={teams} chosen={filter.team_id} />
        )}
        <button>Filter</button>
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
        <nav class="actions" aria-label="Pages">
          {newest !== null && <a href={newest}>Newest</a>}
          {older !== null && <a href={older}>Older</a>}
        </nav>
      )}
    </Page>
  );
}

function Row({ run, nowMs }: { run: ListedRun; nowMs: number }) {
  return (
    <li class="card">
      <a href={`/panel/runs/${run.id}`}>
        <strong>{visible(run.name)}</strong>: {statusWords[run.status]}
      </a>
      {run.team !== null && <span class="dim"> for {visible(run.team)}</span>}
      <div>{firstWords(run.input)}</div>
      <div class="dim">
        {run.user === null ? "No user named" : `For ${visible(run.user)}`} ·{" "}
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
  if (older !== null) return <>None of those looked at so far fits. Older ones may.</>;
  if (newest !== null) return <>There are no older runs.</>;
  if (isFiltered)
    return (
      <>
        No run fits. <a href="/panel/runs">See all of them</a>
      </>
    );
  return (
    <>
      There is no run yet. <a href="/panel/try">Try an agent</a>, or start one over the API: it is
      listed here at once.
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
        <option value="">Any</option>
        {all.map((choice) => (
          <option value={choice.id} selected={choice.id === chosen}>
            {visible(choice.name)}
          </option>
        ))}
      </select>
    </label>
  );
}
