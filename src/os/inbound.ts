import type { Agent } from "../agent/agent.ts";
import { canonicalJson } from "../approval/call-hash.ts";
import { visible } from "../approval/visible.ts";
import { KernError, messageOf } from "../errors.ts";
import { newRunId } from "../run/ids.ts";
import type { Position } from "../run/position.ts";
import type { Db, Store } from "../run/store.ts";
import type { EventFilter, EventRow, EventSummary } from "../run/trigger-store.ts";
import type { RunView } from "../run/view.ts";
import { eventIn } from "../triggers/event.ts";
import { eventId, keyText } from "../triggers/event-id.ts";
import { type InboundEvent, readableHeaders } from "../triggers/inbound.ts";
import { isWanted, type Mapped, mapEvent } from "../triggers/map-event.ts";
import type { WebhookTrigger } from "../triggers/webhook.ts";
import { mustBeRunBy } from "./auth.ts";
import { machineOf, type Principal } from "./principal.ts";
import { askRun } from "./runs.ts";
import { type StartParts, startRun } from "./start-run.ts";

export interface InboundParts extends StartParts {
  webhooks: readonly WebhookTrigger[];
  /** Every agent and team, by its id. */
  all: ReadonlyMap<string, Agent>;
  db: Db | null;
  now: () => number;
}

export const noEvents = "Webhooks are not available: pass a db to AgentOS to enable this feature.";
/** How long the same body is the same event, where nothing that is signed says so. */
const sameBodyMs = 72 * 60 * 60_000;

type Env = Record<string, unknown>;

/** What came of a request: a run, nothing, an error in the mapping, or the answer to a test of the sender's. */
export type Received =
  | { kind: "started"; eventId: string; run: RunView }
  | { kind: "ignored"; eventId: string | null }
  | { kind: "failed"; eventId: string }
  | { kind: "answered"; body: string; contentType: string };

/** What was sent to a webhook, and whether from this very machine. */
export interface Posted {
  /** The bytes as they were sent. */
  body: Uint8Array;
  headers: Headers;
  local: boolean;
}

/** What came of a genuine event; `failed` says why, to whoever looks into the log, and not to the sender. */
type Outcome =
  | { kind: "started"; run: RunView }
  | { kind: "ignored" }
  | { kind: "failed"; error: string };

/** What the run of an event is started with, beside what its mapping gives. */
interface Start {
  trigger: WebhookTrigger;
  /** What the run's id follows from. */
  seed: readonly (string | number)[];
  /** Whether the seed stands for a new event once the time of the last is over. */
  expires: boolean;
  /** Whether it came from this very machine. */
  local: boolean;
  /** Whoever has it replayed: they have asked for its run as well. */
  by: Principal | null;
}

/** Everything that can be done with what comes in, for the sender, the API and the panel alike. */
export class Inbound {
  readonly #parts: InboundParts;
  readonly #byId: ReadonlyMap<string, WebhookTrigger>;

  constructor(parts: InboundParts) {
    this.#parts = parts;
    this.#byId = new Map(parts.webhooks.map((trigger) => [trigger.id, trigger]));
  }

  get webhooks(): readonly WebhookTrigger[] {
    return this.#parts.webhooks;
  }

  /** Throws `not_found`. */
  trigger(id: string): WebhookTrigger {
    const trigger = this.#byId.get(id);
    if (trigger === undefined) throw new KernError("not_found", "Webhook not found");
    return trigger;
  }

