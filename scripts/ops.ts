import { parseArgs } from "node:util";
import type { Inspection } from "../src/run/messages.ts";
import { askServer, readUrl } from "./ask-server.ts";
import { run } from "./run.ts";
import { plain, table, time } from "./table.ts";

const usage = `Usage: npm run ops -- COMMAND [--url http://localhost:8787] [--json]

  stuck          the runs that should be moving and have not for two minutes
  inspect RUN    a run's insides: steps, calls, approvals, outbox, alarm
  poke RUN       move a run where it can move; safe to repeat
  project RUN    tell the database everything about a run once more; safe to repeat
  sweep          sweep now, as the cron does
  pause [WHAT]   let no gated call start: of agents/ID or teams/ID, or of everything; --reason TEXT says why
  unpause [WHAT] let them start again
  switches       what is paused, or was, and who said so

The security key is read from OS_SECURITY_KEY in the environment. Exit codes: 0 done, 1 failed, 2 wrong usage.`;

const ofRun = (verb: string) => (id: string) => `/ops/runs/${encodeURIComponent(id)}${verb}`;
const ofSwitch = (verb: string) => (what: string) => {
  const [kind = "", id = "", ...rest] = what.split("/");
  if (what === "") return `/${verb}`;
  if (!["agents", "teams"].includes(kind) || id === "" || rest.length > 0)
    throw new Error(`'${what}' is not agents/ID or teams/ID.`);
  return `/${kind}/${encodeURIComponent(id)}/${verb}`;
};
const commands = {
  stuck: { method: "GET", path: () => "/ops/runs", takes: "nothing" },
  inspect: { method: "GET", path: ofRun(""), takes: "run" },
  poke: { method: "POST", path: ofRun("/poke"), takes: "run" },
  project: { method: "POST", path: ofRun("/project"), takes: "run" },
  sweep: { method: "POST", path: () => "/ops/sweep", takes: "nothing" },
  pause: { method: "POST", path: ofSwitch("pause"), takes: "switch" },
  unpause: { method: "POST", path: ofSwitch("unpause"), takes: "switch" },
  switches: { method: "GET", path: () => "/switches", takes: "nothing" },
} as const;

const hints = {
  403: "The key's owner may not operate this server.",
  404: "Is the id right, and is this the server that it belongs to?",
};

await run(ops);

async function ops(): Promise<void> {
  const { name, path, url, json, help, reason } = readArguments();
  if (help) return console.log(usage);
  const body = name === "pause" && reason !== undefined ? { reason } : undefined;
  const answer = await askServer(url, commands[name].method, path, { hints, body });
  if (json) return console.log(JSON.stringify(answer, null, 2));
  if (name === "stuck") return console.log(showStuck((answer as { data: Inspection[] }).data));
  if (name === "sweep") return console.log(table([answer as Record<string, number>]));
  if (commands[name].takes === "switch") return console.log(showSwitches([answer as Switch]));
  if (name === "switches") return console.log(showSwitches((answer as { data: Switch[] }).data));
  console.log(showRun(answer as Inspection));
}

interface Switch {
  id: string;
  paused: boolean;
  reason: string | null;
  changed_by: string;
  changed_at: number;
}

function showSwitches(switches: Switch[]): string {
  if (switches.length === 0) return "Nothing was ever paused.";
  return table(
    switches.map(({ changed_at, changed_by, id, paused, reason }) => ({
      what: id === "*" ? "everything" : id,
      state: paused ? "paused" : "not paused",
      by: changed_by,
      at: time(changed_at * 1000),
      reason,
    })),
  );
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        reason: { type: "string" },
        url: { type: "string", default: "http://localhost:8787" },
      },
    });
    const [name = "", what = "", ...rest] = positionals;
    if (values.help) return { ...values, name: "stuck" as const, path: "" };
    if (!isCommand(name))
      throw new Error(name === "" ? "A command is missing." : `There is no command '${name}'.`);
    const { path, takes } = commands[name];
    if (takes === "run" && what === "")
      throw new Error(`'${name}' needs the id of a run, such as run_….`);
    if (rest.length > 0 || (what !== "" && takes === "nothing"))
      throw new Error(`'${name}' does not take '${rest[0] ?? what}'.`);
    return { ...values, url: readUrl(values.url), name, path: path(what) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
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
