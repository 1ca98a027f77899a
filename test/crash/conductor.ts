import type { Random } from "./random.ts";
import { sleep, type Runtime } from "./runtime.ts";

/** The moments at which the runtime is killed on purpose. */
export const stateNames = [
  "model asked, no answer",
  "model answered, step not stored",
  "tool called, no answer",
  "tool answered, result not stored",
  "start stored, starter not told",
  "telling of a pause",
  "decided, decider not told",
  "told, not noted",
  "reconcile asked, no answer",
  "recovering after a restart",
] as const;
export type StateName = (typeof stateNames)[number];

/** Told apart afterwards: whether what was answered was stored is known once it is asked for again. */
const confirmedLater = new Set<StateName>([
  "model answered, step not stored",
  "tool answered, result not stored",
]);
/** Too rare to wait for: struck whenever they occur. */
const rare = new Set<StateName>(["reconcile asked, no answer"]);
/** What the runtime is sure to come to soon. */
const frequent = stateNames.filter(
  (name) => !rare.has(name) && name !== "recovering after a restart",
);

const recoveryMs = 300;
const patienceMs = 15_000;
/** A life that was shorter is followed by one that is longer, because a run that never gets anywhere is given up. */
const shortMs = 300;
/** Every how many kills the runtime is left to itself, and every how many it is stopped for a while. */
const silentEvery = 100;
const pausedEvery = 25;
const maxPauseMs = 10_000;
/** What was on its way when the runtime was stopped arrives so soon after it goes on. */
const arrivalMs = 1_000;

export interface Reached {
  /** What will be asked for once more if it was not stored. */
  mark?: string;
  /** Kills so long after this moment, and lets it go on meanwhile; at once, and nothing goes on, where it is left out. */
  delayMs?: number;
  /** The moment that follows once it was struck. */
  leadsTo?: StateName | undefined;
}

/** A while in which the runtime was stopped. */
export interface Pause {
  fromMs: number;
  toMs: number;
  /** The moment that it was stopped at; null for any. */
  at: StateName | null;
}

/** Decides when the runtime is killed, and when it is stopped. */
export interface Conductor {
  /** A named moment has come: returns when it may go on, which is never where it is the moment of a kill. */
  reach(state: StateName, reached?: Reached): Promise<void>;
  /** What was marked is asked for once more. */
  confirm(mark: string): void;
  /**
   * Keeps the runtime up, killing it again and again, until `isEnough`; it is up at the end. Now and then, and at the end,
   * it comes back with nobody to ask it anything until `silence` has passed.
   */
  conduct(isEnough: () => boolean, silence: () => Promise<void>): Promise<void>;
  readonly hits: ReadonlyMap<StateName, number>;
  readonly kills: number;
  readonly random: number;
  readonly pauses: readonly Pause[];
  /** Whether the runtime may have meant to do this earlier, had it not been stopped. */
  readonly wasHeldUp: (atMs: number) => boolean;
  /** How long restarts took, in milliseconds. */
  readonly restartsMs: readonly number[];
}

