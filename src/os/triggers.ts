import type { Agent } from "../agent/agent.ts";
import type { Db } from "../run/store.ts";
import type { Trigger } from "../triggers/trigger.ts";
import { Inbound } from "./inbound.ts";
import { Schedules } from "./schedules.ts";
import { sessionStarter } from "./session-start.ts";
import { Clock } from "./tick.ts";

export interface TriggerParts {
  triggers: readonly Trigger[];
  /** Every agent and team, by its id. */
  all: ReadonlyMap<string, Agent>;
  db: Db | null;
  ready: (env: Record<string, unknown>) => Promise<void>;
  now: () => number;
}

/** What starts runs by itself. */
export interface Triggers {
  inbound: Inbound;
  schedules: Schedules;
  clock: Clock;
}

/** Throws a TypeError that names what does not fit. */
export function triggersOf({ triggers, ...parts }: TriggerParts): Triggers {
  const webhooks = triggers.filter((one) => one.kind === "webhook");
  const written = triggers.filter((one) => one.kind === "schedule");
  for (const of of [webhooks, written]) checkIds(of);
  for (const { agent, id, kind } of triggers)
    if (!parts.all.has(agent))
      throw new TypeError(
        `The ${kind} '${id}' is to start '${agent}', which is no agent or team of AgentOS: ${[...parts.all.keys()].join(", ") || "it has none"}.`,
      );
  if (triggers.length > 0 && parts.db === null)
    throw new TypeError("AgentOS needs a 'db' to keep in it what its triggers start.");
  const starting = { ...parts, startSession: sessionStarter(parts.db, parts.now) };
  const schedules = new Schedules({ ...starting, schedules: written });
  return {
    inbound: new Inbound({ ...starting, webhooks }),
    schedules,
    clock: new Clock({ ...starting, schedules: written }, schedules),
  };
}

function checkIds(triggers: readonly Trigger[]): void {
  const ids = new Set<string>();
  for (const { id, kind } of triggers) {
    if (ids.has(id)) throw new TypeError(`Two ${kind}s have the id '${id}'.`);
    ids.add(id);
  }
}
