import type { Aim } from "./aims.ts";
import { playRound, type Round } from "./load.ts";
import { type Spread, spread } from "./statistics.ts";
import { floor, floorSchema, kern, kernSchema, start } from "./world.ts";

/** Kern beside the floor, so many cycles at a time. */
export interface Comparison {
  width: number;
  /** Medians over the rounds. */
  kern: Round;
  floor: Round;
  /** How many times as long a cycle of kern takes, pair by pair. */
  ratio: Spread;
}

export interface CyclesOptions {
  widths: number[];
  /** Pairs of rounds for each width. */
  rounds: number;
  /** Cycles of a round for each one that is under way at a time; never less than 30 in all. */
  cycles: number;
}

/** Plays rounds of cycles on the floor and on kern in turn, so that both meet the machine in the same mood. */
export async function measureCycles(
  modelUrl: string,
  { cycles, rounds, widths }: CyclesOptions,
): Promise<Comparison[]> {
  const floorServing = await start([floor], { modelUrl, schema: floorSchema });
  const kernServing = await start([kern], { modelUrl, schema: kernSchema });
  const playPair = async (width: number) => {
    const options = { width, cycles: Math.max(30, cycles * width) };
    return {
      floor: await playRound(floorServing, options),
      kern: await playRound(kernServing, options),
    };
  };
  const comparisons: Comparison[] = [];
  await playPair(8);
  for (const width of widths) {
    const pairs = [];
    for (let round = 0; round < rounds; round++) pairs.push(await playPair(width));
    comparisons.push({
      width,
      kern: medianRound(pairs.map(({ kern }) => kern)),
      floor: medianRound(pairs.map(({ floor }) => floor)),
      ratio: spread(pairs.map(({ floor, kern }) => floor.cyclesPerSecond / kern.cyclesPerSecond)),
    });
  }
  await floorServing.close();
  await kernServing.close();
  return comparisons;
}

/** What a cycle may cost, as a multiple of the floor, by how many are under way. */
const most: Record<number, number> = { 1: 1.5, 32: 1.8 };

export function cycleAims(comparisons: readonly Comparison[]): Aim[] {
  return comparisons.flatMap(({ ratio, width }) => {
    const limit = most[width];
    if (limit === undefined) return [];
    const name = `a cycle, ${width} at a time, beside the floor`;
    return { name, limit, unit: "×", value: ratio.median };
  });
}

function medianRound(rounds: readonly Round[]): Round {
  const of = (read: (round: Round) => number) => spread(rounds.map(read)).median;
  return {
    cyclesPerSecond: of((round) => round.cyclesPerSecond),
    cpuMs: rounds.some(({ cpuMs }) => cpuMs === null) ? null : of(({ cpuMs }) => cpuMs ?? 0),
    pausedMs: { p50: of((round) => round.pausedMs.p50), p95: of((round) => round.pausedMs.p95) },
    completedMs: {
      p50: of((round) => round.completedMs.p50),
      p95: of((round) => round.completedMs.p95),
    },
  };
}
