import { type EventShown, EventRows } from "./event-list.tsx";
import { ScheduleCard, type ScheduleShown, type ScheduleTimeShown } from "./schedule-card.tsx";
import { TriggerPage, type TriggerPart } from "./trigger-page.tsx";
import { WebhookCard, type WebhookShown } from "./webhook-card.tsx";
import { words } from "./words.ts";

export interface TriggersProps {
  parts: readonly TriggerPart[];
  /** Null where they are not for whoever looks at it. */
  webhooks: { all: readonly WebhookShown[]; last: readonly EventShown[] } | null;
  schedules: SchedulesShown | null;
  nowMs: number;
}

export interface SchedulesShown {
  all: readonly {
    schedule: ScheduleShown;
    last: readonly ScheduleTimeShown[];
    /** Whether whoever looks at it may pause it, and have it run. */
    mayTurn: boolean;
  }[];
  /** What makes a press on a button of this page one, however often it is sent. */
  attempt: string;
  /** The address of the schedules behind these; null at the end. */
  further: string | null;
  /** The address of the first ones; null on their page. */
  first: string | null;
}

/** Everything that starts runs by itself. */
export function Triggers({ parts, webhooks, schedules, nowMs }: TriggersProps) {
  return (
    <TriggerPage part="overview" parts={parts} title={words.triggers.title}>
      {webhooks !== null && <Webhooks {...webhooks} nowMs={nowMs} />}
      {schedules !== null && <Schedules {...schedules} nowMs={nowMs} />}
    </TriggerPage>
  );
}

function Webhooks({
  all,
  last,
  nowMs,
}: NonNullable<TriggersProps["webhooks"]> & { nowMs: number }) {
  return (
    <section>
      <h2>{words.webhooks.title}</h2>
      {all.length === 0 && (
        <p class="card">
          {words.webhooks.none((name) => (
            <code>{name}</code>
          ))}
        </p>
      )}
      <ul class="list">
        {all.map((webhook, at) => (
          <WebhookCard webhook={webhook} at={at} />
        ))}
      </ul>
      {last.length > 0 && (
        <>
          <h2>{words.webhooks.last}</h2>
          <EventRows events={last} nowMs={nowMs} />
        </>
      )}
    </section>
  );
}

function Schedules({
  all,
  attempt,
  first,
  further,
  nowMs,
}: SchedulesShown & Pick<TriggersProps, "nowMs">) {
  return (
    <section>
      <h2>{words.schedules.title}</h2>
      {all.length === 0 && <p class="card">{words.schedules.none}</p>}
      <ul class="list">
        {all.map((one) => (
          <ScheduleCard {...one} attempt={attempt} nowMs={nowMs} />
        ))}
      </ul>
      {(first !== null || further !== null) && (
        <nav class="actions" aria-label={words.common.pages}>
          {first !== null && <a href={first}>{words.schedules.first}</a>}
          {further !== null && <a href={further}>{words.schedules.further}</a>}
        </nav>
      )}
    </section>
  );
}
