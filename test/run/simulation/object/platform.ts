import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    return specifier === "cloudflare:workers"
      ? { url: new URL("../../../workers-stub.ts", import.meta.url).href, shortCircuit: true }
      : next(specifier, context);
  },
});
