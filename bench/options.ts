import { parseArgs } from "node:util";
import type { CyclesOptions } from "./cycles.ts";

const parts = ["cycles", "webhook", "counts", "list", "filters", "size"] as const;
export type Part = (typeof parts)[number];

export interface Options {
  parts: ReadonlySet<Part>;
  cycles: CyclesOptions;
  /** How many approvals are stored when lists are measured. */
  stored: number[];
  /** Measure nothing, but write where the time of a cycle goes. */
  profile: boolean;
}

/** What the command line asks for; throws for an option that is not known. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      cycles: { type: "string" },
      rounds: { type: "string" },
      stored: { type: "string", multiple: true, default: ["10000", "100000", "1000000"] },
      profile: { type: "boolean", default: false },
    },
  });
  const { only, profile, quick } = values;
  const unknown = only.find((name) => !parts.some((part) => part === name));
  if (unknown !== undefined) throw new TypeError(`--only ${unknown}: one of ${parts.join(", ")}.`);
  const chosen = quick ? (["cycles"] as const) : parts;
  const number = (name: "cycles" | "rounds", fallback: number) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < 1)
      throw new TypeError(`--${name}: a whole number from 1.`);
    return value;
  };
  return {
    profile,
    stored: values.stored.map(Number),
    parts: new Set(only.length === 0 ? chosen : parts.filter((part) => only.includes(part))),
    cycles: {
      widths: quick ? [1, 32] : [1, 8, 32],
      rounds: number("rounds", quick ? 3 : 7),
      cycles: number("cycles", quick ? 2 : 6),
    },
  };
}
