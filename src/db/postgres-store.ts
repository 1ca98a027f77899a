import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { type ApprovalRecord, endStatuses } from "../approval/record.ts";
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
import { channelsOn, deliveriesOn } from "./deliveries.ts";
import { eventsOn } from "./events.ts";
import { behind, repeating, schemaVersion } from "./failure.ts";
import { listOf, pendingListOf, type Read, statusCountsOf } from "./found.ts";
import { connected, type Place } from "./postgres-client.ts";
import { failed, isOfTheMoment, isSchemaMissing } from "./postgres-failure.ts";
import {
  queries,
  runQueries,
  sessionQueries,
  tables,
  totalOf,
  totalsOf,
} from "./postgres-search.ts";
import { write } from "./postgres-write.ts";
import type { Asked } from "./queries.ts";
import { linksOn, tokensOn } from "./links.ts";
import { prunerOn } from "./prune.ts";
import { runsOn } from "./runs.ts";
import { type ApprovalSearch, window } from "./search.ts";
import type { Told } from "./session-queries.ts";
import { schedulesOn } from "./schedules.ts";
import { sessionsOn } from "./sessions.ts";
import { switchesOn } from "./switches.ts";

/** The store on a Postgres. Everything that is asked of it is safe to repeat. */
export class PostgresStore implements Store {
  readonly sessions: SessionStore = sessionsOn(sessionQueries, async (use) => this.#read(use));
  readonly apiKeys: ApiKeyStore = apiKeysOn(tables.apiKeys, async (use) => this.#read(use));
  readonly switches: SwitchStore = switchesOn(tables.switches, async (use) => this.#read(use));
  readonly deliveries: DeliveryStore = deliveriesOn(tables.deliveries, async (use) =>
    this.#read(use),
  );
  readonly channels: ChannelStore = channelsOn(tables.channels, async (use) => this.#read(use));
  readonly links: LinkStore = linksOn(tables, async (use) => this.#read(use));
  readonly tokens: TokenStore = tokensOn(tables.spentTokens, async (use) => this.#read(use));
  readonly events: EventStore = eventsOn(tables.events, async (use) => this.#read(use));
  readonly schedules: ScheduleStore = schedulesOn(tables, async (use) => this.#read(use));
  readonly prune: Store["prune"] = prunerOn(tables, async (use) => this.#read(use));
  readonly listRuns = runsOn(runQueries, async (use) => this.#read(use));
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async project(run: RunRow | null, rows: ApprovalRow[]): Promise<void> {
    if (run === null && rows.length === 0) return;
    await this.#ask(async (db) => db.execute(write(run, rows)));
  }

  async listApprovals(filter: ApprovalFilter, page: PageRequest): Promise<ApprovalList> {
    const search = queries.searchOf(filter, "after" in page ? page.after : null);
    const found = await this.#search(search, async (db) =>
      "after" in page ? readOn(db, search, page.limit) : read(db, { filter, page, search }),
    );
    return listOf(found, page.limit, search);
  }

  async listPending(
    filter: OtherFilters,
    { after, limit }: { limit: number; after: Deadline | null },
  ): Promise<PendingList> {
    const search = queries.pendingOf(filter, after);
    const found = await this.#search(search, async (db) => readOn(db, search, limit));
    return pendingListOf(found, limit, search);
  }

  async countByStatus(filter: OtherFilters): Promise<StatusCounts> {
    const [counts] = await this.#read(async (db) => totalsOf(db, filter));
    return statusCountsOf(counts, endStatuses, window);
  }

  async countApprovals(filter: ApprovalFilter): Promise<Total> {
    return this.#read(async (db) => count(db, filter));
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    const [record] = await this.#read(async (db) => queries.approval(db, id));
    return record ?? null;
  }

  async stuckRuns(beforeMs: number, limit: number, after?: Pick<RunRow, "id" | "updated_at_ms">) {
    return this.#read(async (db) => queries.stuck(db, beforeMs, limit, after));
  }

  async pausedRuns(afterId: string, limit: number): Promise<string[]> {
    const rows = await this.#read(async (db) => queries.paused(db, afterId, limit));
    return rows.map(({ id }) => id);
  }

  async overdueRuns(beforeMs: number, limit: number, afterId = ""): Promise<string[]> {
    const rows = await this.#read(async (db) => queries.overdue(db, beforeMs, limit, afterId));
    return rows.map(({ id }) => id);
  }

  async checkSchema(): Promise<void> {
    const found = await this.#read(versionIn);
    if (found < schemaVersion) throw behind(found, command);
  }

  /** What is added in between would move the end of what was looked at. */
  async #search({ rest }: ApprovalSearch, use: (db: Asked) => Promise<Read>): Promise<Read> {
    return this.#ask(async (db) =>
      rest === undefined
        ? use(askable(db))
        : db.transaction(async (seen) => use(askable(seen)), snapshot),
    );
  }

  async #read<T>(use: (db: Asked & Told) => PromiseLike<T>): Promise<T> {
    return this.#ask(async (db) => use(askable(db)));
  }

  async #ask<T>(use: (db: NodePgDatabase) => Promise<T>): Promise<T> {
    const once = async () => connected(this.#place, use);
    try {
      return await repeating(once, isOfTheMoment);
    } catch (error) {
      if (isSchemaMissing(error)) throw behind(await this.#read(versionIn), command);
      throw failed(error);
    }
  }
}

const command =
  "npx kern-migrate-postgres postgres://… (in kern's own repository: npm run migrate:postgres -- postgres://…).";

const snapshot = { isolationLevel: "repeatable read", accessMode: "read only" } as const;

interface FirstPage {
  filter: ApprovalFilter;
  page: { limit: number; offset: number };
  search: ApprovalSearch;
}

async function read(db: Asked, { filter, page, search }: FirstPage): Promise<Read> {
  const rows = await queries.pageOf(db, search, page.limit + 1, page.offset);
  if (search.rest !== undefined) {
    const total = await count(db, filter);
    const [end = null] = await queries.endOfWindow(db, search);
    return { rows, total, end };
  }
  // A first page that is not full has them all.
  const isAll = page.offset === 0 && rows.length <= page.limit;
  const all = { count: rows.length, isExact: true };
  return { rows, total: isAll ? all : await count(db, filter), end: null };
}

/** A page whose search says where it begins. */
async function readOn(db: Asked, search: ApprovalSearch, limit: number): Promise<Read> {
  const rows = await queries.pageOf(db, search, limit + 1, 0);
  const [end = null] = search.rest === undefined ? [] : await queries.endOfWindow(db, search);
  return { rows, total: null, end };
}

async function count(db: Asked, filter: ApprovalFilter): Promise<Total> {
  const [total] = await totalOf(db, filter);
  return total ?? { count: 0, isExact: true };
}

async function versionIn(db: Asked): Promise<number> {
  try {
    const [row] = await queries.schemaVersion(db);
    return row?.value ?? 0;
  } catch (error) {
    if (isSchemaMissing(error)) return 0;
    throw error;
  }
}

function askable(db: Pick<NodePgDatabase, keyof (Asked & Told)>): Asked & Told {
  return db as unknown as Asked & Told;
}
