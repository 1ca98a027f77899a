import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/** What CommonJS requires of Node.js must be imported in a Worker. */
export const requiredBuiltins: Plugin = {
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
