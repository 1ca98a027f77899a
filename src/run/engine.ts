import type { Agent } from "../agent/agent.ts";
import { KernError, messageOf } from "../errors.ts";
import type { Tool } from "../tools/tool.ts";
import { Alarm } from "./alarm.ts";
import { within } from "./deadline.ts";
import { lapses, nextDueMs } from "./due.ts";
import type { Entry } from "./entry.ts";
import { eventReader, textEvent } from "./events.ts";
import { inspect } from "./inspect.ts";
import type { Journal } from "./journal.ts";
import type { Inspection } from "./messages.ts";
import { Listeners } from "./listeners.ts";
import type { Outbox } from "./outbox.ts";
import { type Launch, plan, workOf } from "./plan.ts";
import { type Setting, stop } from "./question.ts";
import { isSettled, type RunState } from "./state.ts";
import { Watchers } from "./watchers.ts";
import { perform } from "./work.ts";

export interface EngineParts {
  journal: Journal;
  outbox: Outbox;
  /** The one alarm of the object. */
  setAlarm: (atMs: number) => void;
  agentOf: (id: string) => Agent | undefined;
  env: unknown;
  now: () => number;
  boot: string;
}

/** When a wake-up that failed is repeated. */
const wakeAgainMs = 30_000;
/** The database is told that a run is moving once it has been for so long: most pause or end before. */
const lastingMs = 1_000;
/** How long an answer or a stream waits for the database's copy before it says that the run has paused. */
const projectionMs = 1_000;

/**
 * Moves one run: stores what happened together with the start of what follows from it, begins that work, and stores what
 * came of it. Every storing is one row and one turn; whatever is lost between two rows is found by the next instance.
 */
