import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { requiredBuiltins } from "../../scripts/required-builtins.ts";

const root = join(import.meta.dirname, "../..");

/** The Worker under test as one file. */
export async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(import.meta.resolve("./worker.ts"))],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*", "pg-native"],
    plugins: [requiredBuiltins],
    logLevel: "warning",
  });
}

/** The database's migrations, statement by statement. */
export function readMigrations(): string[] {
  const folder = join(root, "migrations/d1");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint"));
}