  /**
   * Takes what was sent to a webhook; `later` outlives the answer. Throws `unauthorized` for what is not genuine, and
   * `unavailable` where it cannot be told, or nothing could be kept.
   */
  async receive(
    env: Env,
    trigger: WebhookTrigger,
    { body, headers, local }: Posted,
    later: (work: Promise<unknown>) => void,
  ): Promise<Received> {
    const nowMs = this.#parts.now();
    const verified = await trigger.verify.verify({ headers, body }, { env, nowMs });
    if (verified.kind === "refused") {
      const reason = forLog(verified.reason);
      console.warn(`kern: the webhook '${trigger.id}' refused a request:`, reason);
      throw new KernError("unauthorized", refusedText);
    }
    if (verified.answer !== undefined) return { kind: "answered", ...verified.answer };
    // What nobody listens to leaves nothing behind.
    if (!isWanted(trigger.events, verified.type)) return { kind: "ignored", eventId: null };
    const { event: content, key, type } = verified;
    const id = eventId(trigger.id, keyText(key, body));
    const readable = readableHeaders(headers, trigger.headers);
    const event = { id, type, body: content, headers: readable, replay: false };
    const expires = key.kind === "digest";
    const outcome = await this.#act(env, event, { trigger, seed: [id], expires, local, by: null });
    const noted = this.#storeOf(env).events.note({
      id,
      webhook: trigger.id,
      type,
      ...toldOf(outcome),
      body: new TextDecoder().decode(body),
      headers: JSON.stringify(readable),
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    });
    if (outcome.kind === "failed") {
      // It is nowhere else: what was not kept is to be sent again.
      await noted;
      return { kind: "failed", eventId: id };
    }
    later(
      noted.catch((error: unknown) =>
        console.error("kern: an event could not be logged", id, messageOf(error)),
      ),
    );
    return { ...outcome, eventId: id };
  }

  /**
   * Maps a kept event once more, and starts its run; one that has started a run starts another one only `again`, and else
   * names it. Throws `not_found`, and `conflict` with the reason where it still cannot be mapped.
   */
  async replay(
    env: Env,
    id: string,
    { again, by, local }: { again: boolean; by: Principal; local: boolean },
  ): Promise<EventRow> {
    const { events } = this.#storeOf(env);
    const row = await events.read(id);
    const trigger = row === null ? undefined : this.#byId.get(row.webhook);
    if (row === null || trigger === undefined) throw new KernError("not_found", "Event not found");
    const agent = this.#agentOf(trigger);
    mustBeRunBy(by, agent);
    if (row.status === "started" && !again) return row;
    const headers = JSON.parse(row.headers) as Record<string, string>;
    const body = eventIn(row.body, headers["content-type"] ?? null);
    const event = { id, type: row.type, body, headers, replay: true };
    // Of two who replay it at once, both get the one run.
    const isStarted = row.status === "started";
    const seed = isStarted ? [id, "replay", row.created_at_ms, row.replays + 1] : [id];
    // A run that the same body started long ago is none of an event that has started none.
    const expires = !isStarted;
    const outcome = await this.#act(env, event, { trigger, seed, expires, local, by });
    const told = { ...toldOf(outcome), updated_at_ms: this.#parts.now() };
    await events.replayed({ id, ...told });
    if (outcome.kind === "failed") throw new KernError("conflict", outcome.error);
    // Also where it started nothing, and the event still names the run of before.
    return { ...((await events.read(id)) ?? row), ...told };
  }

  /** Throws `not_found`. */
  async read(env: Env, id: string): Promise<EventRow> {
    const row = await this.#storeOf(env).events.read(id);
    if (row === null) throw new KernError("not_found", "Event not found");
    return row;
  }

  async list(
    env: Env,
    filter: EventFilter,
    page: { limit: number; after: Position | null },
  ): Promise<EventSummary[]> {
    return this.#storeOf(env).events.list(filter, page);
  }

  async #act(env: Env, event: InboundEvent, start: Start): Promise<Outcome> {
    const mapped = await mapEvent(start.trigger, event);
    if (mapped.kind !== "run") return mapped;
    try {
      return { kind: "started", run: await this.#start(env, mapped, start) };
    } catch (error) {
      // What cannot be reached is to be sent again; what starts no run, such as another user's session, is to be mended here.
      if (!(error instanceof KernError) || error.code === "unavailable") throw error;
      return { kind: "failed", error: `What 'input' gave starts no run: ${error.message}` };
    }
  }

  /** Starts the run, or finds it started by the same event before. */
  async #start(
    env: Env,
    { message, sessionId, userId }: Extract<Mapped, { kind: "run" }>,
    { by, expires, local, seed, trigger }: Start,
  ): Promise<RunView> {
    const agent = this.#agentOf(trigger);
    const startAs = async (generation: number): Promise<RunView> =>
      startRun(env, this.#parts, {
        agent,
        principal: machineOf(`webhook:${trigger.id}`, by?.aliases ?? []),
        message,
        userId,
        sessionId,
        key: undefined,
        runId: runIdOf(seed, generation),
        local,
        unattended: true,
        waitMs: 0,
      });
    const first = await startAs(0);
    const age = this.#parts.now() - first.created_at * 1000;
    if (!expires || age < sameBodyMs) return first;
    // Counted from the first, so that all who ask at once come to the same one; the one before may still be young.
    const generation = Math.floor(age / sameBodyMs);
    if (generation > 1) {
      const before = await askRun(env, runIdOf(seed, generation - 1), async (run) => run.view());
      if (before.ok && this.#parts.now() - before.run.created_at * 1000 < sameBodyMs)
        return before.run;
    }
    return startAs(generation);
  }

  #agentOf({ agent }: WebhookTrigger): Agent {
    return this.#parts.all.get(agent) as Agent;
  }

  #storeOf(env: Env): Store {
    if (this.#parts.db === null) throw new KernError("unavailable", noEvents);
    return this.#parts.db.connect(env);
  }
}

/** What the sender is told of a request that is not genuine; why is in the log. */
export const refusedText = "The request is not signed as this webhook asks";

/** Why something was refused, which may quote what nobody has signed, on one line and not without end. */
function forLog(reason: string): string {
  return visible(reason.slice(0, 500)).replaceAll("\n", String.raw`\n`);
}

function runIdOf(seed: Start["seed"], generation: number): string {
  return newRunId(canonicalJson(["webhook", ...seed, generation]));
}

function toldOf(outcome: Outcome): Pick<EventRow, "status" | "run_id" | "error"> {
  return {
    status: outcome.kind,
    run_id: outcome.kind === "started" ? outcome.run.run_id : null,
    error: outcome.kind === "failed" ? outcome.error : null,
  };
}
