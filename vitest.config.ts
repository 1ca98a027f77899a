import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { migrationsIn } from "./src/bin/migrations.ts";

/** What asks the API and reads what comes of it, which is the same on either database. */
const onEither = [
  "db/postgres*.test.ts",
  "channels/slack*.test.ts",
  "flow.test.ts",
  "os/**",
  "panel/**",
  "run/faults.test.ts",
  "run/team.test.ts",
  "attack/stuck.test.ts",
];

/** The same Worker on one of the databases. */
function project(
  database: "d1" | "postgres",
  include: string[],
  exclude: string[] = [],
): TestProjectConfiguration {
  return {
    extends: true,
    plugins: [
      cloudflareTest(async ({ inject }) => ({
        main: "./test/worker.ts",
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: {
            TEST_MIGRATIONS: await readD1Migrations(
              new URL("migrations/d1", import.meta.url).pathname,
            ),
            POSTGRES_MIGRATIONS: migrationsIn().map((migration) => ({ ...migration })),
            EMPTY_POSTGRES_URL: inject("emptyPostgresUrl"),
            PROXIED_POSTGRES_URL: inject("proxiedPostgresUrl"),
            KERN_DB: database,
            // What the test channels sign with: the new secret, and the old one.
            WEBHOOK_SECRET_HOOK: `whsec_${btoa("n".repeat(32))} whsec_${btoa("o".repeat(32))}`,
            CALLBACK_SECRET: `whsec_${btoa("m".repeat(32))}`,
            EMAIL_LINK_KEYS: JSON.stringify({ k2: btoa("2".repeat(32)), k1: btoa("1".repeat(32)) }),
            GITHUB_WEBHOOK_SECRET: "secret-of-github-now secret-of-github-before",
            STRIPE_WEBHOOK_SECRET: "whsec_test_secret",
            WEBHOOK_SECRET: `whsec_${btoa("i".repeat(32))}`,
            WEBHOOK_TOKEN: "token-of-16-or-more",
            PANEL_HOOK_TOKEN: "token-of-the-panel-hook",
            SLACK_BOT_TOKEN: "xoxb-test",
            SLACK_SIGNING_SECRET: "signing-secret-now signing-secret-before",
            KERN_FUZZ: process.env["KERN_FUZZ"] ?? "",
            KERN_SEEDS: process.env["KERN_SEEDS"] ?? "",
          },
          ratelimits: { WEBHOOK_LIMIT: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
          hyperdrives: { HYPERDRIVE: inject("postgresUrl") },
        },
      })),
    ],
    test: { name: database, include, exclude },
  };
}

export default defineConfig({
  // The agents import what users import.
  resolve: { tsconfigPaths: true },
  // What a CommonJS module requires is looked up by this configuration, not by the project's; `pg` has a part for Workers.
  ssr: { target: "webworker", resolve: { conditions: ["workerd", "worker", "module", "browser"] } },
  test: {
    projects: [
      project("d1", ["test/**/*.test.ts"], ["test/db/postgres*"]),
      project(
        "postgres",
        onEither.map((path) => `test/${path.replace(/\*\*$/, "**/*.test.ts")}`),
      ),
      // What needs Node: linters make code at run time, which the Workers' runtime does not do.
      {
        extends: false,
        resolve: {
          alias: {
            "cloudflare:workers": new URL("test/workers-stub.ts", import.meta.url).pathname,
          },
        },
        test: { name: "node", include: ["test/**/*.node.ts"] },
      },
      // The pages as people see them: the Worker on its server, in a browser.
      {
        extends: false,
        test: {
          name: "browser",
          include: ["test/browser/**/*.browser.ts"],
          globalSetup: ["./test/browser/global.ts"],
          maxWorkers: 1,
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
    globalSetup: ["./test/global.ts"],
    setupFiles: ["./test/setup.ts"],
    maxWorkers: 1,
    isolate: false,
    testTimeout: 30_000,
    // An object that logs once a file's tests have ended would keep the run waiting for ever (workers-sdk #15719).
    disableConsoleIntercept: true,
    // Lanes that run beside each other report beside each other.
    reporters: [
      "default",
      ["json", { outputFile: `output/tests${process.env["KERN_LANE"] ?? ""}.json` }],
    ],
  },
});
