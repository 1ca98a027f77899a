import type { Random } from "../../../crash/random.ts";

/** How likely each thing is to go wrong in one story; many stories leave most of them alone, so that others show. */
export interface Faults {
  /** The instance dies at a named point. */
  death: number;
  refusedWrite: number;
  lost: number;
  doubled: number;
  databaseFails: number;
  modelFails: number;
  toolFails: number;
  deploys: number;
  jumps: number;
  /** Somebody turns the kill switch, on or off. */
  switched: number;
}

export const noFaults: Faults = {
  death: 0,
  refusedWrite: 0,
  lost: 0,
  doubled: 0,
  databaseFails: 0,
  modelFails: 0,
  toolFails: 0,
  deploys: 0,
  jumps: 0,
  switched: 0,
};

export function faultsOf(random: Random): Faults {
  const some = (most: number): number => (random.chance(0.5) ? random.next() * most : 0);
  return {
    death: some(0.12),
    refusedWrite: some(0.06),
    lost: some(0.3),
    doubled: some(0.5),
    databaseFails: some(0.5),
    modelFails: some(0.3),
    toolFails: some(0.3),
    deploys: some(0.6),
    jumps: some(0.6),
    switched: some(0.6),
  };
}
