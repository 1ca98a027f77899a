import { type Aim, isMet } from "./aims.ts";
import type { Bills } from "./counting.ts";
import type { Counts } from "./counts.ts";
import type { Comparison } from "./cycles.ts";
import type { FilterFigures } from "./filters.ts";
import type { ListFigures, Times } from "./list.ts";
import type { Round } from "./load.ts";
import type { Size } from "./size.ts";
import type { Taken } from "./webhook.ts";

/** A table in Markdown; every column but the first is aligned to the right. */
function table(head: string[], rows: string[][]): string {
  const ruler = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, ruler, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A number as people read it: three significant digits, thousands set apart. */
function figure(value: number | null): string {
  if (value === null) return "n/a";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

export function cyclesTable(comparisons: readonly Comparison[]): string {
  const head = [
    "at a time",
    "who",
    "cycles/s",
    "start → paused p50 / p95",
    "approve → completed p50 / p95",
    "CPU a cycle",
    "beside the floor",
  ];
  const row = (width: number, who: string, round: Round, ratio: string) => [
    String(width),
    who,
    figure(round.cyclesPerSecond),
    `${figure(round.pausedMs.p50)} / ${figure(round.pausedMs.p95)} ms`,
    `${figure(round.completedMs.p50)} / ${figure(round.completedMs.p95)} ms`,
    round.cpuMs === null ? "n/a" : `${figure(round.cpuMs)} ms`,
    ratio,
  ];
  return table(
    head,
    comparisons.flatMap(({ floor, kern, ratio, width }) => [
      row(width, "floor", floor, "1"),
      row(
        width,
        "kern",
        kern,
        `${figure(ratio.median)} × (${figure(ratio.min)}–${figure(ratio.max)})`,
      ),
    ]),
  );
}

export function webhookTable({ floor, kern, ratio }: Taken): string {
  const ms = ({ p50, p95 }: Times) => `${figure(p50)} / ${figure(p95)} ms`;
  return table(
    [
      "an event by webhook, one at a time",
      "delivered → acknowledged p50 / p95",
      "beside the floor",
    ],
    [
      ["floor", ms(floor), "1"],
      ["kern", ms(kern), `${figure(ratio.median)} × (${figure(ratio.min)}–${figure(ratio.max)})`],
    ],
  );
}

export function countsTable({ bills, databaseWritten, objectWritten }: Counts): string {
  const billed = (where: string, all: Bills["object"]) =>
    Object.entries(all).map(([name, { indexed, read, times, triggered, written }]) => [
      `${where}: ${name}`,
      ...[times, written, indexed, triggered, read].map(figure),
    ]);
  const alarms = figure(bills.alarmsSet);
  const requests = Object.entries(bills.requests).map(([name, times]) => [
    `request: ${name}`,
    figure(times),
    "",
    "",
    "",
    "",
  ]);
  return table(
    ["what a cycle costs", "times", "rows written", "in indexes", "by triggers", "rows read"],
    [
      ...billed("object", bills.object),
      ["object: alarm set", alarms, alarms, "", "", ""],
      ["**object**", "", figure(objectWritten), "", "", ""],
      ...billed("D1", bills.database),
      ["**D1**", "", figure(databaseWritten), "", "", ""],
      ...requests,
    ],
  );
}

export function listTable(sizes: readonly ListFigures[]): string {
  const ms = ({ p50, p95 }: Times) => `${figure(p50)} / ${figure(p95)} ms`;
  return table(
    [
      "approvals stored",
      "bare select",
      "page of 50",
      "a page further on",
      "count",
      "rows read by a page, by a count",
    ],
    sizes.map((one) => [
      one.stored.toLocaleString("en-US"),
      ms(one.bare),
      ms(one.page),
      ms(one.further),
      ms(one.count),
      `${figure(one.pageRead)}, ${figure(one.countRead)}`,
    ]),
  );
}

export function filtersTable(filters: readonly FilterFigures[], stored: number): string {
  return table(
    [`asked of ${stored.toLocaleString("en-US")} approvals`, "D1", "PostgreSQL"],
    filters.map(({ d1Ms, postgresMs, question }) => [
      question,
      `${figure(d1Ms)} ms`,
      `${figure(postgresMs)} ms`,
    ]),
  );
}

export function sizeTable({ bytes, gzipBytes, startUpMs }: Size): string {
  const { max, median, min } = startUpMs;
  return table(
    ["the Worker", ""],
    [
      ["minified", `${figure(bytes / 1024)} KiB`],
      ["compressed", `${figure(gzipBytes / 1024)} KiB`],
      [
        "start-up, beyond an empty Worker's",
        `${figure(median)} ms (${figure(min)}–${figure(max)})`,
      ],
    ],
  );
}

export function aimsTable(aims: readonly Aim[]): string {
  const rows = aims.map((aim) => [
    aim.name,
    `${figure(aim.value)} ${aim.unit}`,
    `${figure(aim.limit)} ${aim.unit}`,
    isMet(aim) ? "pass" : "miss",
  ]);
  return table(["aim", "measured", "at most", ""], rows);
}
