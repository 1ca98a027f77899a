import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      main: "./test/worker.ts",
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations(
            new URL("migrations/d1", import.meta.url).pathname,
          ),
          KERN_FUZZ: process.env["KERN_FUZZ"] ?? "",
          KERN_SEEDS: process.env["KERN_SEEDS"] ?? "",
        },
      },
    })),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/setup.ts"],
    maxWorkers: 1,
    isolate: false,
    testTimeout: 30_000,
    reporters: ["default", ["json", { outputFile: "output/tests.json" }]],
  },
});