export class Engine {
  readonly #parts: EngineParts;
  readonly #work = new Map<string, { done: Promise<void>; abort: AbortController }>();
  readonly #listeners: Listeners;
  readonly #alarm: Alarm;
  /** Undefined until it was first asked for: a journal that cannot be read must not keep the object from its alarm. */
  #loaded: RunState | null | undefined;
  #recovered = false;
  #told: Promise<unknown> = Promise.resolve();
  /** Whether the run has been moving for a while; an instance that finds it moving takes it for long. */
  #lasts = true;
  #lasting: ReturnType<typeof setTimeout> | undefined;
  readonly #watchers = new Watchers();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.setAlarm);
    this.#listeners = new Listeners(
      (afterSeq) => parts.journal.rows(afterSeq),
      () => this.tools,
    );
  }

  /** The run as it stands; null where there is none. Throws `unavailable` for a journal of another release. */
  get state(): RunState | null {
    if (this.#loaded === undefined) {
      this.#loaded = this.#parts.journal.load();
      this.#listeners.tell(this.#loaded?.seq ?? 0);
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
  advance(first: Entry[] = []): RunState {
    const before = this.state;
    if (before === null && first.length === 0) throw new Error("There is no run here.");
    const { entries, launches, state } = plan(before, first, this.#setting(first));
    if (entries.length > 0) {
      const row = { seq: state.seq, atMs: state.updatedAtMs, entries };
      try {
        this.#parts.journal.append(row, () => this.#arm(state));
      } catch (error) {
        this.#alarm.forget();
        throw error;
      }
      this.#loaded = state;
      this.#tell(before, row, state);
    } else {
      this.#arm(before ?? state);
    }
    for (const launch of launches) this.#begin(launch, state);
    return state;
  }

  /** Takes up at once what an earlier instance left running; whoever asks first after a crash finds the run moving. */
  recover(): void {
    if (this.#recovered) return;
    this.#recovered = true;
    const state = this.state;
    if (state === null || state.ended !== null) return;
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
      this.#parts.outbox.note();
      const driving = this.working;
      const state = this.advance();
      const dueMs = this.#parts.outbox.dueMs(state, this.#parts.now());
      const flushed = dueMs !== null && dueMs <= this.#parts.now() ? this.flush() : undefined;
      // While this waits no other alarm rings, so it ends as soon as one is wanted earlier.
      const done = Promise.race([Promise.all([flushed, this.idle()]), this.#alarm.moved]);
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

  /** Resolves when the run has paused or ended and the database was told, or when the time is up. */
  async settled(timeoutMs: number): Promise<void> {
    const told = async (): Promise<void> => {
      await this.until(isSettled, timeoutMs);
      await this.#told;
    };
    await within(timeoutMs, told());
  }

  /** Resolves when it is so, asked after every row, or when the time is up. */
  async until(so: (state: RunState) => boolean, timeoutMs: number): Promise<void> {
    await this.#watchers.until(this.state, so, timeoutMs);
  }

  /** Whether the database is to be told where the run stands: when it rests, or has been moving for a while. */
  isNews(state: RunState): boolean {
    return isSettled(state) || this.#lasts;
  }

  /** Brings the database's copy up to date; false where that failed or took too long, and then it is repeated. */
  async flush(timeoutMs = 30_000): Promise<boolean> {
    if (this.state === null) return true;
    const flushing = this.#parts.outbox
      .flush(() => this.state as RunState, this.#parts.now)
      .then((done) => {
        this.#rearm();
        return done;
      })
      .catch((error: unknown) => {
        console.error("kern: what was told could not be noted", messageOf(error));
        return false;
      });
    return (await within(timeoutMs, flushing)) === true;
  }

  /**
   * The run's events from an index on, and then as they happen, until the run ends or, unless the reader stays, pauses; null
   * where the event before that index has not happened.
   */
  async follow(fromIndex: number, stays: boolean): Promise<ReadableStream<Uint8Array> | null> {
    await this.#told;
    return this.#listeners.open(fromIndex, stays);
  }

  /** How many events there were when this request answered; so far, where it did not. */
  eventCount(requestId?: string): number {
    const read = eventReader(this.tools);
    let count = 0;
    for (const row of this.#parts.journal.rows()) {
      if (requestId !== undefined && row.entries.some((entry) => isOf(requestId, entry))) break;
      count += read(row).events.length;
    }
    return count;
  }

  /** Has everything told to the database once more. */
  retell(): void {
    this.#parts.outbox.rewind();
  }

  inspection(state: RunState, alarmMs: number | null): Inspection {
    const isConfigured = this.#agent() !== undefined;
    return inspect(state, { cursor: this.#parts.outbox.cursor, alarmMs, isConfigured });
  }

  #begin(launch: Launch, state: RunState): void {
    const agent = this.#agent();
    if (agent === undefined) return;
    const name = workOf(launch);
    const abort = new AbortController();
    const done = this.#do(launch, { agent, abort, state }).catch((error: unknown) => {
      console.error("kern: a step could not be stored and is repeated", messageOf(error));
      this.#work.delete(name);
    });
    this.#work.set(name, { done, abort });
  }

  async #do(
    launch: Launch,
    { agent, abort, state }: { agent: Agent; abort: AbortController; state: RunState },
  ): Promise<void> {
    const { env, now } = this.#parts;
    const onText = (text: string): void => {
      if (launch.kind !== "model") return;
      const event = textEvent(state, now(), text);
      // In its place among the rows, of which one may still wait to be told.
      void this.#told.then(() => this.#listeners.text(event, launch));
    };
    const outcome = await perform(launch, {
      agent,
      env,
      signal: abort.signal,
      onText,
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

  /** Whether the journal still waits for this very attempt: a late result of another one is dropped. */
  #isOurs(launch: Launch): boolean {
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

  #tell(
    before: RunState | null,
    row: { seq: number; atMs: number; entries: Entry[] },
    after: RunState,
  ): void {
    const over = isSettled(after);
    this.#time(before === null || isSettled(before), !over);
    const important = over || row.entries.some(({ kind }) => kind.startsWith("approval_"));
    const flushed = important ? this.flush(projectionMs) : Promise.resolve(true);
    this.#told = this.#told.then(async () => {
      if (over) await flushed;
      this.#listeners.tell(row.seq);
    });
    this.#watchers.tell(after);
  }

  /** Has the run's moving told once it lasts. */
  #time(rested: boolean, moves: boolean): void {
    if (!moves) clearTimeout(this.#lasting);
    if (!moves || !rested) return;
    this.#lasts = false;
    this.#lasting = setTimeout(() => {
      this.#lasts = true;
      this.#parts.outbox.owe();
      void this.flush();
    }, lastingMs);
  }

  #setting(first: Entry[] = []): Setting {
    const started = first[0]?.kind === "started" ? first[0].agentId : undefined;
    return {
      nowMs: this.#parts.now(),
      boot: this.#parts.boot,
      alive: new Set(this.#work.keys()),
      agent: this.#agent(started),
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
    const outboxMs = this.#parts.outbox.dueMs(state, nowMs);
    const atMs = nextDueMs(state, {
      nowMs,
      outboxMs,
      working: this.working,
      movable: this.#parts.agentOf(state.agentId) !== undefined,
    });
    if (atMs === null) return;
    this.#alarm.move(atMs, nowMs);
  }

  /** How long a wake-up may wait for the work: until an approval lapses, ten minutes at most. */
  #untilLapse(): number {
    const due = this.state === null ? [] : lapses(this.state);
    return Math.max(0, Math.min(600_000, ...due.map((atMs) => atMs - this.#parts.now())));
  }
}

function isOf(requestId: string, entry: Entry): boolean {
  return entry.kind === "call_answered" && entry.requestId === requestId;
}
