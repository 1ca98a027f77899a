import type { RunEvent } from "./events.ts";

/** Bytes that may wait for a reader who does not read; beyond it the stream is closed, and the reader may come back. */
const maxWaitingBytes = 1024 * 1024;

interface Listener {
  controller: ReadableByteStreamController;
  /** The journal row up to which this reader was told everything when it came. */
  seq: number;
  /** The text of the open step that this reader has been sent so far. */
  sent: string;
}

/** Those who follow a run as it happens. A reader who leaves, or who cannot keep up, stops nothing. */
export class Listeners {
  readonly #all = new Set<Listener>();

  get size(): number {
    return this.#all.size;
  }

  /** A stream of JSON lines, one an event: those that are `past`, up to journal row `seq`, and then what is committed. */
  open(past: readonly RunEvent[], seq: number, over: boolean): ReadableStream<Uint8Array> {
    let listener: Listener | undefined;
    return new ReadableStream({
      type: "bytes",
      start: (controller) => {
        for (const event of past) controller.enqueue(encode(event));
        if (over) return controller.close();
        listener = { controller, seq, sent: "" };
        this.#all.add(listener);
      },
      cancel: () => {
        if (listener !== undefined) this.#all.delete(listener);
      },
    });
  }

  /** A live piece of text. Pieces of a repeated attempt are held back until the step is committed. */
  text(event: RunEvent, attempt: number): void {
    for (const listener of this.#all) {
      if (attempt > 1) continue;
      listener.sent += String(event["content"]);
      this.#send(listener, event);
    }
  }

  /** Committed events. A reader who was sent a step's text piece by piece is sent only what is missing of it. */
  commit(events: readonly RunEvent[], seq: number, over: boolean): void {
    for (const listener of this.#all) {
      if (seq <= listener.seq) continue;
      for (const event of events) {
        if (event.event !== "RunContent") {
          this.#send(listener, event);
          continue;
        }
        const whole = String(event["content"]);
        const rest = whole.startsWith(listener.sent) ? whole.slice(listener.sent.length) : whole;
        listener.sent = "";
        if (rest !== "") this.#send(listener, { ...event, content: rest });
      }
      if (over) this.#close(listener);
    }
  }

  #send(listener: Listener, event: RunEvent): void {
    try {
      const chunk = encode(event);
      if ((listener.controller.desiredSize ?? 0) < -maxWaitingBytes) return this.#close(listener);
      listener.controller.enqueue(chunk);
    } catch {
      this.#all.delete(listener);
    }
  }

  #close(listener: Listener): void {
    this.#all.delete(listener);
    try {
      listener.controller.close();
    } catch {
      // The reader has already gone.
    }
  }
}

function encode(event: RunEvent): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(event)}\n`);
}
