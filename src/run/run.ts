import { DurableObject } from "cloudflare:workers";
import type { Agent } from "../agent/agent.ts";
import type { Notice, Receipt, Told } from "../approval/notice.ts";
import { KernError, messageOf } from "../errors.ts";
import { answerAsUser, hasAnswered } from "./answer.ts";
import { Courier, courierOutbox, type Route } from "./courier.ts";
import { within } from "./deadline.ts";
import { answer, prolong } from "./decide.ts";
import { Engine } from "./engine.ts";
import { openMembers, passedOn, reportOf, waitsForApproval } from "./delegation.ts";
import type { Entry, Refusals } from "./entry.ts";
import { approversOfChanged } from "./findings.ts";
import { Journal } from "./journal.ts";
import {
  type ApprovalReply,
  type ContinueMessage,
  type ContinueReply,
  type ExtendMessage,
  type Inspection,
  type JoinMessage,
  type JoinReply,
  type MemberEvents,
  messageVersion,
  type Refusal,
  type Reply,
  type ReportMessage,
  type ResolveMessage,
  type RunDoor,
  type RunReply,
  type StartMessage,
} from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { Sent } from "./sent.ts";
import { stop } from "./question.ts";
import { dueEvents } from "./policy.ts";
import { approvalRows, runRow } from "./rows.ts";
import { type ApprovalState, isSettled, parentOf, type RunState } from "./state.ts";
import type { Store } from "./store.ts";
import { approvalRecord, claimOf, runView } from "./view.ts";

/** What a run's object is given by whoever makes it a class of their Worker. */
export interface RunHost {
  agentOf(id: string): Agent | undefined;
  store(env: unknown): Store;
  /** Tells open panels that something changed; a failure is nobody's loss. */
  publish(
    env: unknown,
    changes: { id: string; version: number }[],
    requestedBy: string | null,
  ): Promise<void>;
  /** The channels that are told of approvals. */
  channels: readonly Route[];
  /** Tells one of them; throws where that failed and is worth another attempt. */
  notify(
    env: unknown,
    channelId: string,
    notice: Notice,
    told: { receipt: Receipt | null; signal: AbortSignal },
  ): Promise<Told>;
  /** Asks another run's object; throws where it cannot be reached. */
  ask<T>(env: unknown, runId: string, question: (run: RunDoor) => Promise<T>): Promise<T>;
  /** Epoch milliseconds. */
  now(): number;
}

/**
 * A run: the Durable Object that owns everything that is true about it. This class is the door: each method finds the
 * run, hands over, and answers with data; what happens behind it is the engine's.
 */
export class RunObject extends DurableObject<unknown> implements RunDoor {
  readonly #host: RunHost;
  readonly #engine: Engine;
  readonly #couriers: ReadonlyMap<string, Courier>;
  readonly #unpublished = new Map<string, number>();
  /** What the team was told last. */
  #reported = "";

