import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { conversation, type Example } from "./conversation.ts";
import { run } from "./run.ts";
import { freePort, migrate, startServer, urlOf } from "./server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = join(import.meta.dirname, "..");

await run(main);

/** Plays examples on a server and a database of their own, without network or key; fails where one goes otherwise. */
async function main(): Promise<void> {
  const { positionals: names, values } = parseArgs({
    allowPositionals: true,
    options: { check: { type: "boolean", default: false } },
  });
  const all = await readExamples();
  const unknown = names.find((name) => !all.has(name));
  if (unknown !== undefined) throw new Error(`There is no example '${unknown}'.\n\n${usage(all)}`);
  if (names.length === 0 && !values.check) return console.log(usage(all));

  const chosen = [...all].filter(([name]) => names.length === 0 || names.includes(name));
  console.log("Starting kern: a new database, no key, no network …");
  const urls = new Map<string | undefined, string>();
  for (const [name, example] of chosen) {
    const { worker } = example;
    const those = chosen.map(([, one]) => one).filter((one) => one.worker === worker);
    const url = urls.get(worker) ?? (await serve(worker, those));
    urls.set(worker, url);
    console.log(`\n${name}: ${example.about}`);
    let printed = "";
    await example.play(
      conversation(url, (text) => {
        printed += `${text}\n`;
        console.log(text);
      }),
    );
    if (values.check) checkGuide(name, printed);
  }
  const isDev = chosen.some(([, { worker }]) => worker === undefined);
  const hint = isDev ? " The commands are for the server of: npm run dev" : "";
  console.log(`\nEverything went as expected.${hint}`);
}

function usage(examples: ReadonlyMap<string, Example>): string {
  const lines = [...examples].map(([name, { about }]) => `  ${name.padEnd(18)}${about}`);
  return `Usage: npm run example -- NAME... [--check]

${lines.join("\n")}

--check compares what is printed with docs/guides.md; without a name, that of all.`;
}

async function readExamples(): Promise<Map<string, Example>> {
  const files = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));
  const modules = files.toSorted().map(async (file): Promise<[string, Example]> => {
    const { example } = (await import(`../examples/${file}`)) as { example: Example };
    return [file.replace(/\.ts$/, ""), example];
  });
  return new Map(await Promise.all(modules));
}

async function serve(worker: string | undefined, examples: readonly Example[]): Promise<string> {
  const folder = temporaryFolder();
  // An empty file in place of .dev.vars, so that nobody's keys are needed or used.
  const noSecrets = join(folder, "none.env");
  writeFileSync(noSecrets, "");
  const args = ["--persist-to", join(folder, "state"), "--env-file", noSecrets];
  await migrate(args);
  const port = await freePort();
  for (const { vars } of examples) {
    for (const [name, value] of Object.entries((await vars?.(urlOf(port))) ?? {}))
      args.push("--var", `${name}:${value}`);
  }
  const { url } = await startServer({ port, args: [...(worker ? [worker] : []), ...args] });
  return url;
}

/** The guide shows what the example prints, but for the ids. */
function checkGuide(name: string, printed: string): void {
  const guides = readFileSync(join(root, "docs", "guides.md"), "utf8");
  const [, shown] = guides.split(`$ npm run example -- ${name}\n`);
  assert.equal(
    stripVTControlCharacters(printed)
      .replaceAll(/\b(apr|evt|run)_\w+/g, "$1_…")
      .trim(),
    shown?.split("```")[0]?.trim(),
    `docs/guides.md does not show what ${name} prints.`,
  );
}
