import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { type SchedulesShown, Triggers, type TriggersProps } from "../../panel/triggers.tsx";
import { type TriggerPart, triggerParts } from "../../panel/trigger-page.tsx";
import { KernError } from "../../errors.ts";
import type { ScheduleRow } from "../../run/trigger-store.ts";
import { lacking, type OsEnv } from "../auth.ts";
import { holds, type Principal } from "../principal.ts";
import { ofAll } from "../schedule-routes.ts";
import { readSettings } from "../settings.ts";
import { webhookView } from "../webhook-schemas.ts";
import { readsTriggers } from "./navigation.tsx";
import type { PanelParts } from "./parts.ts";

const lastEvents = 5;
/** So few, because each is asked for its last times. */
const schedulesOnPage = 20;
const lastTimes = 3;

const readsSome = createMiddleware<OsEnv>(async (c, next) => {
  if (!readsTriggers(c.var.principal)) throw new KernError("forbidden", lacking("webhooks:read"));
  await next();
});

/** Everything that starts runs by itself. */
export function triggerPages(parts: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  app.get("/", ofAll, readsSome, async (c) => {
    const { principal } = c.var;
    const [webhooks, schedules] = await Promise.all([
      holds(principal, "webhooks:read") ? webhooksFor(c, parts) : null,
      holds(principal, "schedules:read") ? schedulesFor(c, parts) : null,
    ]);
    return c.html(
      <Triggers
        parts={partsFor(principal)}
        webhooks={webhooks}
        schedules={schedules}
        nowMs={parts.now()}
      />,
    );
  });

  return app;
}

/** The parts of these pages that somebody may open. */
export function partsFor(principal: Principal): TriggerPart[] {
  const makes = holds(principal, "schedules:read") && holds(principal, "schedules:write");
  return [
    "overview",
    ...(holds(principal, "webhooks:read") ? (["events"] as const) : []),
    ...(makes ? (["create"] as const) : []),
  ];
}

/** A schedule as pages show it, by the name of what it starts. */
export function scheduleShown<Row extends Pick<ScheduleRow, "agent_id">>(
  row: Row,
  { all }: PanelParts,
): Row & { agent: string } {
  return { ...row, agent: all.get(row.agent_id)?.name ?? row.agent_id };
}

/** Whether they may run what a trigger starts: whoever has it start that runs it. */
export function mayStart(principal: Principal, agentId: string, { all }: PanelParts): boolean {
  const scope = all.get(agentId)?.sourceType === "team" ? "teams:run" : "agents:run";
  return holds(principal, scope, agentId);
}

/** Whether they may pause this schedule, and have it run. */
export function mayTurn(
  principal: Principal,
  { agent_id: agentId }: Pick<ScheduleRow, "agent_id">,
  parts: PanelParts,
): boolean {
  return holds(principal, "schedules:write") && mayStart(principal, agentId, parts);
}

async function webhooksFor(
  c: Context<OsEnv>,
  { all, db, triggers: { inbound }, url }: PanelParts,
): Promise<TriggersProps["webhooks"]> {
  const origin = url ?? readSettings(c.env).url ?? new URL(c.req.url).origin;
  const last = db === null ? [] : await inbound.list(c.env, {}, { limit: lastEvents, after: null });
  return {
    all: inbound.webhooks.map((trigger) => ({
      ...webhookView(trigger, c.env),
      agent: all.get(trigger.agent)?.name ?? trigger.agent,
      address: new URL(`/webhooks/${trigger.id}`, origin).href,
    })),
    last,
  };
}

async function schedulesFor(c: Context<OsEnv>, parts: PanelParts): Promise<SchedulesShown> {
  const { db, triggers } = parts;
  const attempt = crypto.randomUUID();
  if (db === null) return { all: [], attempt, further: null, first: null };
  const after = c.req.query("after") ?? "";
  const store = await triggers.schedules.store(c.env);
  const rows = (await triggers.schedules.list(c.env)).filter(({ id }) => id > after);
  const page = rows.slice(0, schedulesOnPage);
  const { path } = triggerParts.overview;
  return {
    all: await Promise.all(
      page.map(async (row) => ({
        schedule: scheduleShown(row, parts),
        last: await store.runs(row.id, { limit: lastTimes, after: null }),
        mayTurn: mayTurn(c.var.principal, row, parts),
      })),
    ),
    attempt,
    further: rows.length > page.length ? `${path}?after=${page.at(-1)?.id ?? ""}` : null,
    first: after === "" ? null : path,
  };
}
