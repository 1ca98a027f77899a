import kernApp, { Feed as KernFeed, Run as KernRun } from "../src/worker.ts";

/** Kern's Worker, counting what it costs: rows of its objects and of D1, alarms, and requests from object to object. */

interface Bill {
  times: number;
  read: number;
  /** All rows written, and those of them that are entries of an index, or of a table that a trigger keeps. */
  written: number;
  indexed: number;
  triggered: number;
}

export interface Bills {
  /** By statement of the run's objects. */
  object: Record<string, Bill>;
  /** By statement of D1. */
  database: Record<string, Bill>;
  /** By object and method; alarms among them. */
  requests: Record<string, number>;
  alarmsSet: number;
}

let cursors: { query: string; cursor: SqlStorageCursor<Record<string, SqlStorageValue>> }[] = [];
let bills: Bills = empty();

function empty(): Bills {
  return { object: {}, database: {}, requests: {}, alarmsSet: 0 };
}

function bill(bills: Record<string, Bill>, query: string, one: Omit<Bill, "times">): void {
  const sum = (bills[nameOf(query)] ??= {
    times: 0,
    read: 0,
    written: 0,
    indexed: 0,
    triggered: 0,
  });
  sum.times += 1;
  sum.read += one.read;
  sum.written += one.written;
  sum.indexed += one.indexed;
  sum.triggered += one.triggered;
}

/** What a statement does to which table. */
function nameOf(query: string): string {
  const text = query.replaceAll('"', "").trim();
  if (/^create/i.test(text)) return "create tables";
  const [, verb = "other", table = ""] =
    /^(insert into|delete from|update|select)\b(?:.*?\bfrom)?\s+(\w+)/is.exec(text) ?? [];
  return `${verb.toLowerCase()} ${table}`;
}

function request(name: string): void {
  bills.requests[name] = (bills.requests[name] ?? 0) + 1;
}

/** The object's storage, counting; the platform takes no stand-in for its context, so its own parts are changed. */
function counted(ctx: DurableObjectState): DurableObjectState {
  const { storage } = ctx;
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  sql.exec = (query: string, ...bindings: SqlStorageValue[]) => {
    const cursor = exec(query, ...bindings);
    cursors.push({ query, cursor });
    return cursor as never;
  };
  storage.setAlarm = async (...args) => {
    bills.alarmsSet += 1;
    return setAlarm(...args);
  };
  return ctx;
}

interface KernEnv {
  DB: D1Database;
  RUNS: DurableObjectNamespace<Run>;
  FEED: DurableObjectNamespace<Feed>;
}

const envs = new WeakMap<object, KernEnv>();

/** The bindings, counting; the same for the same, as the runtime's own are. */
function countedEnv(env: KernEnv): KernEnv {
  const found = envs.get(env);
  if (found !== undefined) return found;
  const made: KernEnv = {
    ...env,
    DB: countedDatabase(env.DB),
    RUNS: countedObjects("run", env.RUNS),
    FEED: countedObjects("feed", env.FEED),
  };
  envs.set(env, made);
  return made;
}

function countedObjects<T extends Run | Feed>(
  room: string,
  objects: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  const getByName = (name: string) =>
    new Proxy(objects.getByName(name), {
      get: (stub, method) => {
        const call = Reflect.get(stub, method) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          request(`${room}.${String(method)}`);
          return Reflect.apply(call, stub, args);
        };
      },
    });
  return { getByName } as unknown as DurableObjectNamespace<T>;
}

function countedDatabase(database: D1Database): D1Database {
  const originals = new WeakMap<object, { query: string; statement: D1PreparedStatement }>();
  const note = (query: string, { meta }: D1Result) => {
    const { changes, rows_read: read, rows_written: written } = meta;
    // No statement of kern's store changes more than one row itself.
    const triggered = Math.max(0, changes - 1);
    bill(bills.database, query, { read, written, indexed: written - changes, triggered });
  };
  const wrap = (query: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async () => {
      const result = await statement.all();
      note(query, result);
      return result;
    };
    const wrapped = {
      bind: (...values: unknown[]) => wrap(query, statement.bind(...values)),
      all,
      run: all,
      raw: async () => (await all()).results.map((row) => Object.values(row)),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, { query, statement });
    return wrapped;
  };
  const batch = async (wrapped: D1PreparedStatement[]) => {
    const own = wrapped.flatMap((one) => originals.get(one) ?? []);
    const results = await database.batch(own.map(({ statement }) => statement));
    for (const [index, { query }] of own.entries()) {
      const result = results[index];
      if (result !== undefined) note(query, result);
    }
    return results;
  };
  const prepare = (query: string) => wrap(query, database.prepare(query));
  return { prepare, batch } as unknown as D1Database;
}

export class Run extends KernRun {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(counted(ctx), countedEnv(env as KernEnv));
  }

  override async alarm(): Promise<void> {
    request("run.alarm");
    await super.alarm();
  }

  async size(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}

export class Feed extends KernFeed {}

export default {
  async fetch(incoming: Request, env: KernEnv, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(incoming.url);
    if (pathname === "/bench/size") {
      return Response.json(await env.RUNS.getByName(searchParams.get("run_id") ?? "").size());
    }
    if (pathname === "/bench/bills") return Response.json(collect());
    return kernApp.fetch(incoming, countedEnv(env) as never, ctx);
  },
};

/** What was counted since this was last asked. */
function collect(): Bills {
  for (const { cursor, query } of cursors) {
    const { rowsRead: read, rowsWritten: written } = cursor;
    // Neither of an object's tables has an index or a trigger.
    bill(bills.object, query, { read, written, indexed: 0, triggered: 0 });
  }
  const collected = bills;
  cursors = [];
  bills = empty();
  return collected;
}
