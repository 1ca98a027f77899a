import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apiOf } from "./api.ts";
import { startPostgres } from "./postgres.ts";
import { run, undoAtEnd } from "./run.ts";
import { freePort, migrate, startServer } from "./server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = join(import.meta.dirname, "..");
const project = temporaryFolder();
const installed = join(project, "node_modules", "kern");

await run(packageTest);

/** Does what a user does: installs the package in a project of their own, compiles, migrates, serves and decides. */
async function packageTest(): Promise<void> {
  const tools = ["@cloudflare/workers-types", "typescript", "wrangler", "zod"].map(
    (name) => `${name}@${manifest(join(root, "node_modules", name)).version}`,
  );
  await check(`the package installs in an empty project, beside ${tools.join(", ")}`, async () => {
    await npm(["pack", "--pack-destination", project], root);
    const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"));
    writeFileSync(join(project, "package.json"), `{ "private": true, "type": "module" }`);
    const quick = ["--prefer-offline", "--no-audit", "--no-fund"];
    await npm(["install", ...quick, `./${tarball}`, ...tools], project);
    cpSync(join(root, "test", "package"), project, { recursive: true });
  });
  await check("it holds the build, the migrations and the papers, and nothing else", () => {
    const papers = /^(CHANGELOG|LICENSE|README)(\.md)?$/;
    assert.deepEqual(
      readdirSync(installed).filter((name) => !papers.test(name)),
      ["dist", "migrations", "package.json"],
    );
    for (const database of ["d1", "postgres"])
      assert.deepEqual(
        readdirSync(join(installed, "migrations", database)),
        readdirSync(join(root, "migrations", database)),
      );
  });
  await check("every export is there, as code and as types", () => {
    const targets = Object.values(manifest(installed).exports).flatMap((conditions) =>
      Object.values(conditions),
    );
    assert.deepEqual(
      targets.filter((path) => !existsSync(join(installed, path))),
      [],
    );
  });
  for (const skipLibCheck of ["true", "false"]) {
    await check(`a Worker and its types compile, strict, skipLibCheck ${skipLibCheck}`, async () =>
      execute(
        join("node_modules", "typescript", "bin", "tsc"),
        ["--noEmit", "--skipLibCheck", skipLibCheck],
        project,
      ),
    );
  }

  await flow("D1", {
    command: "npx wrangler d1 migrations apply DB --local",
    migrate: async () => migrate([], project),
  });

  const postgres = await startPostgres(temporaryFolder(), { fsync: "off" });
  undoAtEnd(async () => postgres.stop());
  process.env["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE"] = postgres.url;
  await flow("Postgres", {
    command: "npx kern-migrate-postgres",
    migrate: async () => {
      const script = join("node_modules", ".bin", "kern-migrate-postgres");
      await execute(script, [postgres.url], project);
    },
    args: ["--config", "wrangler.postgres.toml"],
  });
}

interface Database {
  /** What a refusal tells the operator to run, and what runs it. */
  command: string;
  migrate: () => Promise<unknown>;
  /** What `wrangler dev` is given. */
  args?: string[];
}

async function flow(name: string, { args = [], command, migrate }: Database): Promise<void> {
  const { url } = await startServer({ port: await freePort(), folder: project, args });
  const api = apiOf(url);
  await check(
    `${name}: before the migrations, a run and /health are 503 and name the command`,
    async () => {
      const isRefusal = ({ message }: Error) =>
        message.startsWith("503: ") && message.includes(command);
      await assert.rejects(api.start("Delete all data of user u-42"), isRefusal);
      await assert.rejects(api.health(), isRefusal);
    },
  );
  await check(`${name}: the command mends it, under the running server`, async () => {
    await migrate();
    assert.equal((await api.health()).status, "ok");
  });
  await check(
    `${name}: a run pauses, is listed, is approved, and completes by itself`,
    async () => {
      const { run_id, status } = await api.start("Delete all data of user u-42");
      assert.equal(status, "PAUSED");
      const [approval, ...others] = await api.pending();
      assert.ok(approval !== undefined && others.length === 0);
      assert.deepEqual(approval.tool_args, { user_id: "u-42" });
      assert.equal((await api.approve(approval.id)).status, "approved");
      const ended = await api.end(run_id);
      assert.equal(ended.status, "COMPLETED");
      assert.equal(ended.tools[0]?.result, "All data for user u-42 has been deleted.");
    },
  );
}

async function check(what: string, test: () => unknown): Promise<void> {
  try {
    await test();
    console.log(`ok    ${what}`);
  } catch (error) {
    console.log(`FAIL  ${what}`);
    throw error;
  }
}

function manifest(folder: string): {
  version: string;
  exports: Record<string, Record<string, string>>;
} {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

async function npm(args: string[], folder: string): Promise<void> {
  const script = process.env["npm_execpath"];
  assert.ok(script !== undefined, "Run this as: npm run package:test");
  await execute(script, args, folder);
}

/** Runs a Node script; throws with its output where it fails. */
async function execute(script: string, args: string[], folder: string): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  undoAtEnd(() => void child.kill());
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${script} ${args.join(" ")} failed:\n${output}`);
}
