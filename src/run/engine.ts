import type { Agent } from "../agent/agent.ts";
import { isWaivable } from "../agent/gate.ts";
import { KernError, messageOf } from "../errors.ts";
import { isGated, type Tool } from "../tools/tool.ts";
import { Alarm } from "./alarm.ts";
import { within } from "./deadline.ts";
import { nextDueMs } from "./due.ts";
import { asksBefore, hear } from "./delegation.ts";
import type { Entry, Refusals } from "./entry.ts";
import { findingsOfCall } from "./findings.ts";
import { inspect } from "./inspect.ts";
import type { Journal } from "./journal.ts";
import { Members, type MembersParts } from "./members.ts";
import { KillSwitch, type KillSwitchParts } from "./kill-switch.ts";
import type { Inspection, Report } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { type Launch, plan, type Task, workOf } from "./plan.ts";
import { clocks } from "./policy.ts";
import { type Setting, stop } from "./question.ts";
import type { Elsewhere } from "./reply.ts";
import { known, rootOf, type RunState } from "./state.ts";
import { Telling } from "./telling.ts";
import { perform } from "./work.ts";

export interface EngineParts {
  journal: Journal;
  outbox: Outbox;
  teamOutbox: Outbox;
  channelOutboxes: readonly Outbox[];
  /** How the members of a team are spoken to, and its other runs asked. */
  team: TeamPorts;
  readSwitches: KillSwitchParts["read"];
  /** The one alarm of the object. */
  setAlarm: (atMs: number) => void;
  agentOf: (id: string) => Agent | undefined;
  env: unknown;
  now: () => number;
  boot: string;
}

/** The runs of the same team, as this run reaches them. */
export interface TeamPorts {
  join: MembersParts["join"];
  /** What people turned down in the team of the run with this id, its root; `asks`: by now, and whether all of it could be asked. */
  turnedDown: (
    rootRunId: string,
    asks: boolean,
  ) => Promise<{ refusals: Refusals; complete: boolean }>;
}

/** What was found out in this very turn, and counts in no other. */
type News = Partial<Pick<Setting, "findings" | "killSwitch">>;

/** What a piece of work is begun with. */
interface Hand {
  agent: Agent;
  abort: AbortController;
  state: RunState;
}

/** When a wake-up that failed is repeated. */
const wakeAgainMs = 30_000;
/** How long a team may take to say what people turned down in it. */
const turnedDownMs = 6_000;

/**
 * Moves one run: stores what happened together with the start of what follows from it, begins that work, and stores what
 * came of it. Every storing is one row and one turn; whatever is lost between two rows is found by the next instance.
 */
