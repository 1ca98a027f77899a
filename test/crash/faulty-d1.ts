import type { DatabaseFault } from "./wire.ts";

/** A D1 database whose every request may fail, before it was carried out or after, as `fault` says. */
export function faultyD1(
  database: D1Database,
  fault: () => Promise<DatabaseFault | null>,
): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>();
  const through = async (ask: () => Promise<unknown>): Promise<unknown> => {
    const found = await fault();
    if (found === null) return ask();
    if (found.commits) await ask();
    throw new Error(found.message);
  };
  const prepared = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => prepared(target.bind(...values));
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) =>
          through(async () => value.apply(target, given) as unknown);
      },
    });
    real.set(wrapped, statement);
    return wrapped;
  };
  return new Proxy(database, {
    get(target, name) {
      if (name === "prepare") return (query: string) => prepared(target.prepare(query));
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) =>
          through(async () => target.batch(statements.map((one) => real.get(one) ?? one)));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
