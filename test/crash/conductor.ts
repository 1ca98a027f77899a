import { confirmedLater, rare, type StateName, stateNames } from "./moments.ts";
import { createPauses, type Pauses } from "./pauses.ts";
import type { Random } from "./random.ts";
import { sleep, type Runtime } from "./runtime.ts";

/** How long a moment is waited for; a slow machine, by how long it takes to restart, has more time. */
const recoveryMs = 300;
const aimMs = 2_500;
const patienceMs = 15_000;
/** A life that had less done is followed by one that has more, because a run that never gets anywhere is given up. */
const enoughTold = 5;
const maxUntoldMs = 10_000;
/** Every how many kills the runtime is left to itself, and every how many it is stopped for a while. */
const silentEvery = 100;
const pausedEvery = 25;

export interface Reached {
  /** What will be asked for once more if it was not stored. */
  mark?: string;
  /** Kills so long after this moment, and lets it go on meanwhile; at once, and nothing goes on, where it is left out. */
  delayMs?: number;
  /** The moment that follows once it was struck. */
  leadsTo?: StateName | undefined;
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
  readonly pauses: Pauses;
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
  const pauses = createPauses(runtime, random, log);
  let kills = 0;
  let atRandom = 0;
  let pauseAt = 10;
  let struck = Promise.withResolvers<void>();
  let isStruck = true;
  let recovering = false;
  let wasShort = false;
  let told = 0;
  let toldEnough = Promise.withResolvers<void>();
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
    return Math.max(aimMs, 4 * (restartsMs.at(-1) ?? 0));
  };
  /** One life of the runtime; true where it may live on. */
  const live = async (isEnough: () => boolean, silence: () => Promise<void>): Promise<boolean> => {
    const fromMs = performance.now();
    struck = Promise.withResolvers();
    toldEnough = Promise.withResolvers();
    told = 0;
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
      const untilMs = Math.max(recoveryMs, (restartsMs.at(-1) ?? 0) / 2);
      if (awaitsRecovery) await Promise.race([struck.promise, sleep(untilMs)]);
      if (awaitsRecovery && !recovering) await struck.promise;
      recovering = false;
      if (!isStruck) {
        if (isSilent) await silence();
        runtime.publish();
        if (isLast) return true;
        if (wasShort) await Promise.race([toldEnough.promise, sleep(maxUntoldMs)]);
        if (kills >= pauseAt) {
          pauseAt += pausedEvery;
          await pauses.pause();
        }
        await Promise.race([struck.promise, sleep(takeAim())]);
        if (!isStruck) {
          atRandom += 1;
          strike("at a random time");
        }
      }
    }
    if (!isStruck) throw new Error("The runtime ended by itself.");
    wasShort = !wasShort && told < enoughTold;
    await runtime.gone();
    return false;
  };

  return {
    async reach(state, { delayMs, leadsTo, mark } = {}) {
      if (state === "told, not noted" && ++told === enoughTold) toldEnough.resolve();
      if (pauses.reach(state)) return;
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
