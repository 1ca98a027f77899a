import type { Story } from "./campaign.ts";
import { stateNames } from "./conductor.ts";
import type { Check } from "./ledger.ts";

export function printReport(
  { asked, called, conductor, decided, found, ledger, logLines, questioned }: Story,
  tookMs: number,
): void {
  const acknowledged = decided.filter(({ status }) => status === 200);
  const asksAgain = decided.filter(({ tries }) => tries > 1);
  const approvals = found.flatMap(({ held }) => [...held.values()]);
  const reasons = approvals.filter(({ context }) => context["reason"] === "unknown_outcome");
  const untold = found.flatMap(({ inspection }) =>
    inspection.calls.filter(({ outcome }) => outcome === "unknown"),
  );
  const again = <T>(items: readonly T[], key: (item: T) => string): number =>
    items.length - new Set(items.map(key)).size;
  const rows: [string, string | number][] = [
    ["runs", `${found.length} (${tally(found, ({ view }) => view.status)})`],
    ["kills", `${conductor.kills} (${conductor.random} at random times)`],
    ["restart, median", `${Math.round(median(conductor.restartsMs))} ms`],
    ["approvals", `${approvals.length} (${tally(approvals, ({ status }) => status)})`],
    ["decisions acknowledged", `${acknowledged.length} (${asksAgain.length} asked again)`],
    ["model calls repeated", again(asked, ({ n, step }) => `${n} ${step}`)],
    ["tool calls", called.length],
    ["tool calls repeated under their key", again(called, ({ key }) => key)],
    ["reconciled", questioned.length],
    ["unknown outcomes", `${reasons.length} asked, ${untold.length} left unknown`],
    [
      "most attempts at one call",
      Math.max(
        ...found.flatMap(({ inspection }) => inspection.calls.map(({ attempt }) => attempt)),
      ),
    ],
    ["lines that the runtime logged", logLines.length],
    ["took", `${Math.round(tookMs / 1000)} s`],
  ];
  table("the campaign", rows);
  table(
    "killed at",
    stateNames.map((name) => [name, conductor.hits.get(name) ?? 0]),
  );
  table(
    "what must hold",
    ledger.checks().map((check) => [check.name, verdict(check)]),
  );
  for (const [line, n] of count(logLines)) console.log(`  runtime: ${n} × ${line.slice(0, 300)}`);
}

function verdict({ broken, examples, looked }: Check): string {
  if (broken === 0) return `${looked} ok`;
  return [`${broken} of ${looked} BROKEN`, ...examples.map((text) => `      ${text}`)].join("\n");
}

function table(title: string, rows: [string, string | number][]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log(`\n${title}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
}

function tally<T>(items: readonly T[], kind: (item: T) => string): string {
  return [...Map.groupBy(items, kind)].map(([name, of]) => `${of.length} ${name}`).join(", ");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The most frequent lines, numbers and ids aside. */
function count(lines: readonly string[]): [string, number][] {
  const groups = Map.groupBy(lines, (line) => line.replaceAll(/[0-9a-f]{16,}|\d+/g, "#"));
  return [...groups]
    .map(([line, of]): [string, number] => [line, of.length])
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8);
}
