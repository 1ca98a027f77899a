import type { Child } from "hono/jsx";
import { visible } from "../approval/visible.ts";
import { clockIn, Moment } from "./moment.tsx";
import { ScheduleForms } from "./schedule-forms.tsx";
import { words } from "./words.ts";

/** A schedule as it is listed; times are epoch milliseconds. */
export interface ScheduleShown {
  id: string;
  source: "code" | "api";
  /** What the agent or team is called that it starts. */
  agent: string;
  cron: string;
  timezone: string;
  is_enabled: boolean;
  next_at_ms: number | null;
}

/** One time that a schedule was due, or was run by hand. */
export interface ScheduleTimeShown {
  id: string;
  due_at_ms: number;
  status: "started" | "queued" | "skipped" | "failed";
  run_id: string | null;
  reason: string | null;
  is_manual: boolean;
}

interface ScheduleCardProps {
  schedule: ScheduleShown;
  /** Its last times, newest first. */
  last: readonly ScheduleTimeShown[];
  mayTurn: boolean;
  attempt: string;
  nowMs: number;
}

/** One schedule: what it starts and when, and what came of it last. */
export function ScheduleCard({ schedule, last, mayTurn, attempt, nowMs }: ScheduleCardProps) {
  return (
    <li class="card">
      <h3>
        <a href={`/panel/schedules/${schedule.id}`}>{schedule.id}</a>
      </h3>
      <dl>
        <ScheduleFacts schedule={schedule} nowMs={nowMs} />
        <dt>{words.schedules.last}</dt>
        <dd>
          {last.length === 0 && words.schedules.noneYet}
          {last.map((time) => (
            <div>
              <ScheduleTime time={time} nowMs={nowMs} />
            </div>
          ))}
        </dd>
      </dl>
      {mayTurn && <ScheduleForms schedule={schedule} attempt={attempt} />}
    </li>
  );
}

/** What a schedule starts, when, whether it runs, and where it comes from. */
export function ScheduleFacts({ schedule, nowMs }: Pick<ScheduleCardProps, "schedule" | "nowMs">) {
  const { agent, cron, is_enabled, source, timezone } = schedule;
  return (
    <>
      <dt>{words.schedules.state}</dt>
      <dd>
        <span class={is_enabled ? "going" : "paused"}>
          {is_enabled ? words.schedules.going : words.schedules.paused}
        </span>
      </dd>
      <dt>{words.schedules.starts}</dt>
      <dd>{visible(agent)}</dd>
      <dt>{words.schedules.times}</dt>
      <dd>{words.schedules.cron(<code>{visible(cron)}</code>, visible(timezone))}</dd>
      <dt>{words.schedules.next}</dt>
      <dd>{nextInWords(schedule, nowMs)}</dd>
      <dt>{words.schedules.from}</dt>
      <dd>{words.schedules.sources[source]}</dd>
    </>
  );
}

function nextInWords({ is_enabled, next_at_ms, timezone }: ScheduleShown, nowMs: number): Child {
  if (next_at_ms === null) return words.schedules.never;
  if (!is_enabled) return words.schedules.notWhilePaused;
  const seconds = next_at_ms / 1000;
  const moment = <Moment seconds={seconds} nowMs={nowMs} />;
  return words.schedules.at(moment, visible(clockIn(seconds, timezone)));
}

interface ScheduleTimeProps {
  time: ScheduleTimeShown;
  /** Where its run stands, in words; null where that is not known. */
  run?: string | null;
  nowMs: number;
}

/** What came of one time that a schedule was due. */
export function ScheduleTime({ time, run = null, nowMs }: ScheduleTimeProps) {
  const { due_at_ms, is_manual, reason, run_id, status } = time;
  const isLost = status === "failed" || status === "skipped";
  return (
    <>
      <Moment seconds={due_at_ms / 1000} nowMs={nowMs} />
      {": "}
      <span class={isLost ? "paused" : ""}>{words.schedule.statuses[status]}</span>
      {is_manual && words.schedule.byHand}
      {reason !== null && words.schedule.reason(visible(reason))}
      {run_id !== null && (
        <>
          {" · "}
          <a href={`/panel/runs/${run_id}`}>{words.schedule.run}</a>
          {run !== null && words.schedule.runIs(run)}
        </>
      )}
    </>
  );
}
