import { type Context, Hono } from "hono";
import type { RunStatus } from "../../approval/record.ts";
import { type Draft, textsOf } from "../../approval/read-answer.ts";
import { KernError } from "../../errors.ts";
import { NewSchedule, newScheduleFields } from "../../panel/new-schedule.tsx";
import { ScheduleDetail } from "../../panel/schedule-detail.tsx";
import { triggerParts } from "../../panel/trigger-page.tsx";
import { words } from "../../panel/words.ts";
import { type OsEnv, requires } from "../auth.ts";
import { readForm } from "../body.ts";
import { holds } from "../principal.ts";
import { holdsFor } from "../read-run.ts";
import { askRun } from "../runs.ts";
import { isOfThisMachine } from "../loopback.ts";
import { newScheduleId, ofAll } from "../schedule-routes.ts";
import { ownForms } from "./forms.ts";
import type { PanelParts } from "./parts.ts";
import { placeOf, placeText } from "./place.ts";
import { readScheduleForm } from "./read-schedule-form.ts";
import { mayStart, mayTurn, partsFor, scheduleShown } from "./triggers.tsx";

const reads = [requires("schedules:read"), ofAll] as const;
// Whoever makes one, or sends a form, is shown the schedule as well.
const makes = [requires("schedules:write"), ...reads] as const;
const writes = [ownForms, ...makes] as const;
const deletes = [ownForms, requires("schedules:delete"), ...reads] as const;
/** So few, because each of their runs is asked where it stands. */
const pageSize = 20;
const { path } = triggerParts.create;

/** Each schedule by itself, and the forms that run, pause, make and delete one. */
export function schedulePages(parts: PanelParts): Hono<OsEnv> {
  const { now, triggers } = parts;
  const { clock, schedules } = triggers;
  const app = new Hono<OsEnv>();
  const idOf = (c: Context<OsEnv>): string => c.req.param("schedule_id") ?? "";

  const form = (c: Context<OsEnv>, draft: Draft, problem?: string) => {
    const { principal } = c.var;
    const agents = [...parts.all.values()].filter(({ id, sourceType }) =>
      holds(principal, `${sourceType}s:run`, id),
    );
    return (
      <NewSchedule
        parts={partsFor(principal)}
        agents={agents.map(({ id, name, sourceType }) => ({ id, name, kind: sourceType }))}
        draft={draft}
        problem={problem}
      />
    );
  };

  const page = async (c: Context<OsEnv>, problem?: string) => {
    const { principal } = c.var;
    const { authors, ...row } = await schedules.read(c.env, idOf(c));
    const place = placeOf(c.req.query("after"));
    const after = place && { due_at_ms: place.created_at_ms, id: place.id };
    const store = await schedules.store(c.env);
    const found = await store.runs(row.id, { limit: pageSize + 1, after });
    const times = found.slice(0, pageSize);
    const last = times.at(-1);
    const address = `${path}/${row.id}`;
    return (
      <ScheduleDetail
        parts={partsFor(principal)}
        schedule={scheduleShown(row, parts)}
        authors={JSON.parse(authors) as string[]}
        times={await Promise.all(
          times.map(async (time) => ({
            time,
            run: time.run_id === null ? null : await statusOf(c, time.run_id),
          })),
        )}
        older={
          found.length > pageSize && last !== undefined
            ? `${address}?after=${placeText({ created_at_ms: last.due_at_ms, id: last.id })}`
            : null
        }
        newest={after && address}
        mayTurn={mayTurn(principal, row, parts)}
        mayRemove={
          row.source === "api" &&
          holds(principal, "schedules:delete") &&
          mayStart(principal, row.agent_id, parts)
        }
        attempt={crypto.randomUUID()}
        nowMs={now()}
        problem={problem}
      />
    );
  };

  /** Does something with a schedule; where it cannot be done, its page says why. */
  const act = async (c: Context<OsEnv>, doIt: () => Promise<string>): Promise<Response> => {
    try {
      return c.redirect(await doIt(), 303);
    } catch (error) {
      if (!(error instanceof KernError) || !isShown(error.status)) throw error;
      return c.html(await page(c, words.schedules.refused(error.message)), error.status);
    }
  };

  app.get("/", ...makes, async (c) =>
    c.html(form(c, { typed: newScheduleFields, reasons: new Map() })),
  );

  app.post("/", ...writes, async (c) => {
    const typed = textsOf(await readForm(c));
    const reading = readScheduleForm(typed);
    if (!reading.ok)
      return c.html(form(c, { typed, reasons: reading.reasons }, words.newSchedule.refused), 422);
    const { id = newScheduleId(), session_id = null, user_id = null, ...wish } = reading.request;
    try {
      await schedules.create(c.env, id, { ...wish, session_id, user_id }, c.var.principal);
    } catch (error) {
      if (!(error instanceof KernError) || !isShown(error.status)) throw error;
      const reasons = new Map(Object.entries(error.fields));
      const problem =
        reasons.size > 0 ? words.newSchedule.refused : words.newSchedule.problem(error.message);
      return c.html(form(c, { typed, reasons }, problem), error.status);
    }
    return c.redirect(`${path}/${id}`, 303);
  });

  app.get("/:schedule_id", ...reads, async (c) => c.html(await page(c)));

  app.post("/:schedule_id/run", ...writes, async (c) => {
    const name = textsOf(await readForm(c)).get("attempt") || crypto.randomUUID();
    return act(c, async () => {
      await clock.runNow(c.env, idOf(c), {
        by: c.var.principal,
        local: isOfThisMachine(c.req.raw),
        name: name.slice(0, 255),
      });
      return `${path}/${idOf(c)}`;
    });
  });

  app.post("/:schedule_id/:turn{pause|unpause}", ...writes, async (c) => {
    const enabled = c.req.param("turn") === "unpause";
    return act(c, async () => {
      await schedules.change(c.env, idOf(c), { enabled }, c.var.principal);
      return `${path}/${idOf(c)}`;
    });
  });

  app.post("/:schedule_id/delete", ...deletes, async (c) =>
    act(c, async () => {
      await schedules.remove(c.env, idOf(c), c.var.principal);
      return triggerParts.overview.path;
    }),
  );

  return app;
}

/** Where a run stands; null for who may not read it, and where it cannot be asked. */
async function statusOf(c: Context<OsEnv>, runId: string): Promise<RunStatus | null> {
  try {
    const reply = await askRun(c.env, runId, async (run) => run.view());
    return reply.ok && holdsFor(c.var.principal, "read", reply.run) ? reply.run.status : null;
  } catch (error) {
    if (!(error instanceof KernError)) throw error;
    return null;
  }
}

function isShown(status: number): status is 409 | 422 | 503 {
  return [409, 422, 503].includes(status);
}
