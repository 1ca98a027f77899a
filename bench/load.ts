import { cycle } from "./cycle.ts";
import type { Serving } from "./runtime.ts";
import { quantile } from "./statistics.ts";

/** What a round of cycles took. */
export interface Round {
  cyclesPerSecond: number;
  /** Processor time of the runtime for each cycle; null where that cannot be told. */
  cpuMs: number | null;
  pausedMs: { p50: number; p95: number };
  completedMs: { p50: number; p95: number };
}

/** Plays so many cycles, `width` of them at a time. */
export async function playRound(
  { cpuMs, urls: [url = ""] }: Serving,
  { cycles, width }: { cycles: number; width: number },
): Promise<Round> {
  const played: Awaited<ReturnType<typeof cycle>>[] = [];
  let left = cycles;
  const client = async (): Promise<void> => {
    while (left-- > 0) played.push(await cycle(url));
  };
  const cpuBefore = cpuMs();
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: width }, client));
  const seconds = (performance.now() - startedMs) / 1000;
  const cpuAfter = cpuMs();
  const percentiles = (name: "pausedMs" | "completedMs") => {
    const values = played.map((one) => one[name]);
    return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
  };
  return {
    cyclesPerSecond: cycles / seconds,
    cpuMs: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / cycles,
    pausedMs: percentiles("pausedMs"),
    completedMs: percentiles("completedMs"),
  };
}
