import type { Comparison } from "./cycles.ts";
import type { ListFigures } from "./list.ts";
import { type Series, svg } from "./plot.ts";

/** What a person waits for at both ends of an approval, by how many cycles are under way. */
export function cyclesFigure(comparisons: readonly Comparison[]): string {
  const line = (
    who: "kern" | "floor",
    part: "pausedMs" | "completedMs",
    share: "p50" | "p95",
  ): Series => ({
    name: `${who}, ${part === "pausedMs" ? "to pause" : "to end"}, ${share}`,
    ys: comparisons.map((one) => one[who][part][share]),
    color: colors[who][part],
    dashed: share === "p95",
  });
  const parts = ["pausedMs", "completedMs"] as const;
  return svg({
    title: "start → paused and approve → completed, beside the floor",
    xLabel: "cycles at a time",
    yLabel: "ms",
    xs: comparisons.map(({ width }) => String(width)),
    series: (["kern", "floor"] as const).flatMap((who) =>
      parts.flatMap((part) => [line(who, part, "p50"), line(who, part, "p95")]),
    ),
  });
}

const colors = {
  kern: { pausedMs: "blue", completedMs: "green" },
  floor: { pausedMs: "grey", completedMs: "orange" },
} as const;

/** What a page and a count take by how much is stored. */
export function listFigure(sizes: readonly ListFigures[]): string {
  const line = (
    name: string,
    kind: "bare" | "page" | "further" | "count",
    color: Series["color"],
  ) => ({
    name,
    color,
    ys: sizes.map((one) => one[kind].p50),
  });
  return svg({
    title: "a page of 50 pending approvals and their count (p50)",
    xLabel: "approvals stored, one in a hundred pending",
    yLabel: "ms",
    xs: sizes.map(({ stored }) => stored.toLocaleString("en-US")),
    series: [
      line("page of 50", "page", "blue"),
      line("ten pages on", "further", "green"),
      line("count", "count", "orange"),
      line("bare select", "bare", "grey"),
    ],
  });
}
