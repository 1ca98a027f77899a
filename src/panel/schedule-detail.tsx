import type { RunStatus } from "../approval/record.ts";
import { visible } from "../approval/visible.ts";
import { Moment } from "./moment.tsx";
import {
  ScheduleFacts,
  type ScheduleShown,
  ScheduleTime,
  type ScheduleTimeShown,
} from "./schedule-card.tsx";
import { RemoveSchedule, ScheduleForms } from "./schedule-forms.tsx";
import { shown } from "./text.ts";
import { TriggerPage, type TriggerPart } from "./trigger-page.tsx";
import { words } from "./words.ts";

export interface ScheduleDetailProps {
  parts: readonly TriggerPart[];
  schedule: ScheduleShown & {
    message: string;
    user_id: string | null;
    session_id: string | null;
    overlap: "queue" | "skip" | "allow";
    missed: "run_once" | "skip";
    created_at_ms: number;
    updated_at_ms: number;
  };
  /** The names of those who count as having asked for its runs. */
  authors: readonly string[];
  times: readonly {
    time: ScheduleTimeShown;
    /** Where its run stands; null where there is none, or whoever looks at it may not read it. */
    run: RunStatus | null;
  }[];
  /** The address of the page behind this one; null at the end. */
  older: string | null;
  /** The address of the first page; null on it. */
  newest: string | null;
  /** What whoever looks at it may do. */
  mayTurn: boolean;
  mayRemove: boolean;
  attempt: string;
  nowMs: number;
  /** What the last attempt to do something with it came to, where it did not go through. */
  problem?: string | undefined;
}

/** One schedule: all that it says, the times that it was due, and the forms that run, pause and delete it. */
export function ScheduleDetail(props: ScheduleDetailProps) {
  const { attempt, mayRemove, mayTurn, parts, problem, schedule } = props;
  const title = words.schedule.title(schedule.id);
  return (
    <TriggerPage part={null} parts={parts} title={title} problem={problem}>
      <Facts {...props} />
      <h2>{words.schedule.message}</h2>
      <p class="card said">{shown(schedule.message)}</p>
      {mayTurn && <ScheduleForms schedule={schedule} attempt={attempt} />}
      {mayRemove && <RemoveSchedule id={schedule.id} />}
      <Times {...props} />
    </TriggerPage>
  );
}

function Facts({ authors, nowMs, schedule }: ScheduleDetailProps) {
  const { created_at_ms, missed, overlap, session_id, source, updated_at_ms, user_id } = schedule;
  return (
    <dl>
      <ScheduleFacts schedule={schedule} nowMs={nowMs} />
      <dt>{words.schedule.overlap}</dt>
      <dd>{words.schedule.overlaps[overlap]}</dd>
      <dt>{words.schedule.missed}</dt>
      <dd>{words.schedule.misses[missed]}</dd>
      <dt>{words.run.for}</dt>
      <dd>{user_id === null ? words.common.noUser : visible(user_id)}</dd>
      <dt>{words.schedule.session}</dt>
      <dd>{session_id === null ? words.schedule.ownSession : visible(session_id)}</dd>
      <dt>{words.schedule.asked}</dt>
      <dd>{authorsInWords(authors, source)}</dd>
      <dt>{words.schedule.made}</dt>
      <dd>
        <Moment seconds={created_at_ms / 1000} nowMs={nowMs} />
      </dd>
      <dt>{words.schedule.changed}</dt>
      <dd>
        <Moment seconds={updated_at_ms / 1000} nowMs={nowMs} />
      </dd>
    </dl>
  );
}

function authorsInWords(authors: readonly string[], source: "code" | "api"): string {
  if (authors.length > 0) return visible(authors.join(", "));
  return source === "code" ? words.schedule.byCode : words.schedule.byNobody;
}

function Times({ newest, nowMs, older, times }: ScheduleDetailProps) {
  return (
    <>
      <h2>{words.schedule.runs}</h2>
      {times.length === 0 && (
        <p class="card">{newest === null ? words.schedule.noneYet : words.schedule.noOlder}</p>
      )}
      <ul class="list">
        {times.map(({ run, time }) => (
          <li class="card">
            <ScheduleTime
              time={time}
              run={run === null ? null : words.runs.statuses[run]}
              nowMs={nowMs}
            />
          </li>
        ))}
      </ul>
      {(newest !== null || older !== null) && (
        <nav class="actions" aria-label={words.common.pages}>
          {newest !== null && <a href={newest}>{words.common.newest}</a>}
          {older !== null && <a href={older}>{words.common.older}</a>}
        </nav>
      )}
    </>
  );
}
