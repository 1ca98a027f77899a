import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { migrationsIn } from "../src/bin/migrations.ts";
import { migratePostgres } from "../src/db/postgres-migrate.ts";
import { fireEachMinute } from "./cron.ts";
import { startPostgres } from "./postgres.ts";
import { run, undoAtEnd } from "./run.ts";
import { isFree, migrate, startServer } from "./server.ts";

const usage = `Usage: npm run dev -- [--port 8787] [--persist-to DIR] [--var NAME:VALUE]... [any option of wrangler dev]
       npm run dev:postgres -- [the same]

Migrates the local database and serves this Worker on this machine, without network or key: the demo model answers
unless OPENAI_API_KEY or OPENAI_BASE_URL is set, by --var or in .dev.vars. The Worker's cron is fired each minute, so that
schedules run. dev:postgres does so on a real PostgreSQL, which it starts, in place of D1.`;

const args = process.argv.slice(2);
const { tokens, values } = parseArgs({
  args,
  strict: false,
  tokens: true,
  options: {
    config: { type: "string", short: "c" },
    env: { type: "string", short: "e" },
    help: { type: "boolean", short: "h" },
    "persist-to": { type: "string" },
    port: { type: "string" },
    postgres: { type: "boolean", default: false },
  },
});

await run(values.help === true ? async () => console.log(usage) : dev, { interruptedCode: 0 });

async function dev(): Promise<void> {
  const port = await choosePort();
  await (values.postgres === true ? servePostgres() : migrateD1());
  const server = await startServer({ port, args: argsOfWrangler(), verbose: true });
  console.log(await nextSteps(server.url));
  undoAtEnd(fireEachMinute(server.url));
  await server.ended;
  throw new Error("wrangler has ended.");
}

async function migrateD1(): Promise<void> {
  await migrate(
    (["config", "env", "persist-to"] as const).flatMap((name) =>
      typeof values[name] === "string" ? [`--${name}`, values[name]] : [],
    ),
  );
}

async function servePostgres(): Promise<void> {
  const server = await startPostgres(postgresFolder());
  undoAtEnd(async () => server.stop());
  const { url } = server;
  await migratePostgres(url, migrationsIn());
  process.env["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE"] = url;
  console.log(`PostgreSQL is running at ${url}`);
}

/** Beside the local D1; as root, whose home nobody gets into that may run it, in a folder of this checkout's own. */
function postgresFolder(): string {
  const given = values["persist-to"];
  if (typeof given === "string") return join(given, "postgres");
  if (process.getuid?.() !== 0) return join(".wrangler", "postgres");
  const checkout = createHash("sha256").update(process.cwd()).digest("hex").slice(0, 12);
  return join(tmpdir(), `kern-postgres-${checkout}`);
}

async function choosePort(): Promise<number> {
  if (values.port !== undefined) {
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error(`--port takes a number from 1 to 65535.\n\n${usage}`);
    if (!(await isFree(port)))
      throw new Error(`Port ${port} is taken: end what listens there, or give another --port.`);
    return port;
  }
  const first = 8787;
  for (let port = first; port < first + 100; port++) {
    if (!(await isFree(port))) continue;
    if (port > first) console.log(`Port ${first} is taken; using ${port}.`);
    return port;
  }
  throw new Error(`Ports ${first} to ${first + 99} are taken: give another with --port.`);
}

/** The arguments that are wrangler's; the port and the database are chosen here. */
function argsOfWrangler(): string[] {
  const own = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "option" || !["port", "postgres"].includes(token.name)) continue;
    own.add(token.index);
    if (token.inlineValue === false) own.add(token.index + 1);
  }
  const others = args.filter((_, index) => !own.has(index));
  return values.postgres === true ? ["--env", "postgres", ...others] : others;
}

async function nextSteps(url: string): Promise<string> {
  const { status } = await fetch(`${url}/config`);
  const key = status === 401 ? ' -H "Authorization: Bearer $OS_SECURITY_KEY"' : "";
  return `
kern is running at ${url} (Ctrl-C ends it). Next:

  1. Start a run, which will pause, at ${url}/panel/try, or so:
     curl ${url}/agents/data-manager/runs${key} -F stream=false -F message="Delete all data of user u-42"

  2. See what waits for a decision:
     ${url}/panel

  3. Approve it there, or with the approval's id from the list:
     curl "${url}/approvals?status=pending"${key}
     curl ${url}/approvals/APPROVAL_ID/resolve${key} -H "content-type: application/json" -d '{"status":"approved"}'
`;
}
