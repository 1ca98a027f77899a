/** Rows under the names of their fields. */
export function table(rows: Record<string, unknown>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => plain(row[name])))];
  const widths = names.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Text that cannot steer the terminal: some of it comes from models and from other servers. */
export function plain(value: unknown): string {
  const text =
    value === null || value === undefined
      ? "-"
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  return text.replace(/\p{Cc}+/gu, " ");
}

/** A moment in epoch milliseconds. */
export function time(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString();
}
