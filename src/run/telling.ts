import { messageOf } from "../errors.ts";
import type { Tool } from "../tools/tool.ts";
import { within } from "./deadline.ts";
import type { Entry } from "./entry.ts";
import { eventReader, textEvent } from "./events.ts";
import type { Journal, JournalRow } from "./journal.ts";
import { Listeners } from "./listeners.ts";
import type { Outbox } from "./outbox.ts";
import { isSettled, type RunState } from "./state.ts";
import { Watchers } from "./watchers.ts";

export interface TellingParts {
  journal: Journal;
  /** Brings the database's copy up to date. */
  outbox: Outbox;
  /** Tells the team of a member's run where it stands. */
  teamOutbox: Outbox;
  /** Tell each channel what happens to the run's approvals. */
  channelOutboxes: readonly Outbox[];
  state: () => RunState | null;
  tools: () => ReadonlyMap<string, Tool>;
  now: () => number;
  /** What is due has changed. */
  rearm: () => void;
}

/** The database is told that a run is moving once it has been for so long: most pause or end before. */
const lastingMs = 1_000;
/** How long an answer or a stream waits for the database's copy before it says that the run has paused. */
const projectionMs = 1_000;

/** Tells of a run what its journal says: to the database, to those who follow its events, and to those who wait for it. */
export class Telling {
  readonly #parts: TellingParts;
  readonly #listeners: Listeners;
  readonly #watchers = new Watchers();
  #told: Promise<unknown> = Promise.resolve();
  /** Whether the run has been moving for a while; an instance that finds it moving takes it for long. */
  #lasts = true;
  #lasting: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: TellingParts) {
    this.#parts = parts;
    this.#listeners = new Listeners((afterSeq) => parts.journal.rows(afterSeq), parts.tools);
  }

  /** The journal was read: what is in it may be told. */
  loaded(seq: number): void {
    this.#listeners.tell(seq);
  }

  /** A row was stored. */
  stored(before: RunState | null, row: JournalRow, after: RunState): void {
    const over = isSettled(after);
    this.#time(before === null || isSettled(before), !over);
    const important = over || row.entries.some(({ kind }) => kind.startsWith("approval_"));
    const flushed = important ? this.flush(projectionMs) : Promise.resolve(true);
    // After the database, so that the team says that it has paused when lists show why.
    if (important || row.entries.some(concernsTeam)) void flushed.then(() => this.#tellTeam());
    if (important || row.entries.some(({ kind }) => kind === "call_ended"))
      void this.#tellChannels(after);
    this.#told = this.#told.then(async () => {
      if (over) await flushed;
      this.#listeners.tell(row.seq);
    });
    this.#watchers.tell(after);
  }

  /** A piece of the model's text has come in, in its place among the rows, of which one may still wait to be told. */
  text(state: RunState, text: string, step: { step: number; attempt: number }): void {
    const event = textEvent(state, this.#parts.now(), text);
    void this.#told.then(() => this.#listeners.text(event, step));
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
    await this.#watchers.until(this.#parts.state(), so, timeoutMs);
  }

  /** Whether the database is to be told where the run stands: when it rests, or has been moving for a while. */
  isNews(state: RunState): boolean {
    return isSettled(state) || this.#lasts;
  }

  /** Has the database told that the run moves, because that takes a while. */
  lasts(): void {
    this.#lasts = true;
    this.#parts.outbox.owe();
    void this.flush();
  }

  /** Brings the database's copy up to date; false where that failed or took too long, and then it is repeated. */
  async flush(timeoutMs = 30_000): Promise<boolean> {
    if (this.#parts.state() === null) return true;
    return (await within(timeoutMs, this.#deliver(this.#parts.outbox))) === true;
  }

  /** Tells what is due by now. */
  async flushDue(state: RunState): Promise<void> {
    await this.#flushDueOf(this.#outboxes(state), state);
  }

  /** When something is to be told next; null where everything was. */
  dueMs(state: RunState): number | null {
    const due = this.#outboxes(state).flatMap(
      (outbox) => outbox.dueMs(state, this.#parts.now()) ?? [],
    );
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Notes what was told, where that was put off. */
  note(state: RunState): void {
    for (const outbox of this.#outboxes(state)) outbox.note();
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
    const read = eventReader(this.#parts.tools());
    let count = 0;
    for (const row of this.#parts.journal.rows()) {
      if (requestId !== undefined && row.entries.some((entry) => isOf(requestId, entry))) break;
      count += read(row).events.length;
    }
    return count;
  }

  /** The runs of the members to whom a task was handed over by an event from this index on. */
  handedOver(fromIndex: number): ReadonlySet<string> {
    const read = eventReader(this.#parts.tools());
    const runIds = new Set<string>();
    for (const row of this.#parts.journal.rows()) {
      const { events } = read(row);
      if ((events.at(-1)?.event_index ?? -1) < fromIndex) continue;
      for (const entry of row.entries)
        if (entry.kind === "call_delegated") runIds.add(entry.memberRunId);
    }
    return runIds;
  }

  #outboxes(state: RunState): Outbox[] {
    const { channelOutboxes, outbox, teamOutbox } = this.#parts;
    return [outbox, ...(state.member === null ? [] : [teamOutbox]), ...channelOutboxes];
  }

  /** Nobody waits for it, and a channel that has failed is left in peace until its time has come. */
  async #tellChannels(state: RunState): Promise<void> {
    await this.#flushDueOf(this.#parts.channelOutboxes, state);
  }

  async #flushDueOf(outboxes: readonly Outbox[], state: RunState): Promise<void> {
    const nowMs = this.#parts.now();
    const due = outboxes.filter((outbox) => {
      const dueMs = outbox.dueMs(state, nowMs);
      return dueMs !== null && dueMs <= nowMs;
    });
    await Promise.all(due.map(async (outbox) => this.#deliver(outbox)));
  }

  async #tellTeam(): Promise<void> {
    const member = this.#parts.state()?.member ?? null;
    if (member !== null) await this.#deliver(this.#parts.teamOutbox);
  }

  async #deliver(outbox: Outbox): Promise<boolean> {
    try {
      return await outbox.flush(() => this.#parts.state() as RunState, this.#parts.now);
    } catch (error) {
      console.error("kern: what was told could not be noted", messageOf(error));
      return false;
    } finally {
      this.#parts.rearm();
    }
  }

  /** Has the run's moving told once it lasts. */
  #time(rested: boolean, moves: boolean): void {
    if (!moves) clearTimeout(this.#lasting);
    if (!moves || !rested) return;
    this.#lasts = false;
    this.#lasting = setTimeout(() => this.lasts(), lastingMs);
  }
}

/** Whether a team may have to know of it, though lists need not. */
function concernsTeam({ kind }: Entry): boolean {
  return kind === "member_told" || kind === "call_answered";
}

function isOf(requestId: string, entry: Entry): boolean {
  return entry.kind === "call_answered" && entry.requestId === requestId;
}
