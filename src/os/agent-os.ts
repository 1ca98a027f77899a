import type { OpenAPIHono } from "@hono/zod-openapi";
import packageJson from "../../package.json" with { type: "json" };
import { Agent } from "../agent/agent.ts";
import type { Team } from "../agent/team.ts";
import type { Channel } from "../channels/channel.ts";
import { channelId } from "../channels/id.ts";
import { type Change, feedName, FeedObject } from "../panel/feed.ts";
import { type RunHost, RunObject } from "../run/run.ts";
import type { Db } from "../run/store.ts";
import { isGated } from "../tools/tool.ts";
import { type AppParts, createApp } from "./app.ts";
import type { OsEnv } from "./auth.ts";
import type { AuthOptions } from "./auth-options.ts";
import { linksOf } from "./links.ts";
import { notifier } from "./notifier.ts";
import { askRun } from "./runs.ts";
import type { Trigger } from "../triggers/trigger.ts";
import { sweep } from "./sweep.ts";
import { type Triggers, triggersOf } from "./triggers.ts";

export interface AgentOSOptions {
  /** Default "kern". */
  id?: string;
  name?: string;
  description?: string;
  agents?: readonly Agent[];
  /** Teams; their members need not be among `agents`, unless they are to be run by themselves as well. */
  teams?: readonly Team[];
  /** Where approvals and runs are listed from; may be left out only where no tool is gated. */
  db?: Db;
  /** Origins, such as "https://app.example.com", whose pages may call the API. Default: none. */
  corsOrigins?: readonly string[];
  /** Who may come in, beside the security key and the project's API keys; the Worker's variables may say it too. */
  auth?: AuthOptions;
  /** Where approvals are told of, and answered: Slack, mail, webhooks, or one of your own. */
  channels?: readonly Channel[];
  /** What starts runs by itself: webhooks that come in, and schedules. */
  triggers?: readonly Trigger[];
  /** Where people reach this service, such as "https://kern.example.com"; the Worker's variable KERN_URL may say it. */
  url?: string;
  /** The clock, in epoch milliseconds; default `Date.now`. */
  now?: () => number;
}

/** A Hono app that is a Worker's default export: `fetch` and `scheduled` (schedules and the sweeper). */
export type AgentOSApp = OpenAPIHono<OsEnv> & {
  scheduled: (
    controller: ScheduledController,
    env: unknown,
    ctx: ExecutionContext,
  ) => Promise<void>;
};

/** Puts agents, database and HTTP together. Throws a TypeError that names what does not fit. */
export class AgentOS {
  /** The class of the runs' Durable Objects: `export class Run extends os.Run {}`, bound as RUNS. */
  readonly Run: new (ctx: DurableObjectState, env: unknown) => RunObject;
  /** The class of the live feed's Durable Object: `export class Feed extends os.Feed {}`, bound as FEED. */
  readonly Feed: new (ctx: DurableObjectState, env: unknown) => FeedObject;
  readonly #options: AgentOSOptions;
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #teams: ReadonlyMap<string, Agent>;
  readonly #all: ReadonlyMap<string, Agent>;
  readonly #db: Db | null;
  readonly #now: () => number;
  readonly #ready: AppParts["ready"];
  readonly #triggers: Triggers;

