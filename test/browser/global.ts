import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { TestProject } from "vitest/node";
import { freePort, migrate, startServer } from "../../scripts/server.ts";
import { startChromium } from "./chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the Worker of the browser tests is. */
    serverUrl: string;
    /** What the server takes as its security key. */
    securityKey: string;
    /** A token that it takes, of somebody who may read and decide. */
    token: string;
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
    const { jwt, token } = await identityProvider();
    const vars = {
      OS_SECURITY_KEY: securityKey,
      KERN_URL: `http://localhost:${port}`,
      FRONT_DESK_TOKEN: "token-of-the-front-desk",
      EMAIL_LINK_KEYS: JSON.stringify({ k1: btoa("1".repeat(32)) }),
      ...jwt,
    };
    const given = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    const server = await startServer({
      port,
      args: ["test/browser/worker.ts", ...args, ...given],
    });
    steps.push(server.stop);
    project.provide("serverUrl", server.url);
    project.provide("securityKey", securityKey);
    project.provide("token", token);
    project.provide("browserEndpoint", browser.wsEndpoint());
    return undo;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** What the server knows of an identity provider, and a token of its. */
async function identityProvider(): Promise<{ jwt: Record<string, string>; token: string }> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const [issuer, audience] = ["https://id.example.com/", "https://kern.example.com"];
  const token = await new SignJWT({
    scope: "approvals:read approvals:write agents:read config:read",
    groups: ["finance"],
    email: "ann@example.com",
    email_verified: true,
  })
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject("ann")
    .setExpirationTime("2h")
    .sign(privateKey);
  const keys = JSON.stringify(await exportJWK(publicKey));
  return { jwt: { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_KEYS: keys }, token };
}
