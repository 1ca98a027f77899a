import { frequent, type StateName } from "./moments.ts";
import type { Random } from "./random.ts";
import { type Runtime, sleep } from "./runtime.ts";

/** What was on its way when the runtime was stopped arrives so soon after it goes on. */
const arrivalMs = 1_000;
/** How often the campaign looks whether it was itself held up, and from when on it counts as that. */
const lookMs = 50;
const lagMs = 200;

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
  /**
   * Whether this may have been meant earlier, had the runtime not been stopped, or may have been heard later than it was
   * said: while the campaign itself is busy, what arrives on several connections has no order.
   */
  wasHeldUp(atMs: number): boolean;
  readonly all: readonly Pause[];
  /** For how long the campaign itself was held up, in all. */
  readonly heldUpMs: number;
}

export function createPauses(
  runtime: Runtime,
  random: Random,
  log: (line: string) => void,
): Pauses {
  const all: Pause[] = [];
  const lags: { fromMs: number; toMs: number }[] = [];
  let lookedMs = performance.now();
  const look = (): void => {
    const nowMs = performance.now();
    if (nowMs - lookedMs > lagMs) lags.push({ fromMs: lookedMs, toMs: nowMs });
    lookedMs = nowMs;
  };
  setInterval(look, lookMs).unref();
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
    wasHeldUp: (atMs) =>
      [...all, ...lags].some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs + arrivalMs),
    get heldUpMs() {
      return lags.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    },
    all,
  };
}
