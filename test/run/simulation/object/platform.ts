import { registerHooks } from "node:module";

/** Node has no Durable Objects; the simulation needs of the class only that it keeps what it is given. */
const stub =
  "export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }";

registerHooks({
  resolve(specifier, context, next) {
    return specifier === "cloudflare:workers"
      ? { url: `data:text/javascript,${encodeURIComponent(stub)}`, shortCircuit: true }
      : next(specifier, context);
  },
});
