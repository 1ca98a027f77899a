import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../scripts/run.ts";
import type { Aim } from "./aims.ts";
import { root } from "./build.ts";
import { countAims, measureCounts } from "./counts.ts";
import { cycleAims, measureCycles } from "./cycles.ts";
import { cyclesFigure, listFigure } from "./figures.ts";
import { listAims, measureLists } from "./list.ts";
import { startModel } from "./model.ts";
import { readOptions } from "./options.ts";
import { profileCycles } from "./profile-cycles.ts";
import { measureFilters } from "./filters.ts";
import { measureSize, sizeAims } from "./size.ts";
import { measureWebhook, webhookAims } from "./webhook.ts";
import {
  aimsTable,
  countsTable,
  cyclesTable,
  filtersTable,
  listTable,
  sizeTable,
  webhookTable,
} from "./table.ts";

const options = readOptions();
const results: Record<string, unknown> = { cpus: cpus().length, cpu: cpus()[0]?.model };
const aims: Aim[] = [];

await run(async () => {
  const modelUrl = await startModel();
  if (options.profile) {
    console.log(await profileCycles(modelUrl));
    return;
  }
  if (options.parts.has("cycles")) {
    const comparisons = await measureCycles(modelUrl, options.cycles);
    results["cycles"] = comparisons;
    aims.push(...cycleAims(comparisons));
    console.log(cyclesTable(comparisons));
    if (comparisons.length > 2) write("docs/bench-cycles.svg", cyclesFigure(comparisons));
  }
  if (options.parts.has("webhook")) {
    const taken = await measureWebhook(modelUrl);
    results["webhook"] = taken;
    aims.push(...webhookAims(taken));
    console.log(`\n${webhookTable(taken)}`);
  }
  if (options.parts.has("counts")) {
    const counts = await measureCounts(modelUrl);
    results["counts"] = counts;
    aims.push(...countAims(counts));
    console.log(`\n${countsTable(counts)}`);
  }
  if (options.parts.has("list")) {
    const sizes = await measureLists(modelUrl, options.stored);
    results["list"] = sizes;
    aims.push(...listAims(sizes));
    console.log(`\n${listTable(sizes)}`);
    if (sizes.length > 2) write("docs/bench-list.svg", listFigure(sizes));
  }
  if (options.parts.has("filters")) {
    const stored = Math.max(...options.stored);
    const filters = await measureFilters(modelUrl, stored);
    results["filters"] = filters;
    console.log(`\n${filtersTable(filters, stored)}`);
  }
  if (options.parts.has("size")) {
    const size = await measureSize(modelUrl);
    results["size"] = size;
    aims.push(...sizeAims(size));
    console.log(`\n${sizeTable(size)}`);
  }
  console.log(`\n${aimsTable(aims)}`);
  write("output/bench.json", JSON.stringify({ ...results, aims }, null, 2));
});

function write(path: string, content: string): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
}
