import { type Random, randomOf } from "../../../crash/random.ts";

/** A call that leaves the object, or comes to it: it arrives whenever the scheduler says. */
interface Message {
  name: string;
  arrive: () => void;
}

interface Timer {
  id: number;
  atMs: number;
  ring: () => void;
}

/** How many promises deep everything goes that can go on without a message or a timer, at most. */
const promises = 120;

/** Owns time, chance and the order of everything that is under way: the same seed gives the same story. */
export class Scheduler {
  readonly random: Random;
  readonly trace: string[] = [];
  readonly counts = new Map<string, number>();
  nowMs = Date.UTC(2026, 10, 1);
  #messages: Message[] = [];
  #timers: Timer[] = [];
  #made = 0;
  /** How many turns there have been. */
  turns = 0;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  /** Counts that something of this kind happened, and says so in the trace. */
  note(kind: string, what = ""): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.trace.push(
      `${this.nowMs - Date.UTC(2026, 10, 1)} ${kind}${what === "" ? "" : `: ${what}`}`,
    );
  }

  later(name: string, arrive: () => void): void {
    this.#messages.push({ name, arrive });
  }

  get messages(): number {
    return this.#messages.length;
  }

  /** One of the messages that are under way arrives. */
  arrive(): void {
    const at = this.random.int(0, this.#messages.length - 1);
    const [message] = this.#messages.splice(at, 1);
    message?.arrive();
  }

  get nextTimerMs(): number {
    return this.#timers.reduce(
      (first, { atMs }) => Math.min(first, atMs),
      Number.POSITIVE_INFINITY,
    );
  }

  /** The earliest timer rings, at its time or late. */
  ring(): void {
    const atMs = this.nextTimerMs;
    const timer = this.#timers.find((one) => one.atMs === atMs);
    if (timer === undefined) return;
    this.nowMs = Math.max(this.nowMs, atMs);
    this.clear(timer.id);
    this.note("a timer rings");
    timer.ring();
  }

  set(ring: () => void, afterMs: number): number {
    this.#timers.push({ id: ++this.#made, atMs: this.nowMs + afterMs, ring });
    return this.#made;
  }

  clear(id: number): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  forgetTimers(): void {
    this.#timers = [];
  }

  /** Lets everything go on that waits for nothing but its turn. */
  async turn(): Promise<void> {
    this.turns += 1;
    for (let i = 0; i < promises; i++) await Promise.resolve();
  }

  /** Puts this scheduler's clock, timers and chance in the place of the platform's, until the story is over. */
  async reign<T>(story: () => Promise<T>): Promise<T> {
    let ids = 0;
    const restore = [
      replace(globalThis, "setTimeout", (ring: () => void, ms: number) => this.set(ring, ms)),
      replace(globalThis, "clearTimeout", (id: number) => this.clear(id)),
      replace(Date, "now", () => this.nowMs),
      replace(Math, "random", () => this.random.next()),
      replace(crypto, "randomUUID", () => `id ${++ids}`),
      // What is made to fail is said in story after story.
      replace(console, "error", () => undefined),
    ];
    try {
      return await story();
    } finally {
      for (const back of restore) back();
    }
  }
}

function replace(owner: object, name: string, ours: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value: ours, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}
