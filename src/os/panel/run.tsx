import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { KernError } from "../../errors.ts";
import { hasEnded, isMoving } from "../../panel/run.ts";
import { RunDetail, type RunDetailProps } from "../../panel/run-detail.tsx";
import { textsOf } from "../../approval/read-answer.ts";
import { isGatedWait, readUserAnswer, reasonsFor } from "../../panel/user-answer.ts";
import type { RunView } from "../../run/view.ts";
import { lacking, type OsEnv } from "../auth.ts";
import { readForm } from "../body.ts";
import { continueRun } from "../continue-run.ts";
import { holdsAny, isAdmin } from "../principal.ts";
import { holdsFor, readRun, readVisibleRun } from "../read-run.ts";
import { TeamContinueRequest } from "../run-request.ts";
import { askRun, unwrap } from "../runs.ts";
import { eventStream } from "../sse.ts";
import { ownForms } from "./forms.ts";
import { heldBy } from "./held.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

/** How long the page of a run that was answered waits for it to get somewhere. */
const waitMs = 1_000;

/** The page of a run, what it is told of as it happens, and the forms that answer for its user and cancel it. */
export function runPage(parts: PanelParts): Hono<OsEnv> {
  const { all, now } = parts;
  const app = new Hono<OsEnv>();
  const visibleRun = async (c: Context<OsEnv>): Promise<RunView> =>
    readVisibleRun(c.env, c.req.param("run_id") ?? "", c.var.principal);
  /** Beside what came of a form. */
  const shownTo = async (
    c: Context<OsEnv>,
    run: RunView,
  ): Promise<Omit<RunDetailProps, "problem" | "refused">> => {
    const { principal } = c.var;
    const reasons = hasEnded(run) ? [] : await heldBy(c, parts, async () => ownersOf(c.env, run));
    return {
      run,
      nameOf: (id) => all.get(id)?.name ?? id,
      mayRun: holdsFor(principal, "run", run),
      held: { reasons, mayTurn: isAdmin(principal) },
      isHeld: reasons.length > 0 && isMoving(run) && (await onlyWaits(c.env, run)),
      nowMs: now(),
    };
  };

  app.get("/:run_id", readsSome, async (c) =>
    c.html(<RunDetail {...await shownTo(c, await visibleRun(c))} />),
  );

  app.get("/:run_id/events", readsSome, async (c) => {
    const { run_id } = await visibleRun(c);
    // The page shows what has happened, but not the text that is only coming in: that is told from its beginning.
    const newsFrom = await askRun(c.env, run_id, async (object) => object.eventCount());
    return eventStream(
      // It ends when the run pauses, so that its object sleeps as long as people take.
      async (from) => askRun(c.env, run_id, async (object) => object.follow(from)),
      { newsFrom },
    );
  });

  app.post("/:run_id", ownForms, readsSome, mayRun(visibleRun), async (c) => {
    const typed = textsOf(await readForm(c));
    const run = await visibleRun(c);
    const id = typed.get("requirement") ?? "";
    const requirement = run.requirements.find((one) => one.id === id);
    const show = async (
      problem: string,
      status: 403 | 409 | 422 | 503,
      reasons: ReadonlyMap<string, string> = new Map(),
    ) =>
      c.html(
        <RunDetail
          {...await shownTo(c, await visibleRun(c))}
          problem={words.waits.problem(problem)}
          refused={{ id, draft: { typed, reasons } }}
        />,
        status,
      );
    if (requirement === undefined) return show(words.waits.gone, 409);
    const { member_run_id, tool_execution: call } = requirement;
    if (isGatedWait(requirement)) return show(words.waits.gated, 403);
    const read = readUserAnswer(call, typed);
    if (!read.ok)
      return show(
        read.reasons.size === 0 ? words.problems.unreadable : words.problems.seeBelow,
        422,
        read.reasons,
      );
    // As a client would send it, so that what the API refuses is refused here.
    const sent = TeamContinueRequest.safeParse({
      requirements: [
        { id, member_run_id, tool_execution: { tool_call_id: call.tool_call_id, ...read.answer } },
      ],
    });
    if (!sent.success) return show(sent.error.issues[0]?.message ?? "", 422);
    try {
      await continueRun(c.env, {
        runId: run.run_id,
        agentId: run.agent_id ?? run.team_id ?? "",
        principal: c.var.principal,
        answers: sent.data.answers ?? [],
        stream: false,
        waitMs,
      });
    } catch (error) {
      if (!(error instanceof KernError) || !isShown(error.status)) throw error;
      const reasons = reasonsFor(call, error.fields);
      return show(
        reasons.size === 0 ? error.message : words.problems.seeBelow,
        error.status,
        reasons,
      );
    }
    return c.redirect(`/panel/runs/${run.run_id}`, 303);
  });

  app.post("/:run_id/cancel", ownForms, readsSome, mayRun(visibleRun), async (c) => {
    const runId = c.req.param("run_id");
    unwrap(await askRun(c.env, runId, async (object) => object.cancel()), "Run");
    return c.redirect(`/panel/runs/${runId}`, 303);
  });

  return app;
}

/** Refuses who may read no run at all. */
export const readsSome = createMiddleware<OsEnv>(async (c, next) => {
  const { principal } = c.var;
  if (!holdsAny(principal, "agents:read") && !holdsAny(principal, "teams:read"))
    throw new KernError("forbidden", lacking("agents:read"));
  await next();
});

/** Refuses who may read this run, but not run its agent. */
function mayRun(visibleRun: (c: Context<OsEnv>) => Promise<RunView>) {
  return createMiddleware<OsEnv>(async (c, next) => {
    const run = await visibleRun(c);
    if (!holdsFor(c.var.principal, "run", run))
      throw new KernError("forbidden", lacking(run.agent_id === null ? "teams:run" : "agents:run"));
    await next();
  });
}

/** The agent or team whose run it is, and each team that it works for. */
async function ownersOf(env: Record<string, unknown>, run: RunView): Promise<string[]> {
  const ids: string[] = [];
  for (let next: RunView | null = run; next !== null;) {
    ids.push(next.agent_id ?? next.team_id ?? "");
    next = next.parent_run_id === null ? null : await readRun(env, next.parent_run_id);
  }
  return ids;
}

/** Whether nothing of the run's is under way, and a call could start. */
async function onlyWaits(env: Record<string, unknown>, { run_id }: RunView): Promise<boolean> {
  const reply = await askRun(env, run_id, async (object) => object.inspect());
  const phases = new Set(unwrap(reply, "Run").inspection.calls.map(({ phase }) => phase));
  return phases.has("ready") && !phases.has("running") && !phases.has("delegated");
}

function isShown(status: number): status is 403 | 409 | 422 | 503 {
  return [403, 409, 422, 503].includes(status);
}
