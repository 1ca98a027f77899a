import type { ApprovalRecord, ApprovalStatus, RunStatus } from "../approval/record.ts";
import type { ChannelStore, DeliveryStore, LinkStore, TokenStore } from "./channel-store.ts";
import type { Position } from "./position.ts";
import type { EventStore, ScheduleStore } from "./trigger-store.ts";

/** The row of a run: what lists and the sweeper need, never the transcript. Times are epoch milliseconds. */
export interface RunRow {
  id: string;
  version: number;
  root_run_id: string;
  agent_id: string | null;
  team_id: string | null;
  session_id: string;
  user_id: string | null;
  requested_by: string | null;
  status: RunStatus;
  /** The first 16 KiB of the message that started the run. */
  input: string;
  /** The first 16 KiB of the final answer or error; null until the run has ended. */
  output: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  /** The run whose member this one is; null for a run that was started by itself. Constant, as is `session_id`. */
  parent_run_id: string | null;
}

export const sessionTypes = ["agent", "team"] as const;

/** Whose agent or team it is that somebody talks to. */
export interface Component {
  type: (typeof sessionTypes)[number];
  id: string;
}

/**
 * The row of a session, which is the truth about it and no copy: it belongs to no run. Its runs are those of its own user
 * that have its id, have no parent, and were started after it was last deleted.
 */
export interface SessionRow {
  id: string;
  /** Whose it is, from its first run on; null where that run named nobody, who is a user too. */
  user_id: string | null;
  name: string;
  /** The kind of its first run. */
  type: Component["type"];
  component_id: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  /** When it was last deleted; one that was begun after that is there again. */
  deleted_at_ms: number | null;
}

/** The row of an API key, which is the truth about it and no copy. Times are epoch milliseconds. */
export interface ApiKeyRow {
  id: string;
  name: string;
  /** Of the whole key, which is kept nowhere. */
  hash: string;
  /** The key's last characters, by which people tell theirs from others. */
  last4: string;
  scopes: string[];
  groups: string[];
  /** The names of who made it, where that was somebody in particular. */
  aliases: string[];
  created_by: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
}

/** The id of the switch that stops every agent and team. */
export const everyone = "*";

/** The row of a kill switch, which is the truth about it. */
export interface SwitchRow {
  /** An agent's or a team's id, or `everyone`. */
  id: string;
  is_on: boolean;
  reason: string | null;
  /** The principal that turned it last, and when, in epoch milliseconds. */
  changed_by: string;
  changed_at_ms: number;
}

/** What may be asked of the sessions' list; every field that is set must match. */
export interface SessionFilter {
  user_id?: string | undefined;
  type?: string | undefined;
  component_id?: string | undefined;
  /** Text that stands in the name, in any case of ASCII letters. */
  name?: string | undefined;
}

export interface SessionPage {
  limit: number;
  offset: number;
  sortBy: "created_at" | "updated_at" | "session_name";
  ascending: boolean;
}

export interface SessionList {
  sessions: SessionRow[];
  total: Total;
}

/** Runs that wait or move in a session that they are not part of any more. */
export interface LeftBehind {
  /** In this session; in all that were last deleted since `deletedSinceMs`. */
  of: { sessionId: string } | { deletedSinceMs: number };
  afterId: string;
  limit: number;
}

/**
 * The row of an approval: the record that callers see, with what keeps the copy in order. While `created_at_ms` stays,
 * so do the record's `run_id`, `root_run_id`, `user_id`, `team_id`, `workflow_id` and `schedule_id`: a later version may
 * change anything else.
 */
export interface ApprovalRow {
  record: ApprovalRecord;
  version: number;
  /** Deleted over the API: no list, count or read shows it. */
  hidden: boolean;
  /** Epoch milliseconds; the record's own `created_at` is in seconds. */
  created_at_ms: number;
}

