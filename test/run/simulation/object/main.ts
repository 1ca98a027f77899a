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
const escaped: unknown[] = [];
process.on("uncaughtException", (error) => escaped.push(error));

let played = 0;
for (let seed = first; seed < first + seeds && process.exitCode === undefined; seed++) {
  const { broken, counts: counted, trace } = await play(seed, disk);
  played += 1;
  for (const [kind, n] of counted) counts.set(kind, (counts.get(kind) ?? 0) + n);
  // What was thrown where nobody listens comes to light between two stories.
  await new Promise((resolve) => setImmediate(resolve));
  for (const error of escaped)
    broken.push({ rule: "nothing is thrown where nobody listens", detail: String(error) });
  if (values.trace === true || broken.length > 0) console.log(trace.join("\n"));
  if (broken.length === 0) continue;
  console.log(`\nseed ${seed} breaks:`);
  for (const { detail, rule } of broken) console.log(`  ${rule}\n    ${detail}`);
  console.log(`\nplayed ${played}; once more: npm run simulate -- --seed ${seed} --trace`);
  process.exitCode = 1;
}

if (process.exitCode === undefined) {
  const seconds = (performance.now() - startedMs) / 1000;
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [kind, n] of rows) console.log(`${String(n).padStart(9)}  ${kind}`);
  console.log(
    `\n${seeds} seeds from ${first} in ${seconds.toFixed(1)} s, ${(seeds / seconds).toFixed(0)} a second: nothing broke`,
  );
}
