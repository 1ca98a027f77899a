import { type Context, Hono } from "hono";
import { type RunStatus, runStatuses } from "../../approval/record.ts";
import { KernError } from "../../errors.ts";
import { type Choice, RunList } from "../../panel/run-list.tsx";
import type { Position } from "../../run/position.ts";
import type { RunFilter, RunRow } from "../../run/store.ts";
import type { OsEnv } from "../auth.ts";
import { heldFor, holds, type Principal } from "../principal.ts";
import type { PanelParts } from "./parts.ts";
import { placeOf, placeText } from "./place.ts";
import { readsSome } from "./run.tsx";

const pageSize = 50;

/** The list of the runs that somebody may read. */
export function runPages({ all, db, now }: PanelParts): Hono<OsEnv> {
  const app = new Hono<OsEnv>();
  const nameOf = (id: string): string => all.get(id)?.name ?? id;

  app.get("/", readsSome, async (c) => {
    if (db === null)
      throw new KernError(
        "unavailable",
        "Runs cannot be listed: pass a db to AgentOS to enable this page.",
      );
    const { principal } = c.var;
    const filter = filterOf(c);
    const after = placeOf(c.req.query("after"));
    const { next, runs } = await db
      .connect(c.env)
      .listRuns({ ...filter, ...seenBy(principal) }, { limit: pageSize, after });
    const choices = (kind: "agent" | "team"): Choice[] =>
      [...all.values()].filter(
        ({ id, sourceType }) => sourceType === kind && holds(principal, `${kind}s:read`, id),
      );
    return c.html(
      <RunList
        runs={runs.map((run) => listed(run, nameOf))}
        filter={filter}
        agents={choices("agent")}
        teams={choices("team")}
        older={next && addressOf(filter, next)}
        newest={after && addressOf(filter, null)}
        nowMs={now()}
      />,
    );
  });

  return app;
}

/** What the list is narrowed to for who asks, whatever they ask for. */
function seenBy(principal: Principal): Pick<RunFilter, "of" | "requested_by"> {
  return {
    of: { agents: heldFor(principal, "agents:read"), teams: heldFor(principal, "teams:read") },
    ...(principal.ownOnly && { requested_by: principal.id }),
  };
}

type Filter = { status?: RunStatus; agent_id?: string; team_id?: string };

/** A form sends what was left open as an empty text. */
function filterOf(c: Context<OsEnv>): Filter {
  const status = runStatuses.find((status) => status === c.req.query("status"));
  const agentId = c.req.query("agent_id");
  const teamId = c.req.query("team_id");
  return {
    ...(status !== undefined && { status }),
    ...(agentId && { agent_id: agentId }),
    ...(teamId && { team_id: teamId }),
  };
}

function addressOf(filter: Filter, after: Position | null): string {
  const query = new URLSearchParams({
    ...filter,
    ...(after && { after: placeText(after) }),
  });
  return query.size === 0 ? "/panel/runs" : `/panel/runs?${query.toString()}`;
}

function listed(run: RunRow, nameOf: (id: string) => string) {
  const { agent_id, created_at_ms, id, input, status, team_id, user_id } = run;
  return {
    id,
    name: nameOf(agent_id ?? team_id ?? ""),
    team: agent_id === null || team_id === null ? null : nameOf(team_id),
    input,
    user: user_id,
    status,
    createdAtMs: created_at_ms,
  };
}
