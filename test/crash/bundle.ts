import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

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

/** What CommonJS requires of Node.js must be imported in a Worker. */
const requiredBuiltins: Plugin = {
  name: "required builtins",
  setup(build) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    build.onResolve({ filter }, ({ kind, path }) =>
      kind === "require-call"
        ? { path, namespace: "required" }
        : { path: path.replace(/^(node:)?/, "node:"), external: true },
    );
    build.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `import all from "${path.replace(/^(node:)?/, "node:")}"; module.exports = all;`,
    }));
  },
};

/** The database's migrations, statement by statement. */
export function readMigrations(): string[] {
  const folder = join(root, "migrations/d1");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint"));
}
