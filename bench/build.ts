import { join } from "node:path";
import { build } from "esbuild";
import { requiredBuiltins } from "../scripts/required-builtins.ts";

export const root = join(import.meta.dirname, "..");

/** A Worker as one file, as it would be deployed or, to be read, not minified. `entry` is relative to the project's folder. */
export async function bundle(entry: string, outfile: string, minify = true): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*", "pg-native"],
    plugins: [requiredBuiltins],
    logLevel: "warning",
  });
}
