import { type Context, Hono } from "hono";
import { KernError } from "../../errors.ts";
import { textsOf } from "../../approval/read-answer.ts";
import { EventDetail, type EventDetailProps } from "../../panel/event-detail.tsx";
import { EventList, type EventListProps } from "../../panel/event-list.tsx";
import { triggerParts } from "../../panel/trigger-page.tsx";
import { words } from "../../panel/words.ts";
import type { Position } from "../../run/position.ts";
import { type EventRow, eventStatuses } from "../../run/trigger-store.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import type { Principal } from "../principal.ts";
import { isOfThisMachine } from "../loopback.ts";
import { ofAll } from "../schedule-routes.ts";
import { ownForms } from "./forms.ts";
import type { PanelParts } from "./parts.ts";
import { placeOf, placeText } from "./place.ts";
import { mayStart, partsFor } from "./triggers.tsx";

const reads = requires("webhooks:read");
const pageSize = 50;
const { path } = triggerParts.events;

/** The log of what came in, each event by itself, and the form that replays it. */
export function eventPages(parts: PanelParts): Hono<OsEnv> {
  const { now, triggers } = parts;
  const { inbound } = triggers;
  const app = new Hono<OsEnv>();
  const page = (c: Context<OsEnv>, { body, headers, ...event }: EventRow, problem?: string) => {
    const kept = JSON.parse(headers) as Record<string, string>;
    return (
      <EventDetail
        parts={partsFor(c.var.principal)}
        event={event}
        headers={kept}
        body={contentIn(body, kept["content-type"])}
        replay={replayOf(event, c.var.principal, parts)}
        nowMs={now()}
        problem={problem}
      />
    );
  };

  app.get("/", reads, ofAll, async (c) => {
    const filter = filterOf(c);
    const after = placeOf(c.req.query("after"));
    const rows = await inbound.list(c.env, filter, { limit: pageSize + 1, after });
    const events = rows.slice(0, pageSize);
    const last = events.at(-1);
    return c.html(
      <EventList
        parts={partsFor(c.var.principal)}
        events={events}
        filter={filter}
        webhooks={inbound.webhooks.map(({ id }) => id)}
        older={rows.length > pageSize && last !== undefined ? addressOf(filter, last) : null}
        newest={after && addressOf(filter, null)}
        nowMs={now()}
      />,
    );
  });

  app.get("/:event_id", reads, ofAll, async (c) =>
    c.html(page(c, await inbound.read(c.env, c.req.param("event_id")))),
  );

  app.post("/:event_id/replay", ownForms, reads, ofAll, async (c) => {
    const id = c.req.param("event_id");
    const typed = textsOf(await readForm(c));
    const row = await inbound.read(c.env, id);
    if (typed.get("replays") !== String(row.replays))
      return c.html(page(c, row, words.event.meanwhile), 409);
    try {
      await inbound.replay(c.env, id, {
        again: typed.get("again") === "yes",
        by: c.var.principal,
        local: isOfThisMachine(c.req.raw),
      });
    } catch (error) {
      if (!(error instanceof KernError) || error.status !== 409) throw error;
      const after = await inbound.read(c.env, id);
      return c.html(page(c, after, words.event.refused(error.message)), 409);
    }
    return c.redirect(`${path}/${id}`, 303);
  });

  return app;
}

type Filter = EventListProps["filter"];

/** A form sends what was left open as an empty text. */
function filterOf(c: Context<OsEnv>): Filter {
  const status = eventStatuses.find((one) => one === c.req.query("status"));
  const webhook = c.req.query("webhook");
  const runId = c.req.query("run_id");
  return {
    ...(webhook && { webhook }),
    ...(status !== undefined && { status }),
    ...(runId && { run_id: runId }),
  };
}

function addressOf(filter: Filter, after: Position | null): string {
  const query = new URLSearchParams({ ...filter, ...(after && { after: placeText(after) }) });
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** What came in, without the form that GitHub may put around it. */
function contentIn(body: string, contentType = ""): string {
  const isForm = contentType.toLowerCase().startsWith("application/x-www-form-urlencoded");
  return (isForm && new URLSearchParams(body).get("payload")) || body;
}

/** Whoever replays an event runs its webhook's agent. */
function replayOf(
  { webhook }: Pick<EventRow, "webhook">,
  principal: Principal,
  parts: PanelParts,
): EventDetailProps["replay"] {
  const { inbound } = parts.triggers;
  const id = inbound.webhooks.find((trigger) => trigger.id === webhook)?.agent;
  if (id === undefined) return "gone";
  return mayStart(principal, id, parts) ? "may" : "may not";
}