/** What may be asked of the list; every field that is set must match. */
export interface ApprovalFilter {
  status?: ApprovalStatus | undefined;
  /** Whatever is not pending any more; without a `status`. */
  ended?: true | undefined;
  source_type?: string | undefined;
  approval_type?: string | undefined;
  pause_type?: string | undefined;
  agent_id?: string | undefined;
  team_id?: string | undefined;
  workflow_id?: string | undefined;
  user_id?: string | undefined;
  schedule_id?: string | undefined;
  /** The run, or the root of its team. */
  run_id?: string | undefined;
  session_id?: string | undefined;
  tool_name?: string | undefined;
  resolved_by?: string | undefined;
  requested_by?: string | undefined;
  /** Epoch milliseconds: from this moment on. */
  created_after?: number | undefined;
  /** Epoch milliseconds: before this moment. */
  created_before?: number | undefined;
  /**
   * Text that stands, in any case of ASCII letters, in an id, a tool's name or arguments, or the name of the agent, the
   * user or the one who decided.
   */
  q?: string | undefined;
}

/** `limit` and `offset` count records; `after` goes on behind a place, which takes the same time however far it is. */
export type PageRequest = { limit: number } & ({ offset: number } | { after: Position });

/** How many there are; where `isExact` is false, they were not all looked at, and there may be more. */
export interface Total {
  count: number;
  isExact: boolean;
}

export interface ApprovalList {
  records: ApprovalRecord[];
  /** Null where the page goes on behind a place: it is the same as on the pages before. */
  total: Total | null;
  /** Where to go on; null at the end. A page may be short, or empty, and not be the end. */
  next: Position | null;
}

/** What may be asked of what is pending, or of each status. */
export type OtherFilters = Omit<ApprovalFilter, "status" | "ended">;

/** A place in the list of what is pending; `expires_at` is null among those that never expire. */
export interface Deadline {
  expires_at: number | null;
  id: string;
}

export interface PendingList {
  records: ApprovalRecord[];
  /** Where to go on; null at the end. A page may be short, or empty, and not be the end. */
  next: Deadline | null;
}

export type StatusCounts = Record<ApprovalStatus, Total>;

/** What may be asked of the list of runs; every field that is set must match. */
export interface RunFilter {
  status?: RunStatus | undefined;
  agent_id?: string | undefined;
  /** The team's own runs, and those of its members that are agents. */
  team_id?: string | undefined;
  requested_by?: string | undefined;
  /** Whose runs alone; null for those of all agents, or of all teams. */
  of?: { agents: readonly string[] | null; teams: readonly string[] | null } | undefined;
}

export interface RunList {
  runs: RunRow[];
  /** Where to go on; null at the end. A page may be short, or empty, and not be the end. */
  next: Position | null;
}

/** The sessions, of which the database holds the truth. */
export interface SessionStore {
  /**
   * Has the session be its user's: begins it where there is none or it was deleted, and gives it as it is; null where it is
   * another user's. Of two who claim it at once one has it. Safe to repeat.
   */
  claim(session: SessionRow): Promise<SessionRow | null>;
  /** Null where there is none, or it was deleted. */
  read(id: string): Promise<SessionRow | null>;
  /** Null where there is nothing to rename. */
  rename(id: string, name: string, atMs: number): Promise<SessionRow | null>;
  /** False where there is nothing to delete. Safe to repeat with the same time. */
  delete(id: string, atMs: number): Promise<boolean>;
  /** In a stable order among equals; of the newest 10,000, unless by `created_at` and of no more than a user. */
  list(filter: SessionFilter, page: SessionPage): Promise<SessionList>;
  /** The session's runs, newest first. */
  runs(session: SessionRow, limit: number, offset: number): Promise<RunRow[]>;
  /** The last runs of the session that this agent or team has completed, newest first. */
  history(session: SessionRow, component: Component, limit: number): Promise<RunRow[]>;
  /** Ids of runs that have not ended and whose session has gone, in their order. */
  leftBehind(asked: LeftBehind): Promise<string[]>;
}