  constructor(ctx: DurableObjectState, env: unknown, host: RunHost) {
    super(ctx, env);
    this.#host = host;
    const journal = new Journal(ctx.storage);
    const sent = new Sent(ctx.storage);
    this.#couriers = new Map(
      host.channels.map((route) => {
        const { id } = route;
        const courier = new Courier({
          route,
          journal,
          sent,
          tools: () => this.#engine.tools,
          notify: async (notice, told) => host.notify(env, id, notice, told),
          now: () => host.now(),
        });
        return [id, courier];
      }),
    );
    this.#engine = new Engine({
      journal,
      outbox: new Outbox("database", journal, async (state, afterSeq) =>
        this.#project(state, afterSeq),
      ),
      teamOutbox: new Outbox("team", journal, async (state) => this.#report(state)),
      channelOutboxes: host.channels.map((route) =>
        courierOutbox(route, journal, this.#couriers.get(route.id) as Courier),
      ),
      team: {
        join: async (runId, message) => host.ask(env, runId, async (run) => run.join(message)),
        turnedDown: async (runId, asks) => {
          const reply = await host.ask(env, runId, async (run) => run.turnedDown(asks));
          if (!reply.ok) throw new Error("message" in reply ? reply.message : reply.reason);
          return reply;
        },
      },
      readSwitches: async (ids) => host.store(env).switches.read(ids),
      // Relative to the platform's clock, which need not be the one that the run lives by.
      setAlarm: (atMs) => void ctx.storage.setAlarm(Date.now() + Math.max(0, atMs - host.now())),
      agentOf: (id) => host.agentOf(id),
      env,
      now: () => host.now(),
      boot: crypto.randomUUID(),
    });
  }

  /** Starts the run, or finds it started by the same request before: safe to repeat. */
  async start(message: StartMessage): Promise<RunReply> {
    const { v, ...facts } = message;
    if (v !== messageVersion) return outdated;
    const agent = this.#host.agentOf(message.agentId);
    if (agent === undefined) return { ok: false, reason: "not_found" };
    const earlier = this.#state;
    if (earlier === null) {
      this.#engine.advance([started(agent, facts)]);
    } else if (earlier.fingerprint !== message.fingerprint) {
      const text =
        "This Idempotency-Key was used for another request: use a new key, or repeat the same request.";
      return { ok: false, reason: "invalid", message: text };
    }
    if (message.unattended) void this.#engine.telling.flush();
    if (message.waitMs > 0) await this.#engine.telling.settled(message.waitMs);
    return this.#view();
  }

  async view(): Promise<RunReply> {
    return this.#view();
  }

  /** Waits until the run pauses or ends, `waitMs` at most, and answers where it stands. */
  async wait(waitMs: number): Promise<RunReply> {
    if (this.#state !== null) await this.#engine.telling.settled(waitMs);
    return this.#view();
  }

  /** The approval; where it is pending, after `waitMs` at most for its decision. */
  async approval(id: string, waitMs = 0): Promise<ApprovalReply> {
    if (waitMs > 0 && this.#find(id)?.approval.status === "pending") {
      await this.#engine.telling.until(
        (state) => state.approvals.get(id)?.status !== "pending",
        waitMs,
      );
    }
    const found = this.#find(id);
    if (found === null) return notFound;
    const { approval, state } = found;
    const { tools } = this.#engine;
    const said = claimOf(state, approval, tools);
    return { ok: true, approval: approvalRecord(state, approval, tools), said };
  }

  /** Takes one decision, once: judged and stored in one turn, told to the database before the answer where that is quick. */
  async resolve({ v, approvalId, decision, decider }: ResolveMessage): Promise<ApprovalReply> {
    if (v !== messageVersion) return outdated;
    // Before the run is looked at: from there on nothing may wait.
    const asked = this.#findNow(approvalId);
    const agent = asked === null ? undefined : this.#host.agentOf(asked.state.agentId);
    const approvers =
      asked === null || agent === undefined
        ? null
        : await approversOfChanged(asked.approval, decision, decider, {
            agent,
            env: this.env,
            signal: new AbortController().signal,
            state: asked.state,
          });
    const found = this.#find(approvalId);
    if (found === null) return notFound;
    const { approval, state } = found;
    const given = answer(state, approval, decision, decider, {
      nowMs: this.#host.now(),
      tools: this.#engine.tools,
      approversOfChanged: approvers,
    });
    if (given.kind === "forbidden")
      return { ok: false, reason: "forbidden", message: given.message };
    if (given.kind === "taken") return { ok: false, reason: "taken", status: given.status };
    if (given.kind === "invalid") {
      const { message, fields } = given;
      return { ok: false, reason: "invalid", message, ...(fields !== undefined && { fields }) };
    }
    if (given.kind !== "repeated") {
      const after = this.#advance(given.entries);
      if ("reason" in after) return after;
      await this.#engine.telling.flush(1_000);
    }
    if (given.kind === "lapsed") return { ok: false, reason: "taken", status: "expired" };
    return this.approval(approvalId);
  }

  /** Gives a pending approval more time; only who may decide on it may. */
  async extend({ v, approvalId, expiresAtMs, decider }: ExtendMessage): Promise<ApprovalReply> {
    if (v !== messageVersion) return outdated;
    const found = this.#findNow(approvalId);
    if (found === null) return notFound;
    const { approval, state } = found;
    const given = prolong(state, approval, { expiresAtMs, decider, nowMs: this.#host.now() });
    if (given.kind === "refused") return given.refusal;
    if (given.entries.length > 0) this.#engine.advance(given.entries);
    await this.#engine.telling.flush(1_000);
    if (given.kind === "lapsed") return { ok: false, reason: "taken", status: "expired" };
    return this.approval(approvalId);
  }

  /** Lets the run's own user answer what waits for them, once a request, and waits for what comes of it. */
  async continue(message: ContinueMessage): Promise<ContinueReply> {
    const { v, agentId, answers, requestId, sessionId, stream, waitMs } = message;
    if (v !== messageVersion) return outdated;
    if (this.#state?.agentId !== agentId) return notFound;
    // Members tell by themselves where they stand, but perhaps not before somebody who has just decided asks for the team.
    await this.#askMembers();
    const state = this.#state;
    if (sessionId !== undefined && sessionId !== state.sessionId) return notFound;
    const before = stream ? this.#engine.telling.eventCount(requestId) : 0;
    const isRepeated = hasAnswered(state, requestId);
    const after = isRepeated ? state : this.#answer(state, message);
    if ("reason" in after) return after;
    const passes = passedOn(after, message);
    // Those who are given an answer rest no more.
    const members = (stream ? await this.membersAtWork() : []).map((one) => ({
      ...one,
      rests: one.rests && passes.every(({ member }) => member.runId !== one.runId),
    }));
    const refused = await this.#pass(passes, message);
    if (refused !== null) return refused;
    await this.#engine.telling.settled(waitMs);
    // Where nothing more is to come, the last event is told again: a stream never ends without saying how.
    const over = answers.length === 0 ? isSettled(after) : state.ended !== null;
    const from = over && !isRepeated ? Math.max(0, before - 1) : before;
    const reply = this.#view();
    return reply.ok ? { ...reply, from, members } : reply;
  }

  #answer(state: RunState, message: ContinueMessage): RunState | Refusal {
    if (state.ended?.status === "CANCELLED") {
      return {
        ok: false,
        reason: "conflict",
        message: `Cannot continue run ${state.id}: run is cancelled`,
      };
    }
    if (waitsForApproval(state)) {
      return {
        ok: false,
        reason: "pending",
        message: "This run requires admin approval before it can be continued",
      };
    }
    const given = answerAsUser(state, message, {
      nowMs: this.#host.now(),
      tools: this.#engine.tools,
    });
    if ("kind" in given) {
      const { message: text, fields } = given;
      return { ok: false, reason: "invalid", message: text, ...(fields && { fields }) };
    }
    return given.entries.length > 0 ? this.#advance(given.entries) : state;
  }

  /** Hands on the answers to what members wait for; a refusal where one of them refuses. */
  async #pass(
    passes: ReturnType<typeof passedOn>,
    message: ContinueMessage,
  ): Promise<Refusal | null> {
    for (const { answers, member } of passes) {
      const { id: agentId, runId } = member;
      const passed = { ...message, agentId, answers, stream: false, waitMs: 0 };
      const reply = await this.#host.ask(this.env, runId, async (run) => run.continue(passed));
      if (!reply.ok) return reply;
    }
    if (passes.length > 0) await this.#askMembers();
    return null;
  }

  /** Hears where the members of this team stand by now; false where not all of them, and theirs, have said so. */
  async #askMembers(): Promise<boolean> {
    const state = this.#state;
    if (state === null || openMembers(state).length === 0) return true;
    return (await within(membersMs, this.#engine.members.tend(state, "all"))) === true;
  }

  /** Stores what a caller said; refused, with nothing stored, where that is too large: what fits may not fit together. */
  #advance(entries: Entry[]): RunState | Refusal {
    try {
      return this.#engine.advance(entries);
    } catch (error) {
      if (!(error instanceof KernError) || error.code !== "invalid_request") throw error;
      return { ok: false, reason: "invalid", message: error.message };
    }
  }

  /** Ends the run and everything that waits in it; a run that has ended stays as it is. Safe to repeat. */
  async cancel(): Promise<Reply<object>> {
    const state = this.#state;
    if (state === null) return notFound;
    if (state.ended === null) {
      this.#engine.advance(stop(state, { kind: "cancelled" }));
      this.#engine.abort();
    }
    await within(membersMs, this.#engine.members.idle());
    await this.#engine.telling.flush(1_000);
    return { ok: true };
  }

  /** A team hands this run its task, or does not want it any more; answers where the run stands. Safe to repeat. */
  async join({ v, start, dismissed, asks }: JoinMessage): Promise<JoinReply> {
    if (v !== messageVersion) return outdated;
    const agent = this.#host.agentOf(start.agentId);
    if (this.#state === null) {
      if (agent === undefined && !dismissed) return notFound;
      // A task that was taken back before it came is noted all the same, because it may still come.
      this.#engine.advance([
        started(agent ?? { name: start.agentId, sourceType: "agent" }, start),
        ...(dismissed ? [{ kind: "cancelled" } as const] : []),
      ]);
    } else if (dismissed) {
      await this.cancel();
    }
    const complete = !asks || (await this.#askMembers());
    return { ok: true, report: reportOf(this.#state as RunState, this.#engine.tools), complete };
  }

  /** A member of this team's says where its run stands; what is not news changes nothing. */
  async hear({ v, callId, memberRunId, report }: ReportMessage): Promise<Reply<object>> {
    if (v !== messageVersion) return outdated;
    if (this.#state === null) return notFound;
    this.#engine.hear(callId, memberRunId, report);
    return { ok: true };
  }

  /**
   * What people turned down in this run and in those of its members, for the gates of its members; with `asks`, those are
   * asked first, because word of it may still be on its way.
   */
  async turnedDown(asks: boolean): Promise<Reply<{ refusals: Refusals; complete: boolean }>> {
    const complete = !asks || (await this.#askMembers());
    const state = this.#state;
    return state === null ? notFound : { ok: true, refusals: [...state.refusals], complete };
  }

  /** Hides a closed approval from every list and read; the evidence stays here. Safe to repeat. */
  async hide(approvalId: string): Promise<Reply<object>> {
    const found = this.#find(approvalId);
    if (found === null) return notFound;
    const { approval, state } = found;
    if (approval.type === "audit")
      return { ok: false, reason: "conflict", message: "An audit record cannot be deleted" };
    if (approvalRecord(state, approval, this.#engine.tools).call_outcome === null) {
      return {
        ok: false,
        reason: "conflict",
        message: "The approval's call has not ended: resolve it or cancel the run first",
      };
    }
    this.#engine.advance([{ kind: "approval_hidden", approvalId }]);
    await this.#engine.telling.flush(1_000);
    return { ok: true };
  }

  /**
   * The run's events as JSON lines, from an index on, until the run ends or, unless the reader stays, pauses; null where
   * there is no run, or no event yet before that index.
   */
  async follow(fromIndex: number, stays = false): Promise<ReadableStream<Uint8Array> | null> {
    return this.#state === null ? null : this.#engine.telling.follow(fromIndex, stays);
  }

  /** How many events there are by now. */
  async eventCount(): Promise<number> {
    return this.#state === null ? 0 : this.#engine.telling.eventCount();
  }

  /**
   * The members whose runs have not ended, and theirs, for whoever follows them from now on; without those that this run's
   * events from an index on are yet to tell of, because they are followed from their beginning.
   */
  async membersAtWork(fromIndex?: number): Promise<MemberEvents[]> {
    const open = this.#state === null ? [] : openMembers(this.#state);
    const news = fromIndex === undefined ? null : this.#engine.telling.handedOver(fromIndex);
    const asked = open
      .flatMap(({ member }) => member ?? [])
      .filter(({ runId }) => news?.has(runId) !== true)
      .map(async ({ runId, status }) => {
        return this.#host.ask(this.env, runId, async (run) => [
          { runId, from: await run.eventCount(), rests: status === "PAUSED" },
          ...(await run.membersAtWork()),
        ]);
      });
    const found = await Promise.allSettled(asked);
    return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  }

  /** Tells a channel of one thing once more; where that fails it says why, and is not tried again by itself. */
  async redeliver(channelId: string, noticeId: string): Promise<Reply<object>> {
    const state = this.#state;
    const courier = this.#couriers.get(channelId);
    if (state === null || courier === undefined) return notFound;
    try {
      return (await courier.repeat(state, noticeId)) ? { ok: true } : notFound;
    } catch (error) {
      return { ok: false, reason: "conflict", message: messageOf(error) };
    }
  }

  /** Moves the run where it can move, whatever was lost; `again` tells the database everything once more. */
  async poke(again: boolean): Promise<Reply<{ inspection: Inspection }>> {
    if (this.#state === null) return notFound;
    if (again) this.#engine.retell();
    this.#engine.poke();
    await this.#askMembers();
    await this.#engine.telling.flush(5_000);
    return this.inspect();
  }

  async inspect(): Promise<Reply<{ inspection: Inspection }>> {
    const state = this.#state;
    if (state === null) return notFound;
    return {
      ok: true,
      inspection: this.#engine.inspection(state, await this.ctx.storage.getAlarm()),
    };
  }

  override async alarm(): Promise<void> {
    await this.#engine.wake();
  }

  /** The run, moving again if an earlier instance was lost at its work; null where there is none. */
  get #state(): RunState | null {
    this.#engine.recover();
    return this.#engine.state;
  }

  #view(): RunReply {
    const state = this.#state;
    return state === null ? notFound : { ok: true, run: runView(state, this.#engine.tools) };
  }

  /** The approval as it is by this moment: what the clock has brought counts, whether or not the alarm has rung. */
  #findNow(id: string): Found | null {
    const found = this.#find(id);
    if (found === null || dueEvents(found.state, this.#host.now()).length === 0) return found;
    this.#engine.advance();
    return this.#find(id);
  }

  /** An approval of this run's; null where there is none, or it is hidden. */
  #find(id: string): Found | null {
    const state = this.#state;
    const approval = state?.approvals.get(id);
    return state === null || approval === undefined || approval.hidden ? null : { state, approval };
  }

  async #project(state: RunState, afterSeq: number): Promise<void> {
    // What was never told, or is told once more, is told whole.
    const run = afterSeq === 0 || this.#engine.telling.isNews(state) ? runRow(state) : null;
    const approvals = approvalRows(state, afterSeq, this.#engine.tools);
    const store = this.#host.store(this.env);
    for (let at = 0; at < Math.max(1, approvals.length); at += projectedAtOnce) {
      await store.project(run, approvals.slice(at, at + projectedAtOnce));
    }
    const told = approvals.map(({ record, version }) => ({ id: record.id, version }));
    this.#publish(run === null ? told : [{ id: run.id, version: run.version }, ...told]);
  }

  /** Tells the team where this run stands, where that is not what it was told last. */
  async #report(state: RunState): Promise<void> {
    const parent = parentOf(state);
    if (parent === null || state.member === null) return;
    const report = reportOf(state, this.#engine.tools);
    const told = JSON.stringify({ ...report, version: 0 });
    if (told === this.#reported) return;
    const { callId } = state.member;
    const message = { v: messageVersion, callId, memberRunId: state.id, report };
    const reply = await this.#host.ask(this.env, parent.runId, async (run) => run.hear(message));
    // A team that is not there any more wants to hear nothing.
    if (!reply.ok && reply.reason !== "not_found") throw new Error(`Not heard: ${reply.reason}`);
    this.#reported = told;
  }

  /** Tells the feed of what changed, at most once in a while; nobody waits for it, and a panel that misses something asks again. */
  #publish(changes: { id: string; version: number }[]): void {
    const isFirst = this.#unpublished.size === 0;
    for (const { id, version } of changes) this.#unpublished.set(id, version);
    if (!isFirst || changes.length === 0) return;
    setTimeout(() => {
      const changed = [...this.#unpublished].map(([id, version]) => ({ id, version }));
      this.#unpublished.clear();
      this.ctx.waitUntil(
        this.#host
          .publish(this.env, changed, this.#engine.state?.requestedBy ?? null)
          .catch(() => undefined),
      );
    }, publishMs);
  }
}

/** An approval of this run's, with the run as it stands. */
interface Found {
  state: RunState;
  approval: ApprovalState;
}

function started(
  agent: Pick<Agent, "name" | "sourceType">,
  start: Omit<StartMessage, "v">,
): Entry & { kind: "started" } {
  const { waitMs: _waitMs, unattended: _unattended, ...facts } = start;
  const isTeam = agent.sourceType === "team";
  return { kind: "started", agentName: agent.name, ...facts, ...(isTeam && { isTeam }) };
}

/** How long an answer waits for the members of a team. */
const membersMs = 5_000;
/** How many approvals go to the database in one batch: each is two statements, and a batch has its limits. */
const projectedAtOnce = 20;
/** What changes within this time is told to open panels at once. */
const publishMs = 250;

const notFound: Refusal = { ok: false, reason: "not_found" };
const outdated: Refusal = {
  ok: false,
  reason: "unavailable",
  message: "A deployment is under way. Try again in a moment.",
};
