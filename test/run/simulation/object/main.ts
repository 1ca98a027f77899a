import { parseArgs } from "node:util";
import { memoryDisk } from "./memory.ts";
import { play } from "./play.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean" },
  },
});
const number = (name: "seeds" | "from" | "seed"): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name}: a whole number.`);
  return value;
};

const first = number(values.seed === undefined ? "from" : "seed");
const seeds = values.seed === undefined ? number("seeds") : 1;
const disk = memoryDisk();
const counts = new Map<string, number>();
const startedMs = performance.now();
process.on("unhandledRejection", (error) => {
  console.error("A promise was left to itself:", error);
  process.exit(1);
});

for (let seed = first; seed < first + seeds; seed++) {
  const { broken, counts: counted, trace } = await play(seed, disk);
  if (values.trace === true) console.log(trace.join("\n"));
  for (const [kind, n] of counted) counts.set(kind, (counts.get(kind) ?? 0) + n);
  if (broken.length > 0) {
    if (values.trace !== true) console.log(trace.join("\n"));
    console.log(`\nseed ${seed} breaks:`);
    for (const { detail, rule } of broken) console.log(`  ${rule}\n    ${detail}`);
    console.log(`\nplayed ${seed - first + 1}; again: npm run simulate -- --seed ${seed} --trace`);
    process.exit(1);
  }
  // Promises that were left to themselves are found between two stories.
  if (seed % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}

const seconds = (performance.now() - startedMs) / 1000;
for (const [kind, n] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(n).padStart(9)}  ${kind}`);
console.log(
  `\n${seeds} seeds from ${first} in ${seconds.toFixed(1)} s: ${(seeds / seconds).toFixed(0)} a second; nothing broke`,
);