/** The API keys, of which the database holds the truth; asked is always the primary, never a copy that may be late. */
export interface ApiKeyStore {
  /** False where another key has that id. Safe to repeat. */
  add(key: ApiKeyRow): Promise<boolean>;
  /** Null where there is none; one that was revoked or has expired is there. */
  read(id: string): Promise<ApiKeyRow | null>;
  /** The newest first, in a stable order among equals. */
  list(limit: number): Promise<ApiKeyRow[]>;
  /** False where there is none; the first time that it was revoked stays. Safe to repeat. */
  revoke(id: string, atMs: number): Promise<boolean>;
}

/** The kill switches, of which the database holds the truth; asked is always the primary, never a copy that may be late. */
export interface SwitchStore {
  /** Those of these that were ever turned, on or off. */
  read(ids: readonly string[]): Promise<SwitchRow[]>;
  list(): Promise<SwitchRow[]>;
  set(row: SwitchRow): Promise<void>;
}

/** The database as kern needs it: a copy of what the runs' objects hold, for lists and counts. */
export interface Store {
  /**
   * Writes the run, where it is given, and the approvals that changed, all or nothing, and with a run that has no parent its
   * session, where there has never been one. Safe to repeat, to reorder and to
   * come late: a row is replaced only by one with a higher version.
   */
  project(run: RunRow | null, approvals: ApprovalRow[]): Promise<void>;
  /**
   * Newest first, in a stable order among equals, without the hidden ones. A record's `run_status`, here and in
   * `readApproval`, is the status of its run's row: a run moves without its approvals being written again. Where no such
   * row is kept, it is what the record came with.
   */
  listApprovals(filter: ApprovalFilter, page: PageRequest): Promise<ApprovalList>;
  countApprovals(filter: ApprovalFilter): Promise<Total>;
  /**
   * What is pending, what expires soonest first and what never does last, in a stable order among equals, without the hidden
   * ones; `after` is where the page before ended. Each is on one page, unless it is given more time meanwhile.
   */
  listPending(
    filter: OtherFilters,
    page: { limit: number; after: Deadline | null },
  ): Promise<PendingList>;
  /** How many there are of each status, told in one answer. */
  countByStatus(filter: OtherFilters): Promise<StatusCounts>;
  /** The row's copy, for records whose object has been emptied; null where there is none or it is hidden. */
  readApproval(id: string): Promise<ApprovalRecord | null>;
  /** Newest first, in a stable order among equals, members' runs among the others; `after` is where the page before ended. */
  listRuns(filter: RunFilter, page: { limit: number; after: Position | null }): Promise<RunList>;
  /**
   * Runs that should have moved since `beforeMs` and have not: oldest first, at most `limit`. `after` is the last run of
   * the page before, so that a sweep can walk on past those that cannot be repaired.
   */
  stuckRuns(
    beforeMs: number,
    limit: number,
    after?: { updated_at_ms: number; id: string },
  ): Promise<RunRow[]>;
  /** Ids of paused runs after `afterId`, in the order of their ids, so that a sweep can walk them in turn. */
  pausedRuns(afterId: string, limit: number): Promise<string[]>;
  /**
   * Ids of runs with an approval still pending, hidden or not, that expired before `beforeMs`: in the order of their ids,
   * each once, at most `limit`, and after `afterId` when it is given. A page may read all that is overdue.
   */
  overdueRuns(beforeMs: number, limit: number, afterId?: string): Promise<string[]>;
  readonly sessions: SessionStore;
  readonly apiKeys: ApiKeyStore;
  readonly switches: SwitchStore;
  readonly deliveries: DeliveryStore;
  readonly channels: ChannelStore;
  readonly links: LinkStore;
  readonly tokens: TokenStore;
  readonly events: EventStore;
  readonly schedules: ScheduleStore;
  /** Forgets what has expired; and deliveries, events, and times that a schedule was due, of before `beforeMs`. */
  prune(nowMs: number, beforeMs: number): Promise<void>;
  /** Resolves when the schema of this release is there; throws `unavailable`, saying which command applies it, when not. */
  checkSchema(): Promise<void>;
}

/** A database as configured in code; `connect` is cheap and is called once an invocation. */
export interface Db {
  readonly id: string;
  /** Throws `unavailable`, naming the missing binding, when the Worker's env does not have it. */
  connect(env: unknown): Store;
}
