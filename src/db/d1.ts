import { KernError } from "../errors.ts";
import type { Db, Store } from "../run/store.ts";
import { D1Store } from "./d1-store.ts";

export interface D1DbOptions {
  /** The name of the D1 binding in the Worker's configuration. */
  binding: string;
  /** Default "d1". */
  id?: string;
}

/** A D1 database, by the name of its binding. */
export class D1Db implements Db {
  readonly id: string;
  readonly #binding: string;

  constructor({ binding, id = "d1" }: D1DbOptions) {
    this.id = id;
    this.#binding = binding;
  }

  connect(env: unknown): Store {
    const found = (env as Record<string, unknown> | null | undefined)?.[this.#binding];
    if (!isD1(found)) {
      throw new KernError(
        "unavailable",
        `The Worker has no D1 database bound as ${this.#binding}. Add it to wrangler.toml: d1_databases = ` +
          `[{ binding = "${this.#binding}", database_name = "kern", migrations_dir = "node_modules/kern/migrations/d1" }].`,
      );
    }
    return new D1Store(found, this.#binding);
  }
}

function isD1(value: unknown): value is D1Database {
  return typeof value === "object" && value !== null && "prepare" in value && "batch" in value;
}
