import type { Aim } from "./aims.ts";
import type { Bills } from "./counting.ts";
import { startRun } from "./cycle.ts";
import { ask } from "./http.ts";
import { seed } from "./seed.ts";
import { quantile } from "./statistics.ts";
import { counting, floor, kern, kernSchema, start } from "./world.ts";

/** Milliseconds. */
export interface Times {
  p50: number;
  p95: number;
}

/** What lists cost with so many approvals stored. */
export interface ListFigures {
  stored: number;
  /** The rows of a page by the index that is there for it, and nothing else. */
  bare: Times;
  page: Times;
  /** The page that follows ten others. */
  further: Times;
  count: Times;
  pageRead: number;
  countRead: number;
}

interface Page {
  data: object[];
  meta: { next_cursor?: string | null };
}

const kinds = ["bare", "page", "further", "count"] as const;
type Kind = (typeof kinds)[number];

const warmUp = 10;
const requests = 100;
const pagesBefore = 10;

/** Fills a database for each size, and asks all of them for pages and counts in turn, so that none meets a busier machine. */
export async function measureLists(modelUrl: string, stored: number[]): Promise<ListFigures[]> {
  const filled = [];
  for (const size of stored) filled.push(await fill(modelUrl, size));
  const times = await measure(filled.map(({ urls }) => urls));
  const figures: ListFigures[] = [];
  for (const [index, { close, countingUrl, stored }] of filled.entries()) {
    const pageRead = await readBy(countingUrl, list);
    const countRead = await readBy(countingUrl, count);
    const own = times[index];
    if (own !== undefined) figures.push({ stored, ...own, pageRead, countRead });
    await close();
  }
  return figures;
}

const list = "/approvals?status=pending&limit=50";
const count = "/approvals/count?status=pending";

async function fill(modelUrl: string, stored: number) {
  const entries = [kern, floor, counting];
  const { close, database, urls } = await start(entries, { modelUrl, schema: kernSchema });
  const [kernUrl = "", floorUrl = "", countingUrl = ""] = urls;
  await startRun(kernUrl);
  await seed(database, stored);
  const place = await placeOf(kernUrl + list);
  return {
    stored,
    close,
    countingUrl,
    urls: {
      bare: floorUrl + list,
      page: kernUrl + list,
      further: kernUrl + list + place,
      count: kernUrl + count,
    },
  };
}

export function listAims(sizes: readonly ListFigures[]): Aim[] {
  const [first] = sizes;
  const last = sizes.at(-1);
  if (first === undefined || last === undefined) return [];
  const worst = Math.max(...sizes.map(({ bare, page }) => page.p50 / bare.p50));
  const grown = `from ${first.stored} to ${last.stored} stored`;
  return [
    { name: "a page of 50 beside the bare select", limit: 2, unit: "×", value: worst },
    { name: `a page of 50 ${grown}`, limit: 1.5, unit: "×", value: last.page.p50 / first.page.p50 },
    {
      name: `rows read by a count with ${last.stored} stored`,
      limit: 5,
      unit: "",
      value: last.countRead,
    },
  ];
}

/** Asks each in turn, again and again. */
async function measure(databases: Record<Kind, string>[]): Promise<Record<Kind, Times>[]> {
  const asked = databases.map((urls) =>
    kinds.map((kind) => ({ url: urls[kind], taken: [] as number[] })),
  );
  for (let n = -warmUp; n < requests; n++) {
    for (const { taken, url } of asked.flat()) {
      const startedMs = performance.now();
      await ask("GET", url);
      if (n >= 0) taken.push(performance.now() - startedMs);
    }
  }
  const timesOf = (taken: number[] = []) => ({
    p50: quantile(taken, 0.5),
    p95: quantile(taken, 0.95),
  });
  return asked.map(([bare, page, further, count]) => ({
    bare: timesOf(bare?.taken),
    page: timesOf(page?.taken),
    further: timesOf(further?.taken),
    count: timesOf(count?.taken),
  }));
}

/** The parameter that asks for the page after ten others: a cursor where there is one. */
async function placeOf(url: string): Promise<string> {
  let place = "";
  for (let n = 0; n < pagesBefore; n++) {
    const { meta } = await ask<Page>("GET", url + place);
    if (meta.next_cursor == null) return `&page=${pagesBefore + 1}`;
    place = `&cursor=${encodeURIComponent(meta.next_cursor)}`;
  }
  return place;
}

async function readBy(url: string, path: string): Promise<number> {
  // The first request of an environment also looks at the schema.
  await ask("GET", url + path);
  await ask("GET", `${url}/bench/bills`);
  await ask("GET", url + path);
  const { database } = await ask<Bills>("GET", `${url}/bench/bills`);
  return Object.values(database).reduce((sum, { read }) => sum + read, 0);
}
