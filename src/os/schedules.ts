import type { Agent } from "../agent/agent.ts";
import { KernError } from "../errors.ts";
import type { Db } from "../run/store.ts";
import type { ScheduleRow, ScheduleRunRow, ScheduleStore } from "../run/trigger-store.ts";
import { checkCron, nextAfter } from "../triggers/cron.ts";
import type { ScheduleTrigger } from "../triggers/schedule.ts";
import { mustBeRunBy } from "./auth.ts";
import { userOf } from "./own.ts";
import type { Principal } from "./principal.ts";
import type { StartParts } from "./start-run.ts";

export interface ScheduleParts extends StartParts {
  schedules: readonly ScheduleTrigger[];
  /** Every agent and team, by its id. */
  all: ReadonlyMap<string, Agent>;
  db: Db | null;
  now: () => number;
}

export const noSchedules =
  "Schedules are not available: pass a db to AgentOS to enable this feature.";
const notFound = "Schedule not found";
/** The most that there may be: more would not be started within a minute. */
const maxSchedules = 1000;

/** A deployment may take so long to reach everywhere. */
const putBackMs = 10 * 60_000;

type Env = Record<string, unknown>;

/** What may be said of a schedule; `null` clears what may be left out. */
export type Wish = Pick<
  ScheduleRow,
  "agent_id" | "cron" | "message" | "missed" | "overlap" | "session_id" | "timezone" | "user_id"
>;

