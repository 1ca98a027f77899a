import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { ApprovalRecord } from "../approval/record.ts";
import type { KernError } from "../errors.ts";
import type { ChannelStore, DeliveryStore, LinkStore, TokenStore } from "../run/channel-store.ts";
import type {
  ApiKeyStore,
  ApprovalFilter,
  ApprovalList,
  ApprovalRow,
  Deadline,
  OtherFilters,
  PageRequest,
  PendingList,
  RunRow,
  SessionStore,
  StatusCounts,
  Store,
  SwitchStore,
  Total,
} from "../run/store.ts";
import type { EventStore, ScheduleStore } from "../run/trigger-store.ts";
import { apiKeysOn } from "./api-keys.ts";
import { isOfTheMoment, isSchemaMissing } from "./d1-failure.ts";
import * as tables from "./d1-schema.ts";
import { queries, runQueries, sessionQueries, totalOf, totalsOf } from "./d1-search.ts";
import { writeApproval, writeRun, writeSession } from "./d1-write.ts";
import { channelsOn, deliveriesOn } from "./deliveries.ts";
import { eventsOn } from "./events.ts";
import { behind, repeating, schemaVersion, unavailable } from "./failure.ts";
import { listOf, pendingListOf, type Read, statusCountsOf } from "./found.ts";
import { linksOn, tokensOn } from "./links.ts";
import { prunerOn } from "./prune.ts";
import { runsOn } from "./runs.ts";
import type { ApprovalSearch } from "./search.ts";
import type { Ask } from "./session-queries.ts";
import { schedulesOn } from "./schedules.ts";
import { sessionsOn } from "./sessions.ts";
import { switchesOn } from "./switches.ts";

/** The store on D1. `binding` is only used in messages. */
export class D1Store implements Store {
  readonly sessions: SessionStore;
  readonly apiKeys: ApiKeyStore;
  readonly switches: SwitchStore;
  readonly deliveries: DeliveryStore;
  readonly channels: ChannelStore;
  readonly links: LinkStore;
  readonly tokens: TokenStore;
  readonly events: EventStore;
  readonly schedules: ScheduleStore;
  readonly prune: Store["prune"];
  readonly listRuns: Store["listRuns"];
  readonly #database: D1Database;
  readonly #db: DrizzleD1Database;
  readonly #binding: string;

  constructor(database: D1Database, binding: string) {
    this.#database = database;
    this.#db = drizzle(database);
    this.#binding = binding;
    const ask: Ask = async (use) =>
      this.#ask(async () => repeating(async () => use(this.#db), isOfTheMoment));
    this.sessions = sessionsOn(sessionQueries, ask);
    this.apiKeys = apiKeysOn(tables.apiKeys, ask);
    this.switches = switchesOn(tables.switches, ask);
    this.deliveries = deliveriesOn(tables.deliveries, ask);
    this.channels = channelsOn(tables.channels, ask);
    this.links = linksOn(tables, ask);
    this.tokens = tokensOn(tables.spentTokens, ask);
    this.events = eventsOn(tables.events, ask);
    this.schedules = schedulesOn(tables, ask);
    this.prune = prunerOn(tables, ask);
    this.listRuns = runsOn(runQueries, ask);
  }

  async project(run: RunRow | null, rows: ApprovalRow[]): Promise<void> {
    if (run === null && rows.length === 0) return;
    const database = this.#database;
    const write = () =>
      database.batch([
        ...(run === null ? [] : [...writeSession(database, run), writeRun(database, run)]),
        ...rows.flatMap((row) => writeApproval(database, row)),
      ]);
    await this.#ask(() => repeating(write, isOfTheMoment));
  }

