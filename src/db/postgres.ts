import { KernError } from "../errors.ts";
import type { Db, Store } from "../run/store.ts";
import type { Place } from "./postgres-client.ts";
import { PostgresStore } from "./postgres-store.ts";

export type PostgresDbOptions = {
  /** Default "postgres". */
  id?: string;
} & (
  | {
      /** The name of the Hyperdrive binding in the Worker's configuration; Hyperdrive's caching must be off. */
      binding: string;
      url?: never;
    }
  | {
      /** Where the database is, for a direct connection, such as "postgres://user:password@host:5432/kern". */
      url: string;
      binding?: never;
    }
);

/** A Postgres database: through Hyperdrive, by the name of its binding, or at its address. */
export class PostgresDb implements Db {
  readonly id: string;
  readonly #placeIn: (env: unknown) => Place;

  /** Throws a TypeError for a `url` that is none. */
  constructor({ id = "postgres", binding, url }: PostgresDbOptions) {
    this.id = id;
    if (binding !== undefined) {
      this.#placeIn = (env) => ({ url: urlOf(binding, env), isDirect: false });
    } else {
      if (!/^postgres(ql)?:\/\//.test(url))
        throw new TypeError("PostgresDb needs a url such as postgres://user:password@host/kern.");
      this.#placeIn = () => ({ url, isDirect: true });
    }
  }

  connect(env: unknown): Store {
    return new PostgresStore(this.#placeIn(env));
  }
}

function urlOf(binding: string, env: unknown): string {
  const found = (env as Record<string, unknown> | null | undefined)?.[binding];
  if (isHyperdrive(found)) return found.connectionString;
  throw new KernError(
    "unavailable",
    `The Worker has no Hyperdrive bound as ${binding}. Add it to wrangler.toml: hyperdrive = ` +
      `[{ binding = "${binding}", id = "…" }], with the id that this prints: ` +
      "npx wrangler hyperdrive create kern --caching-disabled --connection-string=postgres://…",
  );
}

function isHyperdrive(value: unknown): value is Hyperdrive {
  return typeof value === "object" && value !== null && "connectionString" in value;
}