/** The schedules, those of code and those made over the API, for the API, the panel and the clock alike. */
export class Schedules {
  readonly #parts: ScheduleParts;
  readonly #written: ReadonlyMap<string, ScheduleTrigger>;
  /** The databases in which this code's schedules are by now. */
  readonly #synced = new WeakSet<object>();

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#written = new Map(parts.schedules.map((schedule) => [schedule.id, schedule]));
  }

  /** In the order of their ids; without those that were taken out of the code. */
  async list(env: Env): Promise<ScheduleRow[]> {
    const rows = await (await this.store(env)).list(maxSchedules);
    return rows.filter((row) => this.isThere(row));
  }

  /** Throws `not_found`. */
  async read(env: Env, id: string): Promise<ScheduleRow> {
    const row = await (await this.store(env)).read(id);
    if (row === null || !this.isThere(row)) throw new KernError("not_found", notFound);
    return row;
  }

  /** Throws `conflict` where the id is taken. */
  async create(env: Env, id: string, wish: Wish, principal: Principal): Promise<ScheduleRow> {
    this.#check(wish, principal);
    const store = await this.store(env);
    const rows = await store.list(maxSchedules);
    if (rows.length === maxSchedules)
      throw new KernError("conflict", `There are ${maxSchedules} schedules, and may be no more.`);
    const nowMs = this.#parts.now();
    const row: ScheduleRow = {
      id,
      source: "api",
      ...wish,
      user_id: userOf(principal, wish.user_id),
      is_enabled: true,
      authors: JSON.stringify(authorsWith("[]", principal)),
      next_at_ms: nextAfter(wish.cron, wish.timezone, nowMs),
      version: 1,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    };
    if (!(await store.add(row)))
      throw new KernError("conflict", `There is a schedule '${id}' already.`);
    return row;
  }

  /**
   * Changes what is given; of one that is written in code, only whether it runs. From then on it is due by what it says now.
   * Throws `conflict` where that may not be, or where somebody else has changed it at the same moment.
   */
  async change(
    env: Env,
    id: string,
    { enabled, ...given }: Partial<Wish> & { enabled?: boolean | undefined },
    principal: Principal,
  ): Promise<ScheduleRow> {
    const before = await this.read(env, id);
    const wish = { ...before, ...defined(given) };
    const isOther = Object.values(given).some((value) => value !== undefined);
    if (isOther && before.source === "code")
      throw new KernError("conflict", `The schedule '${id}' is written in code: change it there.`);
    this.mayRun(before.agent_id, principal);
    if (isOther) this.#check(wish, principal);
    const nowMs = this.#parts.now();
    const isEnabled = enabled ?? before.is_enabled;
    const after: ScheduleRow = {
      ...wish,
      user_id: isOther ? userOf(principal, wish.user_id) : wish.user_id,
      is_enabled: isEnabled,
      authors: isOther ? JSON.stringify(authorsWith(before.authors, principal)) : before.authors,
      // What went by while it did not run, or was another one, is nobody's loss.
      next_at_ms:
        isOther || (isEnabled && !before.is_enabled)
          ? nextAfter(wish.cron, wish.timezone, nowMs)
          : before.next_at_ms,
      version: before.version + 1,
      updated_at_ms: nowMs,
    };
    const store = await this.store(env);
    if (!(await store.change(after)))
      throw new KernError("conflict", "Somebody else has just changed it: look at it again.");
    return after;
  }

  /** What it has started goes on. Throws `conflict` for one that is written in code. */
  async remove(env: Env, id: string, principal: Principal): Promise<void> {
    const row = await this.read(env, id);
    if (row.source === "code")
      throw new KernError(
        "conflict",
        `The schedule '${id}' is written in code: take it out there.`,
      );
    this.mayRun(row.agent_id, principal);
    await (await this.store(env)).remove(id);
  }

  async runs(
    env: Env,
    id: string,
    page: Parameters<ScheduleStore["runs"]>[1],
  ): Promise<ScheduleRunRow[]> {
    await this.read(env, id);
    return (await this.store(env)).runs(id, page);
  }

  /** Whether it may be started: what was taken out of the code is not there any more. */
  isThere(row: ScheduleRow): boolean {
    return row.source === "api" || this.#written.has(row.id);
  }

  /** The rows, those of the code among them, as it is written now. */
  async store(env: Env): Promise<ScheduleStore> {
    const { db, ready } = this.#parts;
    if (db === null) throw new KernError("unavailable", noSchedules);
    const { schedules: store } = db.connect(env);
    if (this.#synced.has(env)) return store;
    if (this.#written.size > 0) await ready(env);
    for (const written of this.#written.values())
      await this.#sync(store, written, Number.POSITIVE_INFINITY);
    this.#synced.add(env);
    return store;
  }

  /**
   * The same for the clock, whose schedules also say again what the code says where a release that was on its way out has put
   * back its own words; not at once, lest two of them take turns for as long as both are there.
   */
  async renewed(env: Env): Promise<ScheduleStore> {
    const store = await this.store(env);
    const beforeMs = this.#parts.now() - putBackMs;
    for (const written of this.#written.values()) await this.#sync(store, written, beforeMs);
    return store;
  }

  /**
   * A schedule of the code's has its row, which says what the code says; whether it runs is kept. One that says something else
   * is left alone where it was changed after `beforeMs`.
   */
  async #sync(store: ScheduleStore, written: ScheduleTrigger, beforeMs: number): Promise<void> {
    const { agent, cron, id, message, missed, overlap, sessionId, timezone, userId } = written;
    const nowMs = this.#parts.now();
    const said = {
      source: "code" as const,
      agent_id: agent,
      cron,
      message,
      missed,
      overlap,
      timezone,
      session_id: sessionId,
      user_id: userId,
    };
    const row = await store.read(id);
    if (row === null) {
      await store.add({
        id,
        ...said,
        is_enabled: true,
        authors: "[]",
        next_at_ms: nextAfter(cron, timezone, nowMs),
        version: 1,
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      });
      return;
    }
    const keys = Object.keys(said) as (keyof typeof said)[];
    if (keys.every((key) => row[key] === said[key]) || row.updated_at_ms > beforeMs) return;
    const isSameTime = row.cron === cron && row.timezone === timezone;
    await store.change({
      ...row,
      ...said,
      authors: "[]",
      next_at_ms: isSameTime ? row.next_at_ms : nextAfter(cron, timezone, nowMs),
      version: row.version + 1,
      updated_at_ms: nowMs,
    });
  }

  /** Throws `invalid_request` for what does not fit, and `forbidden` where they may not run that agent. */
  #check({ agent_id: id, cron, timezone }: Wish, principal: Principal): void {
    if (!this.#parts.all.has(id)) {
      const detail = `There is no agent or team '${id}'.`;
      throw new KernError("invalid_request", detail, { fields: { agent_id: detail } });
    }
    this.mayRun(id, principal);
    try {
      checkCron(cron, timezone);
    } catch (error) {
      const detail = (error as Error).message;
      throw new KernError("invalid_request", detail, { fields: { cron: detail } });
    }
  }

  /** Whoever has a schedule start an agent runs that agent. */
  mayRun(id: string, principal: Principal): void {
    mustBeRunBy(principal, this.#parts.all.get(id) ?? { id, sourceType: "agent" });
  }
}

/** Everybody who has had a say in what a schedule starts. They count as having asked for its runs. */
function authorsWith(before: string, { aliases }: Principal): string[] {
  return [...new Set([...(JSON.parse(before) as string[]), ...aliases])];
}

/** What was given, without what was left out. */
function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
