import { encode, EventLog } from "./event-log.ts";
import { isLast, isPause, pausedEvent, type RunEvent } from "./events.ts";
import type { JournalRow } from "./journal.ts";
import { type RunState, statusOf } from "./state.ts";
import type { Tool } from "../tools/tool.ts";

/** The text of a model's answer, as it comes in. */
interface LiveText {
  step: number;
  attempt: number;
  text: string;
  /** What its latest piece is told as. */
  event: RunEvent;
}

/** Somebody who reads: no queue, but a place in the journal and in the text that is coming in. */
interface Listener {
  /** The next event to be told. */
  index: number;
  /** Rows from here on are news; a pause in an earlier one does not end the stream. */
  newsSeq: number;
  stays: boolean;
  live: LiveText | null;
  textAt: number;
  wake: () => void;
}

/** What a stream of JSON lines ends with where there is nothing more to come; one that breaks off does not have it. */
const endLine = new TextEncoder().encode("\n");

/**
 * Those who follow a run as it happens. Each pulls at its own pace from the journal, so that one who is slow, or who has
 * left, costs nobody anything.
 */
export class Listeners {
  readonly #all = new Set<Listener>();
  readonly #log: EventLog;
  readonly #tools: () => ReadonlyMap<string, Tool>;
  #toldSeq = 0;
  #live: LiveText | null = null;
  #piece: { live: LiveText; from: number; to: number; line: Uint8Array } | null = null;

  constructor(
    rows: (afterSeq: number) => Iterable<JournalRow>,
    tools: () => ReadonlyMap<string, Tool>,
  ) {
    this.#tools = tools;
    this.#log = new EventLog(rows, tools);
  }

  get size(): number {
    return this.#all.size;
  }

  /** The journal may be told up to this row. */
  tell(seq: number): void {
    this.#toldSeq = seq;
    this.#wakeAll();
  }

  /** A live piece of a model's text; `event` is what it is told as. */
  text(event: RunEvent, { step, attempt }: { step: number; attempt: number }): void {
    if (this.#live?.step !== step || this.#live.attempt !== attempt)
      this.#live = { step, attempt, text: "", event };
    this.#live.text += String(event["content"]);
    this.#live.event = event;
    this.#wakeAll();
  }

  /**
   * A stream of JSON lines, one an event, from an index on and then as they happen; live pieces of text have no index, but
   * an `offset` in their step's text. It ends when the run has ended or, where the reader does not stay, paused. Null where
   * the event before that index has not happened.
   */
  open(fromIndex: number, stays: boolean): ReadableStream<Uint8Array> | null {
    if (fromIndex > 0 && this.#log.rowAt(fromIndex - 1, this.#toldSeq) === null) {
      this.#forget();
      return null;
    }
    const listener: Listener = {
      index: fromIndex,
      newsSeq: this.#toldSeq,
      stays,
      live: this.#live,
      // To who has read before, the text so far is told with its step: some of it may have been sent.
      textAt: fromIndex === 0 ? 0 : (this.#live?.text.length ?? 0),
      wake: () => undefined,
    };
    this.#all.add(listener);
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => this.#pull(listener, controller),
      cancel: () => this.#remove(listener),
    });
  }

  /** Gives a reader what comes next, as soon as there is something. */
  async #pull(listener: Listener, controller: ReadableByteStreamController): Promise<void> {
    try {
      while (this.#all.has(listener)) {
        const { lines, over } = this.#next(listener);
        if (over || lines.length > 0)
          controller.enqueue(joined(over ? [...lines, endLine] : lines));
        if (over) {
          controller.close();
          this.#remove(listener);
        }
        if (over || lines.length > 0) return;
        await new Promise<void>((resolve) => (listener.wake = resolve));
      }
    } catch (error) {
      this.#remove(listener);
      throw error;
    }
  }

  #next(listener: Listener): { lines: Uint8Array[]; over: boolean } {
    const row = this.#log.rowAt(listener.index, this.#toldSeq);
    if (row !== null) {
      const lines = row.lines.slice(listener.index - row.first);
      listener.index = row.first + row.lines.length;
      return { lines, over: row.seq >= listener.newsSeq && ends(row.last, listener) };
    }
    const { last, state } = this.#log;
    if (state === null) return { lines: [], over: false };
    if (ends(last, listener)) return { lines: [], over: true };
    // Something happened in the pause that did not end it: the stream still ends with what the run waits for.
    if (statusOf(state) === "PAUSED" && !listener.stays)
      return { lines: [encode(pausedEvent(state, this.#tools()))], over: true };
    return { lines: this.#pieceFor(listener, state), over: false };
  }

  /** What this reader has not been told yet of the text that is coming in, as one piece. */
  #pieceFor(listener: Listener, state: RunState): Uint8Array[] {
    const live = this.#live;
    if (live === null || !isOpen(state, live)) return [];
    if (listener.live !== live) {
      listener.live = live;
      listener.textAt = 0;
    }
    const from = listener.textAt;
    const to = live.text.length;
    if (from === to) return [];
    listener.textAt = to;
    const made = this.#piece;
    if (made?.live === live && made.from === from && made.to === to) return [made.line];
    const line = encode({ ...live.event, content: live.text.slice(from), offset: from });
    this.#piece = { live, from, to, line };
    return [line];
  }

  #wakeAll(): void {
    for (const listener of this.#all) listener.wake();
  }

  #remove(listener: Listener): void {
    this.#all.delete(listener);
    listener.wake();
    this.#forget();
  }

  #forget(): void {
    if (this.#all.size === 0) this.#log.clear();
  }
}

/** A copy for each reader: what is enqueued is given away. */
function joined(lines: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const line of lines) {
    all.set(line, at);
    at += line.length;
  }
  return all;
}

function ends(event: string, { stays }: Listener): boolean {
  return isLast(event) || (!stays && isPause(event));
}

/** Whether the journal still waits for the answer that this text is from. */
function isOpen({ steps }: RunState, { attempt, step }: LiveText): boolean {
  const last = steps.at(-1);
  return last?.phase === "open" && last.n === step && last.attempt === attempt;
}
