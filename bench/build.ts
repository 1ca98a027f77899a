import { join } from "node:path";
import { build } from "esbuild";

export const root = join(import.meta.dirname, "..");

/** A Worker as one minified file, its path relative to the project's folder. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    keepNames: false,
    logLevel: "warning",
  });
}
