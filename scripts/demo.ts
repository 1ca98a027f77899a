import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import type { RunView } from "../src/run/view.ts";
import { apiOf } from "./api.ts";
import { run } from "./run.ts";
import { freePort, migrate, startServer } from "./server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

await run(demo);

async function demo(): Promise<void> {
  const folder = temporaryFolder();
  // An empty file in place of .dev.vars, so that the demo needs and uses nobody's keys.
  const noSecrets = join(folder, "none.env");
  writeFileSync(noSecrets, "");
  const args = ["--persist-to", join(folder, "state"), "--env-file", noSecrets];
  say("Starting kern on this machine: a new database, the demo model, no key, no network …");
  await migrate(args);
  const { url } = await startServer({ port: await freePort(), args });
  const api = apiOf(url);

  title("1. Someone asks an agent for something that must not simply happen");
  const mias = await ask("Delete all data of user u-42");
  const bobs = await ask("Delete all data of user u-7");
  say("Both runs wait. They hold no connection and nothing in memory, for as long as it takes.");

  title("2. What waits for a person (also at /panel)");
  for (const { expires_at, id, tool_args, tool_name } of await api.pending()) {
    const until = expires_at === null ? "" : `, until ${new Date(expires_at * 1000).toISOString()}`;
    say(`${id}  ${call(tool_name ?? "", tool_args)}${until}`);
  }

  title("3. A person approves the first; the run goes on by itself");
  await api.resolve(approvalOf(mias), "approved");
  tell(await api.end(mias.run_id));

  title("4. A person rejects the second, and says why");
  await api.resolve(approvalOf(bobs), "rejected", "u-7 is still a customer");
  tell(await api.end(bobs.run_id));

  title("5. Whoever answers later is told that it has been decided");
  await api.resolve(approvalOf(bobs), "approved").then(
    () => {
      throw new Error("A second decision was taken.");
    },
    (error: Error) => say(`  ${error.message}`),
  );
  say(
    `\nThat was it. ${styleText("bold", "npm run dev")} serves the same, with a panel to decide in.`,
  );

  async function ask(message: string): Promise<RunView> {
    say(`> ${message}`);
    const started = await api.start(message);
    const { tool_args, tool_name } = started.tools[0] ?? {};
    say(`  ${status(started)}: the agent wants ${call(tool_name ?? "nothing", tool_args)}`);
    return started;
  }
}

function tell(ended: RunView): void {
  const answer = ended.messages.findLast(({ role }) => role === "tool")?.content;
  say(`  the agent was told: ${String(answer)}`);
  say(`  ${status(ended)}: ${String(ended.content)}`);
}

function approvalOf({ run_id, tools }: RunView): string {
  const id = tools[0]?.approval_id;
  if (typeof id !== "string") throw new Error(`Run ${run_id} has no approval.`);
  return id;
}

function call(name: string, args: unknown): string {
  return styleText("bold", `${name}(${JSON.stringify(args)})`);
}

function status({ status }: RunView): string {
  return styleText(status === "COMPLETED" ? "green" : "yellow", status);
}

function title(text: string): void {
  say(`\n${styleText("cyan", text)}`);
}

function say(text: string): void {
  console.log(text);
}
