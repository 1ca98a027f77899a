import { type Context, Hono } from "hono";
import type { Agent } from "../../agent/agent.ts";
import { canonicalJson } from "../../approval/call-hash.ts";
import { KernError } from "../../errors.ts";
import { type Draft, emptyDraft, textsOf } from "../../approval/read-answer.ts";
import { type Runnable, TryIt } from "../../panel/try.tsx";
import { isGated } from "../../tools/tool.ts";
import { lacking, type OsEnv } from "../auth.ts";
import { readForm } from "../body.ts";
import { isOfThisMachine } from "../loopback.ts";
import { holds, holdsAny, type Principal } from "../principal.ts";
import { RunRequest } from "../run-request.ts";
import { startRun } from "../start-run.ts";
import { ownForms } from "./forms.ts";
import type { PanelParts } from "./parts.ts";
import { words } from "../../panel/words.ts";

/** How long the page of a run that was started waits for it to get somewhere. */
const waitMs = 1_000;

/** A message to an agent or a team, for who may run it and read what comes of it. */
export function tryPages({ agents, teams, ...parts }: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();

  /** Whom the request is about; null where it names nobody. */
  const agentOf = (principal: Principal, of: Named): Agent | null => {
    const kind = of.agent === undefined ? "team" : "agent";
    const id = of[kind];
    if (id === undefined) return null;
    for (const scope of [`${kind}s:run`, `${kind}s:read`] as const)
      if (!holds(principal, scope, id)) throw new KernError("forbidden", lacking(scope));
    const agent = (kind === "agent" ? agents : teams).get(id);
    if (agent !== undefined) return agent;
    throw new KernError("not_found", kind === "agent" ? "Agent not found" : "Team not found");
  };

  const page = (c: Context<OsEnv>, agent: Agent | null, draft: Draft, problem?: string) => {
    const { principal } = c.var;
    const may = [...agents.values(), ...teams.values()].filter(({ id, sourceType }) =>
      (["run", "read"] as const).every((action) =>
        holds(principal, `${sourceType}s:${action}`, id),
      ),
    );
    const runnables = may.map(runnable);
    const chosen = runnables[agent === null ? 0 : may.indexOf(agent)] ?? null;
    const askUser = !principal.ownOnly;
    return (
      <TryIt
        runnables={runnables}
        chosen={chosen}
        draft={draft === emptyDraft ? begun(chosen, c.req.query("example")) : draft}
        askUser={askUser}
        problem={problem}
      />
    );
  };

  app.get("/", (c) => {
    if (!holdsAny(c.var.principal, "agents:run") && !holdsAny(c.var.principal, "teams:run"))
      throw new KernError("forbidden", lacking("agents:run"));
    const { agent, team } = c.req.query();
    const chosen = agentOf(c.var.principal, { agent, team });
    return c.html(page(c, chosen, emptyDraft));
  });

  app.post("/", ownForms, async (c) => {
    const typed = textsOf(await readForm(c));
    const named = { agent: typed.get("agent"), team: typed.get("team") };
    const agent = agentOf(c.var.principal, named);
    if (agent === null) throw new KernError("invalid_request", "Choose an agent or a team.");
    const message = typed.get("message") ?? "";
    const userId = typed.get("user_id")?.trim() || null;
    const asked = RunRequest.safeParse({ message, user_id: userId });
    if (!asked.success) {
      const reasons = new Map(
        asked.error.issues.map(({ message, path }) => [String(path[0]), message] as const),
      );
      return c.html(page(c, agent, { typed, reasons }, words.tryIt.seeBelow), 422);
    }
    try {
      const run = await startRun(c.env, parts, {
        agent,
        principal: c.var.principal,
        message,
        userId,
        sessionId: null,
        key: keyOf(typed.get("attempt"), message, userId),
        local: isOfThisMachine(c.req.raw),
        unattended: true,
        waitMs,
      });
      return c.redirect(`/panel/runs/${run.run_id}`, 303);
    } catch (error) {
      if (!(error instanceof KernError) || error.status === 500) throw error;
      const problem = words.tryIt.problem(error.message);
      return c.html(page(c, agent, { typed, reasons: new Map() }, problem), error.status);
    }
  });

  return app;
}

interface Named {
  agent: string | undefined;
  team: string | undefined;
}

/** Pressed twice, a form starts one run; with another message in it, it starts another. */
function keyOf(attempt: string | undefined, message: string, userId: string | null) {
  return attempt ? canonicalJson(["panel", attempt, message, userId]) : undefined;
}

/** A form that nobody has filled in yet: with an example, so that a first run is one press away. */
function begun(chosen: Runnable | null, example = "1"): Draft {
  const text = chosen?.examples[Number(example) - 1] ?? chosen?.examples[0] ?? "";
  const typed = new Map([
    ["message", text],
    ["attempt", crypto.randomUUID()],
  ]);
  return { typed, reasons: new Map() };
}

function runnable(agent: Agent): Runnable {
  const { description, examples, id, name, sourceType } = agent;
  return { kind: sourceType, id, name, description, examples, gated: [...new Set(gatedIn(agent))] };
}

function gatedIn({ members, tools }: Agent): string[] {
  const own = [...tools.values()].filter(
    (tool) => isGated(tool) && tool.approval?.type === "required",
  );
  return [...own.map(({ name }) => name), ...[...members.values()].flatMap(gatedIn)];
}
