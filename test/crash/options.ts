import { parseArgs } from "node:util";

export interface Options {
  seed: number;
  /** At least so many runs, and so many kills. */
  runs: number;
  kills: number;
  /** How often each named state must have been hit. */
  hits: number;
  /** How many runs are under way at a time. */
  width: number;
  /** The longest that the killing may take; what was not reached by then has failed. */
  maxKillingMs: number;
}

const slice = { runs: 50, kills: 35, hits: 3, width: 24, maxKillingMs: 300_000 };
const usual = { runs: 500, kills: 260, hits: 20, width: 40, maxKillingMs: 20 * 60_000 };
const full = { runs: 10_000, kills: 2_000, hits: 100, width: 80, maxKillingMs: 4 * 3_600_000 };

/** What the command line asks for; throws for an option that is not known. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      slice: { type: "boolean" },
      full: { type: "boolean" },
      runs: { type: "string" },
      kills: { type: "string" },
      hits: { type: "string" },
      width: { type: "string" },
      seed: { type: "string" },
    },
  });
  const size = values.slice === true ? slice : values.full === true ? full : usual;
  const number = (name: "runs" | "kills" | "hits" | "width" | "seed", fallback: number) => {
    const value = Number(values[name] ?? fallback);
    if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name}: a whole number.`);
    return value;
  };
  return {
    ...size,
    seed: number("seed", Date.now() % 1_000_000),
    runs: number("runs", size.runs),
    kills: number("kills", size.kills),
    hits: number("hits", size.hits),
    width: number("width", size.width),
  };
}