  constructor(options: AgentOSOptions) {
    this.#options = options;
    const { agents = [], teams = [] } = options;
    this.#agents = byId("agent", agents);
    this.#teams = byId("team", teams);
    const all = withMembers([...agents, ...teams]);
    this.#all = all;
    this.#db = options.db ?? null;
    const { now = Date.now } = options;
    this.#now = () => Math.trunc(now());
    checkDb(all, this.#db);
    const { auth = {}, channels = [], url = null } = options;
    checkChannels(channels, all);
    this.#ready = readiness(this.#db);
    this.#triggers = triggersOf({
      triggers: options.triggers ?? [],
      all,
      db: this.#db,
      ready: this.#ready,
      now: this.#now,
    });
    const links = linksOf(this.#db, auth.isolateUsers === true, this.#now);
    const host: RunHost = {
      agentOf: (id) => all.get(id),
      store: (env) => (this.#db === null ? nowhere : this.#db.connect(env)),
      publish,
      channels,
      notify: notifier({ channels, db: this.#db, links, url, now: this.#now }),
      ask: async (env, runId, question) => askRun(env as Record<string, unknown>, runId, question),
      now: this.#now,
    };
    this.Run = class Run extends RunObject {
      constructor(ctx: DurableObjectState, env: unknown) {
        super(ctx, env, host);
      }
    };
    this.Feed = FeedObject;
  }

  /** The app; its routes need the bindings RUNS and FEED, and the database's own. */
  getApp(): AgentOSApp {
    const {
      id = "kern",
      name = "kern",
      description = null,
      corsOrigins = [],
      auth = {},
      channels = [],
      url = null,
    } = this.#options;
    const db = this.#db;
    const now = this.#now;
    const ready = this.#ready;
    const triggers = this.#triggers;
    const app = createApp({
      id,
      name,
      description,
      version: packageJson.version,
      agents: this.#agents,
      teams: this.#teams,
      all: this.#all,
      db,
      dbId: db?.id ?? null,
      corsOrigins,
      auth,
      channels,
      url,
      triggers,
      ready,
      now,
    });
    return Object.assign(app, {
      scheduled: async ({ cron }: ScheduledController, given: unknown): Promise<void> => {
        if (db === null) return;
        const env = given as Record<string, unknown>;
        try {
          await triggers.clock.tick(env);
        } finally {
          if (cron !== everyMinute) await sweep(env, db.connect(env), { channels, now });
        }
      },
    });
  }
}

/** Looks, once in a while, whether the database is of this release; throws `unavailable` where it is not. */
function readiness(db: Db | null): AppParts["ready"] {
  const checked = new WeakSet<object>();
  return async (env) => {
    if (db === null || checked.has(env)) return;
    await db.connect(env).checkSchema();
    checked.add(env);
  };
}

/** The Worker's cron for the schedules alone; at any other the sweeper goes round as well. */
const everyMinute = "* * * * *";

/** Without a database there is nobody to tell. */
const nowhere = {
  project: async (): Promise<void> => {},
  switches: { read: async (): Promise<[]> => [] },
} as unknown as ReturnType<Db["connect"]>;

async function publish(env: unknown, changes: Change[], requestedBy: string | null): Promise<void> {
  const feed = (env as { FEED?: DurableObjectNamespace<FeedObject> }).FEED;
  if (typeof feed?.getByName === "function")
    await feed.getByName(feedName).publish(changes, requestedBy);
}

function byId(kind: Agent["sourceType"], agents: readonly Agent[]): ReadonlyMap<string, Agent> {
  const map = new Map<string, Agent>();
  for (const agent of agents) {
    if (!(agent instanceof Agent) || agent.sourceType !== kind) {
      throw new TypeError(
        `'${agent?.id}' is no ${kind}: give agents as 'agents' and teams as 'teams'.`,
      );
    }
    if (map.has(agent.id)) throw new TypeError(`Two ${kind}s have the id '${agent.id}'.`);
    map.set(agent.id, agent);
  }
  return map;
}

/** Everyone who may have a run, members of teams and of their teams included; an id names one of them. */
function withMembers(agents: readonly Agent[]): ReadonlyMap<string, Agent> {
  const map = new Map<string, Agent>();
  const add = (agent: Agent): void => {
    const known = map.get(agent.id);
    if (known === agent) return;
    if (known !== undefined)
      throw new TypeError(`The id '${agent.id}' is used twice, by agents or teams that differ.`);
    map.set(agent.id, agent);
    for (const member of agent.members.values()) add(member);
  };
  for (const agent of agents) add(agent);
  return map;
}

/** Ids are theirs alone, and tools name only those that there are. */
function checkChannels(channels: readonly Channel[], agents: ReadonlyMap<string, Agent>): void {
  const ids = new Set<string>();
  for (const { id } of channels) {
    if (ids.has(id)) throw new TypeError(`Two channels have the id '${id}'.`);
    ids.add(channelId(id));
  }
  for (const { id, tools } of agents.values())
    for (const { approval, name } of tools.values()) {
      const stranger = approval?.rules.notify?.find((one) => !ids.has(one));
      if (stranger !== undefined)
        throw new TypeError(
          `The tool '${name}' of '${id}' is to notify '${stranger}', which is no channel of AgentOS: ${[...ids].join(", ") || "it has none"}.`,
        );
    }
}

function checkDb(agents: ReadonlyMap<string, Agent>, db: Db | null): void {
  for (const agent of agents.values()) {
    if (agent.db !== null && agent.db !== db) {
      throw new TypeError(
        `'${agent.id}' has another db than its AgentOS: give both the same one, or leave it out there.`,
      );
    }
    const gated = [...agent.tools.values()].find((tool) => isGated(tool) || tool.approval !== null);
    if (gated !== undefined && db === null) {
      throw new TypeError(
        `Agent '${agent.id}' has the gated tool '${gated.name}', so AgentOS needs a 'db' to keep its approvals in.`,
      );
    }
  }
}
