import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { stub } from "../client.ts";
import { Simulation } from "./simulation.ts";

let simulated = 0;

/** Plays in a real object's storage; `make` begins a new run there, and forgets the one before. */
export async function simulate(
  play: (make: () => Simulation, turn: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await runInDurableObject(stub(`simulation ${++simulated}`), async (_, ctx) => {
    const { storage } = ctx;
    // What is made to fail is said in test after test.
    const said = vi.spyOn(console, "error").mockReturnValue();
    let last: Simulation | undefined;
    const make = (): Simulation => {
      // Its timers must not reach into the storage of the next.
      last?.crash();
      return (last = new Simulation(ctx, storage));
    };
    try {
      await play(make, turn);
    } finally {
      said.mockRestore();
    }
  });
}

/** Lets everything that can go on without a timer go on. */
async function turn(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}
