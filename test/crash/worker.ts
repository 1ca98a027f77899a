import { z } from "zod";
import { Agent } from "../../src/agent/agent.ts";
import { approval } from "../../src/approval/approval.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { D1Db } from "../../src/db/d1.ts";
import { PostgresDb } from "../../src/db/postgres.ts";
import { OpenAIChat } from "../../src/models/openai.ts";
import { AgentOS } from "../../src/os/agent-os.ts";
import { Team } from "../../src/agent/team.ts";
import type { JoinMessage, ReportMessage } from "../../src/run/messages.ts";
import { isOver } from "../../src/run/state.ts";
import type { ApprovalRow, Db, RunRow, Store } from "../../src/run/store.ts";
import type { ToolContext } from "../../src/tools/context.ts";
import { type Reconciliation, tool } from "../../src/tools/tool.ts";
import { standardWebhooks, webhook } from "../../src/triggers/trigger.ts";
import { queryPostgres } from "../query-postgres.ts";
import { faultyD1 } from "./faulty-d1.ts";
import { agentIds, teams, webhookIds } from "./plans.ts";
import {
  type DatabaseFault,
  type Effected,
  type Event,
  sentHeader,
  type Told,
  type ToldNotice,
  type Word,
} from "./wire.ts";

/** The Worker that is killed: the real thing, but for tools that live in another process and a database that reports and fails. */

async function post(env: unknown, path: string, body: unknown): Promise<Response> {
  const { WORLD_URL } = env as { WORLD_URL: string };
  const response = await fetch(WORLD_URL + path, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** So short that a tool which hangs is given up between two kills. */
const timeoutMs = 700;
const parameters = z.object({ ref: z.string(), amount: z.number() });

/** A tool whose work is done by the tool server. */
function remote(name: string, options: { idempotent?: boolean; verifiable?: boolean } = {}) {
  return tool({
    name,
    description: `Does ${name}.`,
    parameters,
    timeoutMs,
    ...(options.idempotent === true && { idempotent: true }),
    ...(options.verifiable === true && {
      reconcile: async (key: string, ctx: ToolContext): Promise<Reconciliation> => {
        const answer = await post(ctx.env, "/reconcile", { key, tool: name, runId: ctx.runId });
        return answer.json<Reconciliation>();
      },
    }),
    execute: async (args, ctx) => {
      const { approval, callId, env, idempotencyKey: key, runId } = ctx;
      const sentMs = Date.now();
      const call: Effected = { tool: name, key, args, runId, callId, approval, sentMs };
      return (await post(env, "/tool", call)).json<string>();
    },
  });
}

const tools = [
  approval(remote("pay")),
  approval(remote("set_flag", { idempotent: true })),
  approval(remote("ship", { verifiable: true })),
  // Longer than any other alarm of a run that waits: nothing but its own will close it.
  approval({ expiresIn: "11s" })(remote("bid")),
  remote("look_up", { idempotent: true }),
  remote("notify"),
];
const model = new OpenAIChat({
  id: "scripted",
  async fetch(input, init) {
    const headers = new Headers(init?.headers);
    headers.set(sentHeader, String(Date.now()));
    return fetch(input, { ...init, headers });
  },
});

interface Bindings {
  DB: D1Database;
  POSTGRES_URL: string;
}

/** A Postgres, which crashes by itself, or D1, which asks the campaign whether it fails. */
function connect(env: unknown): Store {
  const { DB, POSTGRES_URL: url } = env as Bindings;
  if (url !== "") return new PostgresDb({ url }).connect(env);
  const failing = faultyD1(DB, async () => {
    const answer = await post(env, "/database", {});
    return answer.json<DatabaseFault | null>();
  });
  return new D1Db({ binding: "DB" }).connect({ DB: failing });
}

/** The database, telling the campaign of every projection before and after. */
class ReportingDb implements Db {
  readonly id = "database";

  connect(env: unknown): Store {
    const store = connect(env);
    const report = async (when: Told["when"], run: RunRow | null, approvals: ApprovalRow[]) => {
      const records = approvals.map(({ record }) => record);
      const told: Told = {
        when,
        runId: run?.id ?? records[0]?.run_id ?? "",
        status: run?.status ?? records[0]?.run_status ?? "RUNNING",
        approvals: records,
        sentMs: Date.now(),
      };
      await post(env, "/projection", told);
    };
    const project: Store["project"] = async (run, approvals) => {
      await report("before", run, approvals);
      await store.project(run, approvals);
      await report("after", run, approvals);
    };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === "project") return project;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  }
}

const columns = "id, status, root_run_id, agent_id, team_id, user_id, session_id";

async function rows({ DB, POSTGRES_URL: url }: Bindings, query: string): Promise<unknown[]> {
  if (url === "") return (await DB.prepare(query).all()).results;
  return queryPostgres(url, query);
}

const agents = agentIds.map((id) => new Agent({ id, model, tools }));
const made = new Map<string, Agent>(agents.map((agent) => [agent.id, agent]));
/** A team stands before its members' members. */
function teamOf(id: string): Agent {
  const members = teams[id];
  const found = made.get(id);
  if (found !== undefined || members === undefined) return found as Agent;
  const team = new Team({ id, model, tools, members: members.map((member) => teamOf(member)) });
  made.set(id, team);
  return team;
}
/** A channel whose far side fails, and goes away in the middle. */
const sink: Channel = {
  id: "sink",
  maxBackOffMs: 500,
  wants: () => true,
  async tell({ approval, id, run, type }, { env }) {
    const about = approval?.id ?? run.run_id;
    const told: ToldNotice = { id, type, about, status: approval?.status ?? null };
    await post(env, "/sink", told);
    return { kind: "sent", receipt: null };
  },
};

const os = new AgentOS({
  agents,
  teams: ["crew", "middle"].map((id) => teamOf(id) as Team),
  db: new ReportingDb(),
  channels: [sink],
  triggers: webhookIds.map((id) =>
    webhook<Event>({
      id,
      agent: id,
      verify: standardWebhooks(),
      input: ({ body: { message, user_id } }) => ({ message, userId: user_id }),
    }),
  ),
});
const app = os.getApp();

/** A run that tells the campaign of every word between a team and its members, before it acts upon it and after. */
export class Run extends os.Run {
  override async join(message: JoinMessage) {
    const { dismissed, start } = message;
    const isKnown = (await this.inspect()).ok;
    const word = { what: dismissed ? "stop" : "start", memberRunId: start.runId, isKnown } as const;
    return this.#reported(word, async () => super.join(message));
  }

  override async hear(message: ReportMessage) {
    const { callId, memberRunId, report } = message;
    if (!isOver(report.status)) return super.hear(message);
    const found = await this.inspect();
    const call = found.ok ? found.inspection.calls.find(({ id }) => id === callId) : undefined;
    const word = { what: "end", memberRunId, isKnown: call?.phase === "ended" } as const;
    return this.#reported(word, async () => super.hear(message));
  }

  async #reported<T>(word: Omit<Word, "when">, act: () => Promise<T>): Promise<T> {
    await post(this.env, "/word", { when: "before", ...word } satisfies Word);
    const reply = await act();
    await post(this.env, "/word", { when: "after", ...word } satisfies Word);
    return reply;
  }
}
export class Feed extends os.Feed {}
export default {
  scheduled: app.scheduled,
  async fetch(request: Request, env: Bindings, ctx: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname !== "/rows/runs") return app.fetch(request, env, ctx);
    return Response.json(await rows(env, `SELECT ${columns} FROM runs`));
  },
};
