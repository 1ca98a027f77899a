import { parseArgs } from "node:util";
import { askServer, readUrl } from "./ask-server.ts";
import { run } from "./run.ts";
import { plain, table, time } from "./table.ts";

const usage = `Usage: npm run keys -- COMMAND [--url http://localhost:8787] [--json]

  list                 the API keys, newest first, without the keys themselves
  create NAME          a new one, which is printed this once; what it may do must be said:
    --scopes LIST        such as approvals:read,agents:data-manager:run
    --groups LIST        the groups that it counts as one of; default none
    --expires-in TIME    such as 4h or 365d, or never; default 90d
  revoke ID            refused from the next request on; safe to repeat

The security key, or the API key of an admin, is read from OS_SECURITY_KEY in the environment. Exit codes: 0 done, 1 failed,
2 wrong usage.`;

interface Key {
  id: string;
  name: string;
  last4: string;
  scopes: string[];
  groups: string[];
  created_by: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  key?: string;
}

const commands = { list: "nothing", create: "a name", revoke: "the id of a key" };
const hints = {
  403: "Keys are made and revoked by admins: it takes agent_os:admin.",
  404: "There is no key with that id: see npm run keys -- list.",
};

await run(keys);

async function keys(): Promise<void> {
  const { command, expiresIn, groups, help, json, scopes, subject, url } = readArguments();
  if (help) return console.log(usage);
  if (command === "revoke") {
    await askServer(url, "DELETE", `/keys/${encodeURIComponent(subject)}`, { hints });
    return console.log(json ? "{}" : `Revoked ${plain(subject)}.`);
  }
  if (command === "create") {
    const body = {
      name: subject,
      scopes: words(scopes),
      groups: words(groups),
      expires_in: expiresIn === "never" ? null : expiresIn,
    };
    const made = (await askServer(url, "POST", "/keys", { body, hints })) as Key;
    if (json) return console.log(JSON.stringify(made, null, 2));
    const { key = "", ...rest } = made;
    // The key alone, so that it can be handed on by a pipe.
    console.error(`${show([rest])}\n\nThe key, which nothing shows again:`);
    return console.log(plain(key));
  }
  const { data } = (await askServer(url, "GET", "/keys", { hints })) as { data: Key[] };
  if (json) return console.log(JSON.stringify(data, null, 2));
  console.log(data.length === 0 ? "There is no key." : show(data));
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        url: { type: "string", default: "http://localhost:8787" },
        scopes: { type: "string", default: "" },
        groups: { type: "string", default: "" },
        "expires-in": { type: "string", default: "90d" },
      },
    });
    const [command = "", subject = "", ...rest] = positionals;
    const given = { ...values, expiresIn: values["expires-in"], subject };
    if (values.help) return { ...given, command: "list" as const };
    if (!isCommand(command))
      throw new Error(
        command === "" ? "A command is missing." : `There is no command '${command}'.`,
      );
    if (command !== "list" && subject === "")
      throw new Error(`'${command}' needs ${commands[command]}.`);
    if (rest.length > 0 || (command === "list" && subject !== ""))
      throw new Error(`'${command}' does not take '${rest[0] ?? subject}'.`);
    if (command === "create" && words(values.scopes).length === 0)
      throw new Error("'create' needs --scopes: what the key may do.");
    return { ...given, url: readUrl(values.url), command };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

function words(list: string): string[] {
  return list.split(/[\s,]+/).filter((word) => word !== "");
}

function show(found: Key[]): string {
  return table(
    found.map(({ id, name, last4, scopes, created_by, expires_at, revoked_at }) => ({
      id,
      name,
      key: `…${last4}`,
      scopes: scopes.join(","),
      "made by": created_by,
      expires: time(expires_at && expires_at * 1000),
      revoked: time(revoked_at && revoked_at * 1000),
    })),
  );
}
