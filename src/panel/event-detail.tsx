import { visible } from "../approval/visible.ts";
import { type EventShown, typeInWords } from "./event-list.tsx";
import { indented } from "./indented.ts";
import { clock, Moment } from "./moment.tsx";
import { shown } from "./text.ts";
import { TriggerPage, type TriggerPart } from "./trigger-page.tsx";
import { words } from "./words.ts";

export interface EventDetailProps {
  parts: readonly TriggerPart[];
  event: EventShown & { replays: number; updated_at_ms: number };
  /** The headers that were kept, by their names. */
  headers: Readonly<Record<string, string>>;
  /** What came in. */
  body: string;
  /** Whether it can be replayed, by whoever looks at it. */
  replay: "may" | "may not" | "gone";
  nowMs: number;
  /** What the last attempt to replay it came to, where it did not go through. */
  problem?: string | undefined;
}

/** One event: what came in, what came of it, and the form that replays it. */
export function EventDetail({
  parts,
  event,
  headers,
  body,
  replay,
  nowMs,
  problem,
}: EventDetailProps) {
  const { error, type, webhook } = event;
  return (
    <TriggerPage
      part={null}
      parts={parts}
      title={words.event.title(typeInWords(type))}
      problem={problem}
    >
      <Facts event={event} nowMs={nowMs} />
      {error !== null && (
        <>
          <h2>{words.event.error}</h2>
          <p class="card said">{shown(error)}</p>
        </>
      )}
      <section>
        {replay === "may" && <Replay event={event} />}
        {replay === "may not" && <p class="dim">{words.event.mayNot}</p>}
        {replay === "gone" && <p class="dim">{words.event.gone}</p>}
      </section>
      <h2 id="body-title">{words.event.body}</h2>
      <p class="card notice">{words.event.outside(visible(webhook))}</p>
      {body === "" ? (
        <p class="dim">{words.event.empty}</p>
      ) : (
        <pre tabindex={0} aria-labelledby="body-title">
          {shown(indented(body))}
        </pre>
      )}
      <Headers headers={headers} />
    </TriggerPage>
  );
}

function Facts({ event, nowMs }: Pick<EventDetailProps, "event" | "nowMs">) {
  const { created_at_ms, deliveries, id, replays, run_id, status, updated_at_ms, webhook } = event;
  return (
    <dl>
      <dt>{words.common.status}</dt>
      <dd>
        <span class={status === "failed" ? "paused" : "badge"}>
          {words.events.statuses[status]}
        </span>
      </dd>
      {run_id !== null && (
        <>
          <dt>{words.common.run}</dt>
          <dd>
            <a href={`/panel/runs/${run_id}`}>{run_id}</a>
          </dd>
        </>
      )}
      <dt>{words.events.webhook}</dt>
      <dd>
        <a href={`/panel/events?webhook=${encodeURIComponent(webhook)}`}>{visible(webhook)}</a>
      </dd>
      <dt>{words.event.first}</dt>
      <dd>
        <Moment seconds={created_at_ms / 1000} nowMs={nowMs} />{" "}
        <span class="dim">({clock(created_at_ms / 1000)})</span>
      </dd>
      <dt>{words.event.last}</dt>
      <dd>
        <Moment seconds={updated_at_ms / 1000} nowMs={nowMs} />
      </dd>
      <dt>{words.event.delivered}</dt>
      <dd>{words.event.times(deliveries)}</dd>
      <dt>{words.event.replayed}</dt>
      <dd>{replays === 0 ? words.event.never : words.event.times(replays)}</dd>
      <dt>{words.event.id}</dt>
      <dd>{id}</dd>
    </dl>
  );
}

/** What has started a run asks once more before it starts another. */
function Replay({ event }: Pick<EventDetailProps, "event">) {
  const { id, replays, status } = event;
  const isAgain = status === "started";
  const form = (
    <form method="post" action={`/panel/events/${id}/replay`}>
      {/* What was looked at is what is replayed: a form that is sent twice replays once. */}
      <input type="hidden" name="replays" value={String(replays)} />
      {isAgain && <input type="hidden" name="again" value="yes" />}
      <p class="dim">{isAgain ? words.event.anotherHint : words.event.replayHint}</p>
      <div class="actions">
        {isAgain ? (
          <button class="no">{words.event.anotherSurely}</button>
        ) : (
          <button>{words.event.replay}</button>
        )}
      </div>
    </form>
  );
  if (!isAgain) return form;
  return (
    <details class="more">
      <summary>{words.event.another}</summary>
      {form}
    </details>
  );
}

function Headers({ headers }: Pick<EventDetailProps, "headers">) {
  const all = Object.entries(headers);
  return (
    <>
      <h2>{words.event.headers}</h2>
      {all.length === 0 && <p class="dim">{words.event.noHeaders}</p>}
      {all.length > 0 && (
        <dl>
          {all.map(([name, value]) => (
            <>
              <dt>{visible(name)}</dt>
              <dd>{shown(value)}</dd>
            </>
          ))}
        </dl>
      )}
    </>
  );
}
