import { parseArgs } from "node:util";
import type { Inspection } from "../src/run/messages.ts";
import { run } from "./run.ts";

const usage = `Usage: npm run ops -- COMMAND [--url http://localhost:8787] [--json]

  stuck          the runs that should be moving and have not for two minutes
  inspect RUN    a run's insides: steps, calls, approvals, outbox, alarm
  poke RUN       move a run where it can move; safe to repeat
  project RUN    tell the database everything about a run once more; safe to repeat
  sweep          sweep now, as the cron does

The security key is read from OS_SECURITY_KEY in the environment. Exit codes: 0 done, 1 failed, 2 wrong usage.`;

const commands = {
  stuck: { method: "GET", path: () => "/ops/runs", takesRun: false },
  inspect: { method: "GET", path: (id: string) => `/ops/runs/${id}`, takesRun: true },
  poke: { method: "POST", path: (id: string) => `/ops/runs/${id}/poke`, takesRun: true },
  project: { method: "POST", path: (id: string) => `/ops/runs/${id}/project`, takesRun: true },
  sweep: { method: "POST", path: () => "/ops/sweep", takesRun: false },
};

await run(ops);

async function ops(): Promise<void> {
  const { name, runId, url, json, help } = readArguments();
  if (help) return console.log(usage);
  const { method, path } = commands[name];
  const answer = await ask(url, method, path(encodeURIComponent(runId)));
  if (json) return console.log(JSON.stringify(answer, null, 2));
  if (name === "stuck") return console.log(showStuck((answer as { data: Inspection[] }).data));
  if (name === "sweep") return console.log(table([answer as Record<string, number>]));
  console.log(showRun(answer as Inspection));
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        url: { type: "string", default: "http://localhost:8787" },
      },
    });
    const [name = "", runId = "", ...rest] = positionals;
    if (values.help) return { ...values, name: "stuck" as const, runId };
    if (!isCommand(name))
      throw new Error(name === "" ? "A command is missing." : `There is no command '${name}'.`);
    if (commands[name].takesRun && runId === "")
      throw new Error(`'${name}' needs the id of a run, such as run_….`);
    if (rest.length > 0 || (runId !== "" && !commands[name].takesRun))
      throw new Error(`'${name}' does not take '${rest[0] ?? runId}'.`);
    if (!URL.canParse(values.url) || !/^https?:/.test(values.url))
      throw new Error("--url takes a URL, such as https://kern.example.com.");
    return { ...values, name, runId };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

async function ask(base: string, method: string, path: string): Promise<unknown> {
  const url = new URL(path, base);
  const key = process.env["OS_SECURITY_KEY"]?.trim() ?? "";
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (key !== "" && url.protocol !== "https:" && !isLocal)
    throw new Error(`The security key is not sent to ${url.origin}: use https.`);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(120_000),
      headers: key === "" ? {} : { authorization: `Bearer ${key}` },
    });
  } catch (error) {
    const { cause } = error as Error;
    const why = cause instanceof Error && "code" in cause ? cause.code : String(error);
    throw new Error(`${url.origin} cannot be reached: ${plain(why)}.`, { cause: error });
  }
  const text = await response.text();
  if (!response.ok) throw new Error(explain(url, response, text));
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url.origin} did not answer with JSON: is it kern?`);
  }
}

function explain(url: URL, { status }: Response, text: string): string {
  let detail = "";
  try {
    detail = plain(JSON.parse(text).detail);
  } catch {
    // The status says enough.
  }
  const hints: Record<number, string> = {
    401: "Set OS_SECURITY_KEY in the environment to the server's security key.",
    403: "The key's owner may not operate this server.",
    404: `Is the run's id right, and is ${url.origin} the server that it belongs to?`,
  };
  return [`${status}: ${detail || "refused"}`, hints[status]].filter(Boolean).join("\n");
}

function showStuck(runs: Inspection[]): string {
  if (runs.length === 0) return "No run is stuck.";
  return table(
    runs.map(({ error, outbox, run_id, status, updated_at_ms, alarm_ms }) => ({
      run: run_id,
      status,
      updated: time(updated_at_ms),
      alarm: time(alarm_ms),
      "outbox behind": outbox.behind,
      error: error ?? outbox.error,
    })),
  );
}

function showRun({ approvals, calls, outbox, ...run }: Inspection): string {
  const facts = {
    run: run.run_id,
    status: run.status,
    updated: time(run.updated_at_ms),
    alarm: time(run.alarm_ms),
    steps: run.steps,
    journal: `${run.seq} entries, ${outbox.behind} not yet told to the database`,
    outbox: `${outbox.attempts} failed attempts, due ${time(outbox.due_ms)}`,
    error: run.error ?? outbox.error,
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(8)}  ${plain(value)}`);
  const approvalRows = approvals.map(({ expires_at_ms, id, status }) => ({
    approval: id,
    status,
    expires: time(expires_at_ms),
  }));
  const callRows = calls.map(({ id, ...call }) => ({ call: id, ...call }));
  return [
    lines.join("\n"),
    ...[callRows, approvalRows].filter((rows) => rows.length > 0).map(table),
  ].join("\n\n");
}

function table(rows: Record<string, unknown>[]): string {
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
function plain(value: unknown): string {
  const text =
    value === null || value === undefined
      ? "-"
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  return text.replace(/\p{Cc}+/gu, " ");
}

function time(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString();
}
