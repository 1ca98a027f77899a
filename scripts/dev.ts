import { parseArgs } from "node:util";
import { run } from "./run.ts";
import { isFree, migrate, startServer } from "./server.ts";

const usage = `Usage: npm run dev -- [--port 8787] [--persist-to DIR] [--var NAME:VALUE]... [any option of wrangler dev]

Migrates the local database and serves this Worker on this machine, without network or key: the demo model answers
unless OPENAI_API_KEY or OPENAI_BASE_URL is set, by --var or in .dev.vars.`;

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
  },
});

await run(values.help === true ? async () => console.log(usage) : dev, { interruptedCode: 0 });

async function dev(): Promise<void> {
  const port = await choosePort();
  await migrate(
    (["config", "env", "persist-to"] as const).flatMap((name) =>
      typeof values[name] === "string" ? [`--${name}`, values[name]] : [],
    ),
  );
  const server = await startServer({ port, args: withoutPort(), verbose: true });
  console.log(await nextSteps(server.url));
  await server.ended;
  throw new Error("wrangler has ended.");
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

/** The arguments for wrangler, which takes its port from here. */
function withoutPort(): string[] {
  const given = tokens.find((token) => token.kind === "option" && token.name === "port");
  if (given?.kind !== "option") return args;
  return args.toSpliced(given.index, given.inlineValue === true ? 1 : 2);
}

async function nextSteps(url: string): Promise<string> {
  const { status } = await fetch(`${url}/config`);
  const key = status === 401 ? ' -H "Authorization: Bearer $OS_SECURITY_KEY"' : "";
  return `
kern is running at ${url} (Ctrl-C ends it). Next:

  1. Start a run, which will pause:
     curl ${url}/agents/data-manager/runs${key} -F stream=false -F message="Delete all data of user u-42"

  2. See what waits for a decision:
     ${url}/panel

  3. Approve it there, or with the approval's id from the list:
     curl "${url}/approvals?status=pending"${key}
     curl ${url}/approvals/APPROVAL_ID/resolve${key} -H "content-type: application/json" -d '{"status":"approved"}'
`;
}