export class Engine {
  readonly #parts: EngineParts;
  readonly #work = new Map<string, { done: Promise<void>; abort: AbortController }>();
  readonly #alarm: Alarm;
  /** Those who are told of what happens here. */
  readonly telling: Telling;
  readonly members: Members;
  readonly #killSwitch: KillSwitch;
  /** Undefined until it was first asked for: a journal that cannot be read must not keep the object from its alarm. */
  #loaded: RunState | null | undefined;
  #recovered = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.setAlarm);
    this.telling = new Telling({
      ...parts,
      state: () => this.state,
      tools: () => this.tools,
      rearm: () => this.#rearm(),
    });
    this.members = new Members({
      join: parts.team.join,
      heard: (callId, memberRunId, report) => this.hear(callId, memberRunId, report),
      now: parts.now,
      rearm: () => this.#rearm(),
    });
    this.#killSwitch = new KillSwitch({ read: parts.readSwitches, now: parts.now });
  }

  /** The run as it stands; null where there is none. Throws `unavailable` for a journal of another release. */
  get state(): RunState | null {
    if (this.#loaded === undefined) {
      this.#loaded = this.#parts.journal.load();
      this.telling.loaded(this.#loaded?.seq ?? 0);
    }
    return this.#loaded;
  }

  get working(): boolean {
    return this.#work.size > 0;
  }

  get tools(): ReadonlyMap<string, Tool> {
    return this.#agent()?.tools ?? new Map();
  }

  /**
   * Stores these entries and everything that follows from them at once, then begins the work. Throws where they cannot be
   * stored, and then nothing has happened.
   */
  advance(first: Entry[] = [], news: News = {}): RunState {
    const before = this.state;
    if (before === null && first.length === 0) throw new Error("There is no run here.");
    const { entries, launches, state } = plan(before, first, { ...this.#setting(first), ...news });
    if (entries.length > 0) {
      const row = { seq: state.seq, atMs: state.updatedAtMs, entries };
      try {
        this.#parts.journal.append(row, () => this.#arm(state));
      } catch (error) {
        this.#alarm.forget();
        throw error;
      }
      this.#loaded = state;
      this.telling.stored(before, row, state);
    } else {
      this.#arm(before ?? state);
    }
    for (const launch of launches) this.#begin(launch, state);
    void this.members.tend(state, "news");
    return state;
  }

  /** A member of the team has said where its run stands; what is not news changes nothing. */
  hear(callId: string, memberRunId: string, report: Report): void {
    const { state } = this;
    const entries = state === null ? [] : hear(state, { callId, memberRunId, report });
    if (entries.length > 0) this.advance(entries);
  }

  /**
   * Takes up at once what an earlier instance left running; whoever asks first after a crash finds the run moving. Also looks
   * for an alarm that was lost: one that has not rung, or was to ring for what an earlier instance did not tell.
   */
  recover(): void {
    const isLost = this.#alarm.isOverdue(this.#parts.now());
    const isNew = !this.#recovered;
    if (!isNew && !isLost) return;
    this.#recovered = true;
    const state = this.state;
    if (state === null) return;
    if (isLost) this.#alarm.forget();
    if (isLost || this.telling.dueMs(state) !== null) this.#arm(state);
    if (!isNew) return;
    // Also by a run that has ended: members may not have heard yet that they are not wanted any more.
    void this.members.tend(state, "news");
    if (state.ended !== null) return;
    const left = [...state.calls.values()].some(
      ({ phase }) => phase === "running" || phase === "ready",
    );
    if (left || state.steps.at(-1)?.phase === "open") this.advance();
  }

  /** Aborts what is under way; what a tool still reports is stored all the same. */
  abort(): void {
    for (const { abort } of this.#work.values()) abort.abort(new Error("The run was cancelled."));
  }

  /** The alarm has rung: recovers what was interrupted, lets lapse what is overdue, delivers what waits. Never throws. */
  async wake(): Promise<void> {
    this.#alarm.forget();
    try {
      if (this.state === null) return;
      // This alarm may be the last: what was told and not noted would have nobody to tell it again.
      this.telling.note(this.state);
      const driving = this.working;
      const state = this.advance();
      const told = Promise.all([
        this.telling.flushDue(state),
        this.members.tend(state, "due"),
        this.idle(),
      ]);
      // While this waits no other alarm rings, so it ends as soon as one is wanted earlier.
      const done = Promise.race([told, this.#alarm.moved]);
      if (!driving) await within(this.#untilLapse(), done);
      this.#rearm();
    } catch (error) {
      console.error("kern: a wake-up failed and is repeated", messageOf(error));
      this.#parts.setAlarm(this.#parts.now() + wakeAgainMs);
    }
  }

  /** Resolves when nothing is under way in this instance. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all([...this.#work.values()].map(({ done }) => done));
  }

  /** Moves it where it can move, and where a kill switch was on, looks whether it still is. */
  poke(): void {
    this.#killSwitch.forget();
    this.advance();
  }

  /** Has everything told to the database once more. */
  retell(): void {
    this.#parts.outbox.rewind();
  }

  inspection(state: RunState, alarmMs: number | null): Inspection {
    const isConfigured = this.#agent() !== undefined;
    const { cursor } = this.#parts.outbox;
    return inspect(state, { cursor, alarmMs, isConfigured, held: this.#killSwitch.why });
  }

  #begin(launch: Launch, state: RunState): void {
    const agent = this.#agent();
    if (agent === undefined) return;
    const name = workOf(launch);
    const abort = new AbortController();
    const hands = { agent, abort, state };
    const doing =
      launch.kind === "switch"
        ? this.#readSwitch(state)
        : launch.kind === "policy"
          ? this.#askPolicy(launch, hands)
          : this.#do(launch, hands);
    const done = doing.catch((error: unknown) => {
      console.error("kern: a step could not be stored and is repeated", messageOf(error));
      this.#work.delete(name);
    });
    this.#work.set(name, { done, abort });
  }

  /** What may start does so in the turn in which the switch was found off. */
  async #readSwitch(state: RunState): Promise<void> {
    const isOff = await this.#killSwitch.isOff(state);
    this.#work.delete("switch");
    this.advance([], { killSwitch: isOff ? "off" : "on" });
    // Whoever turns it off looks in the database for the runs that it holds.
    if (!isOff) this.telling.lasts();
  }

  async #askPolicy(
    launch: Extract<Launch, { kind: "policy" }>,
    { agent, abort: { signal }, state }: Hand,
  ): Promise<void> {
    const { callId } = launch;
    const { env } = this.#parts;
    const found = await findingsOfCall(known(state.calls, callId), { agent, env, signal, state });
    this.#work.delete(workOf(launch));
    this.advance([], { findings: new Map([[callId, found]]) });
  }

  async #do(launch: Task, { agent, abort, state }: Hand): Promise<void> {
    const { env } = this.#parts;
    const onText = (text: string): void => {
      if (launch.kind === "model") this.telling.text(state, text, launch);
    };
    const outcome = await perform(launch, {
      agent,
      env,
      signal: abort.signal,
      onText,
      turnedDown: async (toolNames) => this.#turnedDown(state, agent, toolNames),
      killSwitchIsOff: async () => this.#killSwitch.isOff(state),
      now: () => ({ state: this.state ?? state, setting: this.#setting() }),
    });
    this.#work.delete(workOf(launch));
    if (!this.#isOurs(launch)) return;
    try {
      this.advance(outcome(this.state ?? state, this.#setting()));
    } catch (error) {
      // Only a run that is still under way can end for what it could not store.
      if (!(error instanceof KernError) || this.state?.ended !== null) throw error;
      this.advance(stop(this.state ?? state, { kind: "failed", error: error.message }));
    }
  }

  /** Where the team cannot be asked, a person is; what this agent would ask nobody about is in doubt then. */
  async #turnedDown(
    state: RunState,
    agent: Agent,
    toolNames: readonly string[],
  ): Promise<Elsewhere> {
    const none = { refusals: [], doubtful: new Set<string>() };
    if (state.member === null || toolNames.length === 0) return none;
    const above = state.member.ancestors.map(({ teamId }) => this.#parts.agentOf(teamId));
    // Of a team that is not configured any more nobody knows what it asked about.
    const gated = toolNames.filter((name) =>
      above.some((team) => team === undefined || asksBefore(team, name)),
    );
    const doubtful = new Set(
      gated.filter((name) => {
        const tool = agent.tools.get(name);
        return tool !== undefined && (!isGated(tool) || isWaivable(tool));
      }),
    );
    try {
      const told = this.#parts.team.turnedDown(rootOf(state), gated.length > 0);
      const found = await within(turnedDownMs, told);
      if (found !== "late")
        return { refusals: found.refusals, doubtful: found.complete ? none.doubtful : doubtful };
    } catch (error) {
      console.error("kern: a team could not be asked what was turned down", messageOf(error));
    }
    return { ...none, doubtful };
  }

  /** Whether the journal still waits for this very attempt: a late result of another one is dropped. */
  #isOurs(launch: Task): boolean {
    const state = this.state;
    if (state === null) return false;
    if (launch.kind === "tool") {
      const call = state.calls.get(launch.callId);
      return (
        call?.phase === "running" &&
        call.boot === this.#parts.boot &&
        call.attempt === launch.attempt
      );
    }
    const step = state.steps.at(-1);
    if (state.ended !== null || step?.phase !== "open") return false;
    return (
      step.n === launch.step && step.attempt === launch.attempt && step.boot === this.#parts.boot
    );
  }

  #setting(first: Entry[] = []): Setting {
    const started = first[0]?.kind === "started" ? first[0].agentId : undefined;
    return {
      nowMs: this.#parts.now(),
      boot: this.#parts.boot,
      alive: new Set(this.#work.keys()),
      agent: this.#agent(started),
      killSwitch: this.#killSwitch.reading,
    };
  }

  #agent(id = this.state?.agentId): Agent | undefined {
    return id === undefined ? undefined : this.#parts.agentOf(id);
  }

  #rearm(): void {
    if (this.state !== null) this.#arm(this.state);
  }

  /** Moves the alarm to the earliest thing that is due. */
  #arm(state: RunState): void {
    const nowMs = this.#parts.now();
    const outboxMs = this.telling.dueMs(state);
    const atMs = nextDueMs(state, {
      nowMs,
      outboxMs,
      membersMs: this.members.dueMs(state),
      heldMs: this.#killSwitch.dueMs,
      working: this.working,
      movable: this.#parts.agentOf(state.agentId) !== undefined,
    });
    if (atMs === null) return;
    this.#alarm.move(atMs, nowMs);
  }

  /** How long a wake-up may wait for the work: until the clock has something to say, ten minutes at most. */
  #untilLapse(): number {
    const due = this.state === null ? [] : clocks(this.state);
    return Math.max(0, Math.min(600_000, ...due.map((atMs) => atMs - this.#parts.now())));
  }
}
