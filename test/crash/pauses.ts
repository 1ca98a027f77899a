import { frequent, type StateName } from "./moments.ts";
import type { Random } from "./random.ts";
import { type Runtime, sleep } from "./runtime.ts";

/** What was on its way when the runtime was stopped arrives so soon after it goes on. */
const arrivalMs = 1_000;

/** A while in which the runtime was stopped. */
export interface Pause {
  fromMs: number;
  toMs: number;
  /** The moment that it was stopped at; null for any. */
  at: StateName | null;
}

/** Stops the runtime now and then without killing it, as a host does that has no time for it. */
export interface Pauses {
  /** Stops it, mostly just when something is under way, and lets it go on. */
  pause(): Promise<void>;
  /** A named moment has come; true where it was the moment to stop at. */
  reach(state: StateName): boolean;
  /** Whether the runtime may have meant to do this earlier, had it not been stopped. */
  wasHeldUp(atMs: number): boolean;
  readonly all: readonly Pause[];
}

export function createPauses(
  runtime: Runtime,
  random: Random,
  log: (line: string) => void,
): Pauses {
  const all: Pause[] = [];
  let awaited: { state: StateName; reached: (state: StateName) => void } | null = null;

  return {
    async pause() {
      const reached = Promise.withResolvers<StateName>();
      const isAimed = random.chance(0.75);
      if (isAimed) awaited = { state: random.pick(frequent), reached: reached.resolve };
      const lateMs = isAimed ? 2_000 : random.int(0, 500);
      const at = await Promise.race([reached.promise, sleep(lateMs).then(() => null)]);
      awaited = null;
      const fromMs = performance.now();
      runtime.pause();
      await sleep(random.int(1_000, 10_000));
      const toMs = performance.now();
      all.push({ fromMs, toMs, at });
      runtime.resume();
      log(`stopped for ${Math.round(toMs - fromMs)} ms: ${at ?? "at a random time"}`);
    },
    reach(state) {
      if (awaited?.state !== state) return false;
      runtime.pause();
      awaited.reached(state);
      awaited = null;
      return true;
    },
    wasHeldUp: (atMs) => all.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs + arrivalMs),
    all,
  };
}