  async listApprovals(filter: ApprovalFilter, page: PageRequest): Promise<ApprovalList> {
    const search = queries.searchOf(filter, "after" in page ? page.after : null);
    return listOf(await this.#read(filter, page, search), page.limit, search);
  }

  async countApprovals(filter: ApprovalFilter): Promise<Total> {
    const [total] = await this.#ask(() => totalOf(this.#db, filter));
    return total ?? { count: 0, isExact: true };
  }

  async listPending(
    filter: OtherFilters,
    { after, limit }: { limit: number; after: Deadline | null },
  ): Promise<PendingList> {
    const search = queries.pendingOf(filter, after);
    return pendingListOf(await this.#readOn(search, limit), limit, search);
  }

  async countByStatus(filter: OtherFilters): Promise<StatusCounts> {
    const [counts] = await this.#ask(() => totalsOf(this.#db, filter));
    return statusCountsOf(counts);
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    const [record] = await this.#ask(() => queries.approval(this.#db, id));
    return record ?? null;
  }

  stuckRuns(beforeMs: number, limit: number, after?: Pick<RunRow, "id" | "updated_at_ms">) {
    return this.#ask(() => queries.stuck(this.#db, beforeMs, limit, after));
  }

  async pausedRuns(afterId: string, limit: number): Promise<string[]> {
    const rows = await this.#ask(() => queries.paused(this.#db, afterId, limit));
    return rows.map(({ id }) => id);
  }

  async overdueRuns(beforeMs: number, limit: number, afterId = ""): Promise<string[]> {
    const rows = await this.#ask(() => queries.overdue(this.#db, beforeMs, limit, afterId));
    return rows.map(({ id }) => id);
  }

  async checkSchema(): Promise<void> {
    const found = await this.#schemaVersion();
    if (found < schemaVersion) throw this.#behind(found);
  }

  /** The rows of a page whose search says where it begins, and one more where there is one. */
  async #readOn(search: ApprovalSearch, limit: number): Promise<Read> {
    const asked = queries.pageOf(this.#db, search, limit + 1, 0);
    if (search.rest === undefined)
      return { rows: await this.#ask(() => asked), total: null, end: null };
    // In one turn of the database: what is added in between would move the end of what was looked at.
    const ended = queries.endOfWindow(this.#db, search);
    const [rows, [end = null]] = await this.#ask(() => this.#db.batch([asked, ended]));
    return { rows, total: null, end };
  }

  /** The same, and how many there are in all where the page is the first. */
  async #read(filter: ApprovalFilter, page: PageRequest, search: ApprovalSearch): Promise<Read> {
    if ("after" in page) return this.#readOn(search, page.limit);
    const asked = queries.pageOf(this.#db, search, page.limit + 1, page.offset);
    if (search.rest !== undefined) {
      const ended = queries.endOfWindow(this.#db, search);
      const counted = totalOf(this.#db, filter);
      const [rows, [total = null], [end = null]] = await this.#ask(() =>
        this.#db.batch([asked, counted, ended]),
      );
      return { rows, total, end };
    }
    if (filter.run_id === undefined || page.offset > 0) {
      const [rows, [total = null]] = await this.#ask(() =>
        this.#db.batch([asked, totalOf(this.#db, filter)]),
      );
      return { rows, total, end: null };
    }
    // A run's approvals are few: their first page mostly says how many there are.
    const rows = await this.#ask(() => asked);
    const isAll = rows.length <= page.limit;
    return {
      rows,
      end: null,
      total: isAll ? { count: rows.length, isExact: true } : await this.countApprovals(filter),
    };
  }

  async #schemaVersion(): Promise<number> {
    try {
      const [row] = await queries.schemaVersion(this.#db);
      return row?.value ?? 0;
    } catch (error) {
      if (isSchemaMissing(error)) return 0;
      throw unavailable(error);
    }
  }

  async #ask<T>(ask: () => PromiseLike<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isSchemaMissing(error)) throw this.#behind(await this.#schemaVersion());
      throw unavailable(error);
    }
  }

  #behind(found: number): KernError {
    const command = `npx wrangler d1 migrations apply ${this.#binding} --local (or --remote).`;
    return behind(found, command);
  }
}
