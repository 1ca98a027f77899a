import { setTimeout as sleep } from "node:timers/promises";
import type { Aim } from "./aims.ts";
import type { Bills } from "./counting.ts";
import { cycle, startRun } from "./cycle.ts";
import { ask } from "./http.ts";
import { counting, kernSchema, start } from "./world.ts";

/** What one cycle costs, every figure an average over the cycles that were played. */
export interface Counts {
  bills: Bills;
  /** How many kinds of table a run's object has. */
  tables: number;
  objectWritten: number;
  databaseWritten: number;
  runRequests: number;
  feedRequests: number;
  /** Of a run that waits for a person. */
  pausedBytes: number;
}

const cycles = 20;
/** Beyond the watch-dog's ten seconds, so that an alarm that rings after the end of its run is counted too. */
const lastAlarmMs = 12_000;

/** Plays cycles on a Worker that counts; nothing is timed here. */
export async function measureCounts(modelUrl: string): Promise<Counts> {
  const { close, urls } = await start([counting], { modelUrl, schema: kernSchema });
  const [url = ""] = urls;
  await cycle(url);
  await sleep(lastAlarmMs);
  await ask("GET", `${url}/bench/bills`);
  for (let n = 0; n < cycles; n++) await cycle(url);
  await sleep(lastAlarmMs);
  const bills = perCycle(await ask<Bills>("GET", `${url}/bench/bills`));
  const pausedBytes = await ask<number>("GET", `${url}/bench/size?run_id=${await startRun(url)}`);
  await close();
  return {
    bills,
    tables: tablesIn(bills),
    objectWritten: written(bills.object) + bills.alarmsSet,
    databaseWritten: written(bills.database),
    runRequests: requestsTo("run", bills),
    feedRequests: requestsTo("feed", bills),
    pausedBytes,
  };
}

export function countAims(counts: Counts): Aim[] {
  const rows = `object rows written a cycle, alarms among them (16 + 2 for each of ${counts.tables} tables)`;
  return [
    { name: rows, limit: 16 + 2 * counts.tables, unit: "", value: counts.objectWritten },
    { name: "D1 rows written a cycle", limit: 14, unit: "", value: counts.databaseWritten },
    { name: "requests on the run's object a cycle", limit: 3, unit: "", value: counts.runRequests },
    { name: "requests on the feed a cycle", limit: 2, unit: "", value: counts.feedRequests },
    { name: "a paused run", limit: 32, unit: "KiB", value: counts.pausedBytes / 1024 },
  ];
}

function perCycle(bills: Bills): Bills {
  const billed = (all: Bills["object"]) =>
    Object.fromEntries(
      Object.entries(all).map(([name, bill]) => [
        name,
        {
          times: bill.times / cycles,
          read: bill.read / cycles,
          written: bill.written / cycles,
          indexed: bill.indexed / cycles,
          triggered: bill.triggered / cycles,
        },
      ]),
    );
  return {
    object: billed(bills.object),
    database: billed(bills.database),
    requests: Object.fromEntries(
      Object.entries(bills.requests).map(([name, times]) => [name, times / cycles]),
    ),
    alarmsSet: bills.alarmsSet / cycles,
  };
}

function written(bills: Bills["object"]): number {
  return Object.values(bills).reduce((sum, { written }) => sum + written, 0);
}

function requestsTo(room: string, { requests }: Bills): number {
  return Object.entries(requests)
    .filter(([name]) => name.startsWith(`${room}.`))
    .reduce((sum, [, times]) => sum + times, 0);
}

function tablesIn({ object }: Bills): number {
  const names = Object.keys(object).flatMap((name) => /^insert into (\w+)/.exec(name)?.[1] ?? []);
  return new Set(names).size;
}
