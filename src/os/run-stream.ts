import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { MemberEvents } from "../run/messages.ts";
import type { AgentKind } from "./agent-kind.ts";
import type { OsEnv } from "./auth.ts";
import type { TeamEvents } from "./relay.ts";
import { eventsContent } from "./run-event.ts";
import type { FollowQuery } from "./run-request.ts";
import { askRun } from "./runs.ts";
import { Run } from "./schemas.ts";
import type { OpenEvents } from "./sse.ts";

/** The answer of routes that tell either, as they document it. */
export function runOrEvents({ exampleRun, kind }: AgentKind) {
  return {
    description: "The run, or its events as they happen.",
    content: {
      "application/json": { schema: Run, example: exampleRun },
      ...eventsContent[kind],
    },
  };
}

export type Follow = Context<OsEnv, string, { out: { query: z.output<typeof FollowQuery> } }>;

/** The run's events, as one request wants them; who follows stays when the run pauses, which keeps its object in memory. */
export function open(c: Follow, runId: string): OpenEvents {
  const { follow } = c.req.valid("query");
  return async (from) => askRun(c.env, runId, async (object) => object.follow(from, follow));
}

/** The events of whoever works for the run as a member of its team, of which it may have none. */
export function teamOf(c: Context<OsEnv>, atWork: MemberEvents[] = []): TeamEvents {
  return {
    open: (runId) => async (from) =>
      askRun(c.env, runId, async (object) => object.follow(from, true)),
    atWork,
  };
}
