import { parseArgs } from "node:util";

export interface Options {
  seed: number;
  /** How many times the whole begins anew, on empty storage; each has its share of what follows. */
  rounds: number;
  /** At least so many runs, and so many kills. */
  runs: number;
  kills: number;
  /** How often each named moment must have been hit. */
  hits: number;
  /** How many runs are under way at a time. */
  width: number;
  /** Whether the copy is kept in a PostgreSQL that crashes, in place of D1. */
  postgres: boolean;
  /** The longest that the killing of one round may take; what was not reached by then has failed. */
  maxKillingMs: number;
}

const slice = { rounds: 1, runs: 40, kills: 25, hits: 1, width: 24, maxKillingMs: 300_000 };
const usual = { rounds: 1, runs: 500, kills: 260, hits: 15, width: 40, maxKillingMs: 1_200_000 };
const full = {
  rounds: 5,
  runs: 10_000,
  kills: 2_000,
  hits: 50,
  width: 120,
  maxKillingMs: 2_400_000,
};

/** What the command line asks for; throws for an option that is not known. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      slice: { type: "boolean" },
      full: { type: "boolean" },
      postgres: { type: "boolean", default: false },
      rounds: { type: "string" },
      runs: { type: "string" },
      kills: { type: "string" },
      hits: { type: "string" },
      width: { type: "string" },
      seed: { type: "string" },
    },
  });
  const size = values.slice === true ? slice : values.full === true ? full : usual;
  const number = (name: Exclude<keyof typeof size | "seed", "maxKillingMs">, fallback: number) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name}: a whole number.`);
    return value;
  };
  return {
    ...size,
    postgres: values.postgres,
    seed: number("seed", Date.now() % 1_000_000),
    rounds: Math.max(1, number("rounds", size.rounds)),
    runs: number("runs", size.runs),
    kills: number("kills", size.kills),
    hits: number("hits", size.hits),
    width: number("width", size.width),
  };
}

/** What one round, from 0, has to do of it. */
export function shareOf(options: Options, round: number): Options {
  const share = (n: number): number => Math.ceil(n / options.rounds);
  const { hits, kills, runs, seed } = options;
  return {
    ...options,
    seed: seed + round,
    runs: share(runs),
    kills: share(kills),
    hits: share(hits),
  };
}
