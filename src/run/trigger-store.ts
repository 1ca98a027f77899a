import type { Position } from "./position.ts";

/** What has become of something that came in: a run, nothing, or an error in what maps it to a run. */
export const eventStatuses = ["started", "ignored", "failed"] as const;
export type EventStatus = (typeof eventStatuses)[number];

/** Something that came in by a webhook, however often it was delivered. Times are epoch milliseconds. */
export interface EventRow {
  /** A function of the webhook and of what makes deliveries one: `evt_…`. */
  id: string;
  /** The id of the webhook that it came in by. */
  webhook: string;
  /** What happened there, such as `issues.labeled`, its first KiB; null where the sender does not say. */
  type: string | null;
  status: EventStatus;
  /** The run that it started last; null where there is none. */
  run_id: string | null;
  /** Why it could not be mapped to a run, the first 16 KiB of it. */
  error: string | null;
  /** How often it was delivered, and how often it was replayed by hand. */
  deliveries: number;
  replays: number;
  created_at_ms: number;
  updated_at_ms: number;
  /** The headers that mapping may read, as JSON, and the body as it was first sent: as text, and its first MiB in UTF-8. */
  headers: string;
  body: string;
}

/** The event without what came in, for lists. */
export type EventSummary = Omit<EventRow, "body" | "headers">;

/** What may be asked of the log of events; every field that is set must match. */
export interface EventFilter {
  webhook?: string | undefined;
  status?: EventStatus | undefined;
  run_id?: string | undefined;
}

/** What came in, of which the database holds the truth but for the runs that it started. */
export interface EventStore {
  /**
   * One more delivery of it: what came in, and when, stays that of the first; status, run and error are those of this one,
   * unless one before has started a run and this one has not; then only the error is.
   */
  note(row: Omit<EventRow, "deliveries" | "replays">): Promise<void>;
  /**
   * What came of a replay by hand, of which there is one more, as `note` keeps it; nothing where the event is not there any
   * more.
   */
  replayed(
    told: Pick<EventRow, "id" | "status" | "run_id" | "error" | "updated_at_ms">,
  ): Promise<void>;
  read(id: string): Promise<EventRow | null>;
  /** Newest first, in a stable order among equals; `after` is where the page before ended. */
  list(
    filter: EventFilter,
    page: { limit: number; after: Position | null },
  ): Promise<EventSummary[]>;
}

/** What to do where a run of the schedule is due and the one before has not ended. */
export const overlapRules = ["queue", "skip", "allow"] as const;
/** What to do with runs whose time went by while nothing could be started: the last of them once, or none. */
export const missedRules = ["run_once", "skip"] as const;

/** A schedule, of which the database holds the truth; of one that is written in code, only whether it runs and when. */
export interface ScheduleRow {
  id: string;
  source: "code" | "api";
  /** The id of the agent or team that it starts. */
  agent_id: string;
  /** Five fields, read in the time zone, an IANA name. */
  cron: string;
  timezone: string;
  message: string;
  user_id: string | null;
  session_id: string | null;
  overlap: (typeof overlapRules)[number];
  missed: (typeof missedRules)[number];
  is_enabled: boolean;
  /** Who wrote it, and every name of theirs, as JSON: those count as having asked for its runs. */
  authors: string;
  /** When it is due next; null where it never is again. */
  next_at_ms: number | null;
  /** One more with every change. */
  version: number;
  created_at_ms: number;
  updated_at_ms: number;
}

/** `queued`: it waits for the one before to end. `failed`: it could not be started, for good. */
export const scheduleRunStatuses = ["started", "queued", "skipped", "failed"] as const;

/** One time that a schedule was due, or was run by hand. */
export interface ScheduleRunRow {
  /** A function of the schedule and of the time that it was due: `srn_…`. */
  id: string;
  schedule_id: string;
  due_at_ms: number;
  status: (typeof scheduleRunStatuses)[number];
  run_id: string | null;
  /** Why it was skipped, or has failed. */
  reason: string | null;
  is_manual: boolean;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface ScheduleStore {
  /** False where there is one of that id. */
  add(row: ScheduleRow): Promise<boolean>;
  read(id: string): Promise<ScheduleRow | null>;
  /** In the order of their ids, after `afterId`. */
  list(limit: number, afterId?: string): Promise<ScheduleRow[]>;
  /** Those that run and are due by now, the longest due first, then by id. */
  due(nowMs: number, limit: number): Promise<ScheduleRow[]>;
  /**
   * Puts this in its place, where it is still of the version before this one; false where it is not, or gone. When it is due
   * next, of which `advance` may have said more meanwhile, changes only together with its cron, time zone or `is_enabled`.
   */
  change(row: ScheduleRow): Promise<boolean>;
  /**
   * Moves it on to when it is due next, where it is still due at `fromMs` and of this version; false where it is not. That
   * is true for one of however many ask, and false for all where its answer was lost: what is due then has to be noted before.
   */
  advance(
    schedule: Pick<ScheduleRow, "id" | "version">,
    fromMs: number,
    toMs: number | null,
  ): Promise<boolean>;
  /**
   * Takes it away, with its queued runs; what it has started is kept. False where there is none. Safe to repeat; whoever has
   * read it before may note a run of it afterwards.
   */
  remove(id: string): Promise<boolean>;
  /** Notes a time that it was due; false where it is there already. */
  addRun(row: ScheduleRunRow): Promise<boolean>;
  /**
   * Notes what became of one of its runs; told again, status, run and reason are the last ones told, but that it was started
   * stands, whatever else is told by who has not seen it.
   */
  note(row: ScheduleRunRow): Promise<void>;
  readRun(id: string): Promise<ScheduleRunRow | null>;
  /** Its last runs that were started, newest due first, then by id. */
  started(scheduleId: string, limit: number): Promise<ScheduleRunRow[]>;
  /** Those that wait to be started, of this schedule or of all, the longest due first, then by id. */
  queued(limit: number, scheduleId?: string): Promise<ScheduleRunRow[]>;
  /** Of one schedule, newest due first, in a stable order among equals; `after` is where the page before ended. */
  runs(
    scheduleId: string,
    page: { limit: number; after: { due_at_ms: number; id: string } | null },
  ): Promise<ScheduleRunRow[]>;
}
