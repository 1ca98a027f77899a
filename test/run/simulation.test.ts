import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../src/run/entry.ts";
import { checks } from "./simulation/invariants.ts";
import { play, settle, stories } from "./simulation/moves.ts";
import { Simulation } from "./simulation/simulation.ts";
import { checkStory } from "./simulation/story.ts";

/** KERN_SEEDS=100000 plays as many stories; the suite plays a slice. */
const numRuns = Number(process.env["KERN_SEEDS"] || 300);

/** What must have happened somewhere in the stories, or they prove nothing. */
const expected =
  "approved rejected expired cancelled unknown refused succeeded failed asked unknown_outcome call_answered step_failed completed";

const name =
  "whatever a model says, people decide and instances go through, in any order: no invariant breaks, and the run ends";

test(name, { timeout: 60_000 + numRuns * 20 }, () => {
  const happened = new Set<string>();
  fc.assert(
    fc.property(stories, (story) => {
      const simulation = new Simulation(checks);
      for (const move of story) play(simulation, move);
      settle(simulation);
      checkStory(simulation);
      for (const { entries } of simulation.rows)
        for (const entry of entries) happened.add(nameOf(entry));
    }),
    { numRuns },
  );
  expect([...happened]).toEqual(expect.arrayContaining(expected.split(" ")));
});

function nameOf(entry: Entry): string {
  if (entry.kind === "call_ended") return entry.outcome;
  if (entry.kind === "approval_resolved") return entry.status;
  return entry.kind === "approval_asked" ? (entry.reason ?? "asked") : entry.kind;
}
