import { messageOf } from "../errors.ts";
import { within } from "./deadline.ts";
import type { Cursor, Journal } from "./journal.ts";
import type { RunState } from "./state.ts";

/** Tells someone outside what has changed since row `afterSeq`; safe to repeat. */
export type Deliver = (state: RunState, afterSeq: number) => Promise<void>;

/** How long to wait after so many failures, of which this is the last, in milliseconds. */
type BackOff = (attempts: number, error: unknown) => number;

interface OutboxOptions {
  backOff?: BackOff;
  /** How long a delivery may take, after so many that failed. */
  limitMs?: (attempts: number) => number;
  /** Whether it is noted at once how far the reader has come: where no answer would wait for that. */
  notesAtOnce?: boolean;
}

const maxBackOffMs = 60_000;
/**
 * A delivery that takes longer has failed, and the next may take twice as long, up to 40 s; should it arrive all the same,
 * it changes nothing any more.
 */
const deliveryMs = 5_000;
/** How long after a delivery it is noted: the platform holds back every answer until what was written before it is safe. */
const noteMs = 100;

/**
 * Brings one reader of the journal up to date. The journal is the outbox: what lies beyond the cursor has not been told
 * yet, and a cursor that failed to move is told again.
 */
export class Outbox {
  readonly #name: string;
  readonly #journal: Journal;
  readonly #deliver: Deliver;
  readonly #backOff: BackOff;
  readonly #limitMs: (attempts: number) => number;
  readonly #notesAtOnce: boolean;
  #cursor: Cursor | null = null;
  #flushing: Promise<boolean> | null = null;
  #rewound = 0;
  /** The row up to which somebody asked for delivery; what comes after it waits for the next who asks. */
  #wantedSeq = 0;
  #owed = false;
  #noting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    name: string,
    journal: Journal,
    deliver: Deliver,
    { backOff = usual, limitMs = growing, notesAtOnce = false }: OutboxOptions = {},
  ) {
    this.#name = name;
    this.#journal = journal;
    this.#deliver = deliver;
    this.#backOff = backOff;
    this.#limitMs = limitMs;
    this.#notesAtOnce = notesAtOnce;
  }

  get cursor(): Cursor {
    this.#cursor ??= this.#journal.cursor(this.#name);
    return this.#cursor;
  }

  /** When the next delivery is due; null where nothing waits. */
  dueMs(state: RunState, nowMs: number): number | null {
    if (this.cursor.seq >= state.seq && !this.#owed) return null;
    return this.cursor.dueMs ?? nowMs;
  }

  /** Forgets how far the reader has come, so that everything is told once more. */
  rewind(): void {
    this.#rewound += 1;
    this.#save({ seq: 0, attempts: 0, dueMs: null, error: null });
  }

  /** Has the next flush deliver even where nothing was stored since the last. */
  owe(): void {
    this.#owed = true;
  }

  /** Delivers what there is by now; false where that failed, and then it is due again later. Never throws. */
  async flush(current: () => RunState, now: () => number): Promise<boolean> {
    this.#wantedSeq = current().seq;
    this.#flushing ??= this.#run(current, now);
    return this.#flushing;
  }

  async #run(current: () => RunState, now: () => number): Promise<boolean> {
    // The delivery is under way while the caller goes on: nothing here may happen in its turn.
    await Promise.resolve();
    try {
      while (this.cursor.seq < this.#wantedSeq || this.#owed) {
        const state = current();
        const rewound = this.#rewound;
        this.#owed = false;
        const limitMs = this.#limitMs(this.cursor.attempts);
        const delivered = await within(limitMs, this.#deliver(state, this.cursor.seq));
        if (delivered === "late") throw new Error(`No answer within ${limitMs} ms.`);
        // Who asked meanwhile that everything be told again must not be overruled by the end of this.
        if (rewound === this.#rewound) {
          const told = { seq: state.seq, attempts: 0, dueMs: null, error: null };
          if (this.#notesAtOnce) this.#save(told);
          else this.#noteLater(told);
        }
      }
      return true;
    } catch (error) {
      this.#owed = true;
      const attempts = this.cursor.attempts + 1;
      const waitMs = this.#backOff(attempts, error);
      this.#save({
        ...this.cursor,
        attempts,
        dueMs: now() + waitMs,
        error: messageOf(error).slice(0, 500),
      });
      return false;
    } finally {
      // In the turn of the last look at the journal, so that no row can slip between the two.
      this.#flushing = null;
    }
  }

  /** Stores how far the reader has come, where that was put off. */
  note(): void {
    if (this.#noting === undefined) return;
    this.#journal.move(this.#name, this.cursor);
    clearTimeout(this.#noting);
    this.#noting = undefined;
  }

  /** Where that fails or is lost, it is told again, which changes nothing. */
  #noteLater(told: Cursor): void {
    this.#cursor = told;
    this.#noting ??= setTimeout(() => {
      try {
        this.note();
      } catch (error) {
        this.#noting = undefined;
        console.error("kern: what was told could not be noted", messageOf(error));
      }
    }, noteMs);
  }

  #save(cursor: Cursor): void {
    this.#journal.move(this.#name, cursor);
    this.#cursor = cursor;
  }
}

function usual(attempts: number): number {
  return Math.min(maxBackOffMs, 1000 * 2 ** Math.min(attempts - 1, 10));
}

function growing(attempts: number): number {
  return deliveryMs * 2 ** Math.min(attempts, 3);
}
