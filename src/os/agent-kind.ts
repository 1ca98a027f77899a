import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Agent } from "../agent/agent.ts";
import { KernError } from "../errors.ts";
import { isRunId } from "../run/ids.ts";
import type { RunView } from "../run/view.ts";
import type { OsEnv } from "./auth.ts";
import { exampleRun, exampleTeamRun } from "./examples.ts";
import { maySee } from "./own.ts";
import { readRun } from "./read-run.ts";

export type AgentKind = ReturnType<typeof agentKind>;

/** Agents or teams, in the words that their routes are told in, and whom a request of one of these routes is about. */
export function agentKind(kind: Agent["sourceType"], agents: ReadonlyMap<string, Agent>) {
  const isTeam = kind === "team";
  const name = isTeam ? "Team" : "Agent";
  const path = `/${kind}s` as const;
  const idName = `${kind}_id` as const;
  const example = isTeam ? exampleTeamRun : exampleRun;
  const exampleId = isTeam ? exampleTeamRun.team_id : exampleRun.agent_id;
  const params = z.object({
    [idName]: z.string().describe(`The ${kind}'s id.`).openapi({ example: exampleId }),
  });
  const runParams = params.extend({
    run_id: z.string().describe("The run's id.").openapi({ example: example.run_id }),
  });
  const idOf = (c: Context<OsEnv>): string => c.req.param(idName) ?? "";
  const runIdOf = (c: Context<OsEnv>): string => c.req.param("run_id") ?? "";
  const find = (id: string): Agent => {
    const agent = agents.get(id);
    if (agent === undefined) throw new KernError("not_found", `${name} not found`);
    return agent;
  };

  /** The run, also of an agent that is no longer configured: such a run can still be read, and cancelled. */
  const readOf = async (c: Context<OsEnv>): Promise<RunView> => {
    const view = await readRun(c.env, runIdOf(c));
    const isSeen = view !== null && maySee(c.var.principal, view.requested_by);
    const owner = view === null || !isTeam ? view?.agent_id : (view.agent_id ?? view.team_id);
    if (isSeen && owner === idOf(c) && (view.agent_id === null) === isTeam) return view;
    find(idOf(c));
    throw new KernError("not_found", "Run not found");
  };

  /** Whose run it is, also where that is a team's member, which need not be one that can be started. */
  const ownerOf = async (c: Context<OsEnv>): Promise<string> => {
    if (c.var.principal.ownOnly || !agents.has(idOf(c))) await readOf(c);
    if (!isRunId(runIdOf(c))) throw new KernError("not_found", "Run not found");
    return idOf(c);
  };

  return {
    kind,
    isTeam,
    name,
    /** What an operation's id calls a run: agents' runs are told of first, so theirs have the plain names. */
    runName: isTeam ? "TeamRun" : "Run",
    tags: [`${name}s`] as string[],
    path,
    onePath: `${path}/{${idName}}` as const,
    runPath: `${path}/{${idName}}/runs/{run_id}` as const,
    scopes: { read: `${kind}s:read`, run: `${kind}s:run` } as const,
    params,
    runParams,
    exampleRun: example,
    idOf,
    runIdOf,
    find,
    readOf,
    ownerOf,
  };
}
