import { visible } from "../approval/visible.ts";
import { Moment } from "./moment.tsx";
import { firstWords } from "./text.ts";
import { TriggerPage, type TriggerPart, triggerParts } from "./trigger-page.tsx";
import { words } from "./words.ts";

/** Something that came in, as it is listed; times are epoch milliseconds. */
export interface EventShown {
  id: string;
  webhook: string;
  /** As its sender calls it; null where it does not say. */
  type: string | null;
  status: EventStatus;
  run_id: string | null;
  error: string | null;
  deliveries: number;
  created_at_ms: number;
}
export type EventStatus = "started" | "ignored" | "failed";

export interface EventListProps {
  parts: readonly TriggerPart[];
  events: readonly EventShown[];
  filter: { webhook?: string; status?: EventStatus; run_id?: string };
  /** The ids of the webhooks to choose from. */
  webhooks: readonly string[];
  /** The address of the page behind this one; null at the end. */
  older: string | null;
  /** The address of the first page; null on it. */
  newest: string | null;
  nowMs: number;
}

const { path } = triggerParts.events;
const statuses = Object.keys(words.events.statuses) as EventStatus[];

/** The log of what came in, newest first. */
export function EventList(props: EventListProps) {
  const { parts, events, newest, older, nowMs } = props;
  return (
    <TriggerPage part="events" parts={parts} title={words.events.title}>
      <Filters {...props} />
      <div id="live" data-live="">
        {events.length === 0 && (
          <p class="card">
            <Nothing {...props} />
          </p>
        )}
        <EventRows events={events} nowMs={nowMs} />
      </div>
      {(newest !== null || older !== null) && (
        <nav class="actions" aria-label={words.common.pages}>
          {newest !== null && <a href={newest}>{words.common.newest}</a>}
          {older !== null && <a href={older}>{words.common.older}</a>}
        </nav>
      )}
    </TriggerPage>
  );
}

/** What came in, one entry each; what its sender says of it is text from outside. */
export function EventRows({ events, nowMs }: { events: readonly EventShown[]; nowMs: number }) {
  return (
    <ul class="list">
      {events.map(({ created_at_ms, deliveries, error, id, run_id, status, type, webhook }) => (
        <li class="card">
          <a href={`/panel/events/${id}`}>
            <strong>{typeInWords(type)}</strong>
          </a>{" "}
          <span class="dim">
            {words.events.by(
              visible(webhook),
              <Moment seconds={created_at_ms / 1000} nowMs={nowMs} />,
            )}
          </span>
          <div>
            <span class={status === "failed" ? "paused" : ""}>{words.events.statuses[status]}</span>
            <span class="dim">, {words.events.deliveries(deliveries)}</span>
            {run_id !== null && (
              <>
                {" · "}
                <a href={`/panel/runs/${run_id}`}>{words.events.run}</a>
              </>
            )}
          </div>
          {error !== null && <div class="dim">{firstWords(error)}</div>}
        </li>
      ))}
    </ul>
  );
}

/** What its sender calls an event. */
export function typeInWords(type: string | null): string {
  return type === null ? words.events.untyped : visible(type);
}

function Filters({ filter, webhooks }: Pick<EventListProps, "filter" | "webhooks">) {
  const { run_id, status, webhook } = filter;
  const isKnown = webhook === undefined || webhooks.includes(webhook);
  // What is not in the code any more may have left events.
  const all = isKnown ? webhooks : [...webhooks, webhook];
  return (
    <form method="get" action={path} class="filters">
      {run_id !== undefined && <input type="hidden" name="run_id" value={run_id} />}
      <label>
        {words.events.webhook}
        <select name="webhook">
          <option value="">{words.events.any}</option>
          {all.map((id) => (
            <option value={id} selected={id === webhook}>
              {visible(id)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.common.status}
        <select name="status">
          <option value="">{words.events.any}</option>
          {statuses.map((one) => (
            <option value={one} selected={one === status}>
              {words.events.statuses[one]}
            </option>
          ))}
        </select>
      </label>
      <button>{words.events.filter}</button>
    </form>
  );
}

function Nothing({ filter, newest }: Pick<EventListProps, "filter" | "newest">) {
  if (newest !== null) return <>{words.events.noOlder}</>;
  if (Object.keys(filter).length === 0) return <>{words.events.none}</>;
  return (
    <>
      {words.events.noFit} <a href={path}>{words.events.seeAll}</a>
    </>
  );
}