export function createConductor(
  runtime: Runtime,
  random: Random,
  { hits: quota, log }: { hits: number; log: (line: string) => void },
): Conductor {
  const hits = new Map<StateName, number>(stateNames.map((name) => [name, 0]));
  const marks = new Map<string, { state: StateName; atMs: number }>();
  const restartsMs: number[] = [];
  const pauses: Pause[] = [];
  let kills = 0;
  let atRandom = 0;
  let struck = Promise.withResolvers<void>();
  let isStruck = true;
  let recovering = false;
  let wasShort = false;
  let awaited: { state: StateName; reached: () => void } | null = null;
  let aim: { state: StateName; fromMs: number; anyFromMs: number } | null = null;

  const hit = (state: StateName): void => void hits.set(state, (hits.get(state) ?? 0) + 1);
  const missing = (state: StateName): boolean => {
    const open = [...marks.values()].filter(
      (mark) => mark.state === state && mark.atMs > performance.now() - patienceMs,
    );
    return (hits.get(state) ?? 0) + open.length < quota;
  };
  /** When every moment was hit as often as it must, they go on being hit alike. */
  const wanted = (state: StateName): boolean => missing(state) || !stateNames.some(missing);
  const strike = (why: string): void => {
    if (isStruck) return;
    isStruck = true;
    runtime.kill();
    kills += 1;
    log(`kill ${kills}: ${why}`);
    struck.resolve();
  };
  const isDue = (state: StateName, leadsTo: StateName | undefined): boolean => {
    if (isStruck || aim === null) return false;
    const nowMs = performance.now();
    if (aim.state === leadsTo && nowMs >= aim.fromMs) return true;
    if (!wanted(state)) return false;
    if (rare.has(state) && missing(state)) return random.chance(0.7);
    return (state === aim.state && nowMs >= aim.fromMs) || nowMs >= aim.anyFromMs;
  };
  const takeAim = (): number => {
    const open = stateNames.filter(wanted);
    const nowMs = performance.now();
    const fromMs = nowMs + random.int(60, 500);
    if (open.length === 0 || random.chance(0.15)) {
      aim = null;
      return fromMs - nowMs + random.int(0, 400);
    }
    aim = { state: random.pick(open), fromMs, anyFromMs: fromMs + 400 };
    return 2_500;
  };
  /** Stops the runtime, mostly just when something is under way, and lets it go on. */
  const pause = async (): Promise<void> => {
    const state = random.chance(0.75) ? random.pick(frequent) : null;
    const waiting = Promise.withResolvers<void>();
    if (state !== null) awaited = { state, reached: waiting.resolve };
    await Promise.race([waiting.promise, sleep(state === null ? random.int(0, 500) : 2_000)]);
    const at = awaited === null ? state : null;
    awaited = null;
    const fromMs = performance.now();
    runtime.pause();
    await sleep(random.int(1_000, maxPauseMs));
    pauses.push({ fromMs, toMs: performance.now(), at });
    runtime.resume();
    log(`paused for ${Math.round(performance.now() - fromMs)} ms: ${at ?? "at a random time"}`);
  };
  /** One life of the runtime; true where it may live on. */
  const live = async (isEnough: () => boolean, silence: () => Promise<void>): Promise<boolean> => {
    const fromMs = performance.now();
    let servedMs = Number.POSITIVE_INFINITY;
    struck = Promise.withResolvers();
    isStruck = false;
    aim = null;
    const isLast = kills > 0 && isEnough();
    const isSilent = isLast || (kills > 0 && kills % silentEvery === 0);
    const awaitsRecovery =
      kills > 0 &&
      !isSilent &&
      !wasShort &&
      wanted("recovering after a restart") &&
      random.chance(0.5);
    recovering = awaitsRecovery;
    const isUp = await runtime.start();
    if (isUp) {
      restartsMs.push(performance.now() - fromMs);
      if (awaitsRecovery) await Promise.race([struck.promise, sleep(recoveryMs)]);
      if (awaitsRecovery && !recovering) await struck.promise;
      recovering = false;
      if (!isStruck) {
        if (isSilent) await silence();
        runtime.publish();
        if (isLast) return true;
        if (wasShort) await sleep(shortMs);
        servedMs = performance.now();
        if (kills % pausedEvery === 12) await pause();
        await Promise.race([struck.promise, sleep(takeAim())]);
        if (!isStruck) {
          atRandom += 1;
          strike("at a random time");
        }
      }
    }
    if (!isStruck) throw new Error("The runtime ended by itself.");
    wasShort = !wasShort && !(performance.now() - servedMs > shortMs);
    await runtime.gone();
    return false;
  };

  return {
    async reach(state, { delayMs, leadsTo, mark } = {}) {
      if (awaited?.state === state) {
        runtime.pause();
        awaited.reached();
        awaited = null;
        return;
      }
      if (recovering && !isStruck) {
        recovering = false;
        hit("recovering after a restart");
        const waitMs = random.int(0, 150);
        setTimeout(() => strike(`recovering after a restart, ${waitMs} ms later`), waitMs);
        return;
      }
      if (!isDue(state, leadsTo)) return;
      aim = null;
      if (confirmedLater.has(state) && mark !== undefined)
        marks.set(mark, { state, atMs: performance.now() });
      else hit(state);
      if (delayMs === undefined) {
        strike(state);
        await new Promise(() => undefined);
      } else if (delayMs === 0) strike(state);
      else setTimeout(() => strike(`${state}, ${delayMs} ms later`), delayMs);
    },
    confirm(mark) {
      const found = marks.get(mark);
      if (found === undefined) return;
      marks.delete(mark);
      hit(found.state);
    },
    async conduct(isEnough, silence) {
      while (!(await live(isEnough, silence)));
    },
    wasHeldUp: (atMs) =>
      pauses.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs + arrivalMs),
    hits,
    pauses,
    restartsMs,
    get kills() {
      return kills;
    },
    get random() {
      return atRandom;
    },
  };
}
