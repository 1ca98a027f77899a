import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort, migrate, startServer } from "../../scripts/server.ts";
import { startChromium } from "./chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the Worker of the browser tests is. */
    serverUrl: string;
    /** What the server takes as its security key. */
    securityKey: string;
    /** Where the browser takes orders. */
    browserEndpoint: string;
  }
}

/** Starts the server, on a database of its own, and the browser, for as long as the tests run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "kern-browser-"));
  const steps: (() => Promise<void>)[] = [
    async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  ];
  const undo = async () => {
    for (const step of steps.splice(0).toReversed()) await step();
  };
  try {
    const browser = await startChromium();
    steps.push(async () => browser.close());
    // An empty file in place of .dev.vars, so that nobody's keys are needed or used.
    const noSecrets = join(folder, "none.env");
    writeFileSync(noSecrets, "");
    const args = ["--persist-to", join(folder, "state"), "--env-file", noSecrets];
    await migrate(args);
    const securityKey = "key-of-the-browser-tests";
    const port = await freePort();
    const vars = {
      OS_SECURITY_KEY: securityKey,
      KERN_URL: `http://localhost:${port}`,
      EMAIL_LINK_KEYS: JSON.stringify({ k1: btoa("1".repeat(32)) }),
    };
    const given = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    const server = await startServer({
      port,
      args: ["test/browser/worker.ts", ...args, ...given],
    });
    steps.push(server.stop);
    project.provide("serverUrl", server.url);
    project.provide("securityKey", securityKey);
    project.provide("browserEndpoint", browser.wsEndpoint());
    return undo;
  } catch (error) {
    await undo();
    throw error;
  }
}
