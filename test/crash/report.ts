import type { Story } from "./campaign.ts";
import type { Found } from "./evidence.ts";
import type { Faults } from "./faults.ts";
import type { Check, Ledger } from "./ledger.ts";
import { lineOf } from "./family.ts";
import { type StateName, stateNames } from "./moments.ts";

export function printReport(
  stories: readonly Story[],
  { faults, ledger, tookMs }: { faults: Faults; ledger: Ledger; tookMs: number },
): void {
  const all = <T>(of: (story: Story) => readonly T[]): T[] => stories.flatMap(of);
  const decided = all((story) => story.decided);
  const acknowledged = decided.filter(({ status }) => status === 200);
  const asksAgain = decided.filter(({ tries }) => tries > 1);
  const found = all((story) => story.found);
  const atTop = found.filter(({ run }) => run.parent === null);
  const led = atTop.filter(({ run }) => run.members.size > 0);
  const members = found.filter(({ run }) => run.parent !== null);
  const depth = ({ run }: Found): string => `${lineOf(run).length - 1} deep`;
  const called = all((story) => story.called);
  const approvals = found.flatMap(({ held }) => [...held.values()]);
  const reasons = approvals.filter(({ context }) => context["reason"] === "unknown_outcome");
  const calls = found.flatMap(({ inspection }) => inspection.calls);
  const untold = calls.filter(({ outcome }) => outcome === "unknown");
  const kills = sum(stories.map(({ conductor }) => conductor.kills));
  const atRandom = sum(stories.map(({ conductor }) => conductor.random));
  const restarts = all(({ conductor }) => conductor.restartsMs);
  const pauses = all(({ conductor }) => conductor.pauses.all);
  const pausedMs = pauses.map(({ fromMs, toMs }) => toMs - fromMs);
  const inMoments = pauses.filter(({ at }) => at !== null);
  const sent = all((story) => story.sent);
  const deliveries = sent.flatMap((event) => event.deliveries);
  const unheard = deliveries.filter(({ acknowledged }) => acknowledged === null);
  const logged = sum(stories.map((story) => story.logged));
  const logLines = all((story) => story.logLines);
  const again = <T>(of: (story: Story) => readonly T[], key: (item: T) => string): number =>
    sum(stories.map((story) => of(story).length - new Set(of(story).map(key)).size));
  const rows = ledger.checks().map((check): [string, string] => [check.name, verdict(check)]);
  table("what must hold", rows);
  for (const [line, n] of count(logLines)) console.log(`  runtime: ${n} × ${line.slice(0, 300)}`);
  table("killed at", [
    ...stateNames.map((name): [string, number] => [name, hitsOf(stories, name)]),
    ["a random time", atRandom],
  ]);
  table(
    "faults",
    [...faults.counts].sort(([a], [b]) => a.localeCompare(b)),
  );
  table("the campaign", [
    ["rounds, each on empty storage", stories.length],
    ["runs", `${atTop.length} (${tally(atTop, ({ view }) => view.status)})`],
    ["of them of teams", `${led.length} (${tally(led, ({ view }) => view.status)})`],
    [
      "runs of members",
      `${members.length} (${tally(members, ({ view }) => view.status)}), ${tally(members, depth)}`,
    ],
    ["events by webhook", `${sent.length} (${logged} in the log)`],
    [
      "deliveries of them",
      `${deliveries.length} (${tally(deliveries, ({ when }) => when)}), ${unheard.length} not acknowledged`,
    ],
    ["approvals", `${approvals.length} (${tally(approvals, ({ status }) => status)})`],
    ["decisions acknowledged", `${acknowledged.length} (${asksAgain.length} asked again)`],
    ["kills", `${kills} (${kills - atRandom} at named moments)`],
    ["fewest kills at one moment", Math.min(...stateNames.map((name) => hitsOf(stories, name)))],
    ["restart", `median ${quantile(restarts, 0.5)} ms, 95th ${quantile(restarts, 0.95)} ms`],
    [
      "stopped and continued",
      `${pauses.length} (${inMoments.length} at named moments), ${quantile(pausedMs, 0)} to ${quantile(pausedMs, 1)} ms, ${Math.round(sum(pausedMs) / 1000)} s in all`,
    ],
    [
      "the campaign itself was held up",
      `${Math.round(sum(stories.map(({ conductor }) => conductor.pauses.heldUpMs)) / 1000)} s`,
    ],
    ["faults of tools, model, database", sum([...faults.counts.values()])],
    [
      "questions to the model repeated",
      again(
        (story) => story.asked,
        ({ run, step }) => `${step} of ${run}`,
      ),
    ],
    ["tool calls joined with their records", called.length],
    [
      "tool calls repeated under their key",
      again(
        (story) => story.called,
        ({ key }) => key,
      ),
    ],
    ["reconciled", all((story) => story.questioned).length],
    ["unknown outcomes", `${reasons.length} put to a person, ${untold.length} left unknown`],
    ["most attempts at one call", Math.max(0, ...calls.map(({ attempt }) => attempt))],
    ["lines that the runtime logged", logLines.length],
    ["checks", sum(ledger.checks().map(({ looked }) => looked))],
    ["took", `${Math.round(tookMs / 1000)} s`],
  ]);
}

function hitsOf(stories: readonly Story[], name: StateName): number {
  return sum(stories.map(({ conductor }) => conductor.hits.get(name) ?? 0));
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round(sorted[at] ?? 0);
}

/** The most frequent lines, numbers and ids aside. */
function count(lines: readonly string[]): [string, number][] {
  const groups = Map.groupBy(lines, (line) => line.replaceAll(/[0-9a-f]{16,}|\d+/g, "#"));
  return [...groups]
    .map(([line, of]): [string, number] => [line, of.length])
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8);
}
