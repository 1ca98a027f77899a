import type { Position } from "./position.ts";

export const deliveryStatuses = ["delivered", "failed", "undeliverable", "gone"] as const;

/** What came of telling a channel something: a log, of which the run's object holds the truth. Times are epoch milliseconds. */
export interface DeliveryRow {
  /** The message's. */
  id: string;
  channel: string;
  type: string;
  run_id: string;
  approval_id: string | null;
  /**
   * `failed`: it is tried again, for three days; `undeliverable`: it is not, or not to all that it was for; `gone`: there is
   * nobody there, and the channel is closed.
   */
  status: (typeof deliveryStatuses)[number];
  attempts: number;
  /** Why the last attempt failed. */
  error: string | null;
  /** When it happened of which it tells, and when it was last tried. */
  created_at_ms: number;
  updated_at_ms: number;
}

/** What may be asked of the log; every field that is set must match. */
export interface DeliveryFilter {
  channel?: string | undefined;
  status?: DeliveryRow["status"] | undefined;
  run_id?: string | undefined;
  approval_id?: string | undefined;
}

export interface DeliveryStore {
  /** One more attempt; what is told of an attempt counts it. */
  note(row: Omit<DeliveryRow, "attempts">): Promise<void>;
  read(id: string): Promise<DeliveryRow | null>;
  /** Newest first, in a stable order among equals. */
  list(
    filter: DeliveryFilter,
    page: { limit: number; after: Position | null },
  ): Promise<DeliveryRow[]>;
  /**
   * The runs, each once, of this channel's deliveries of what happened since `sinceMs` that have failed and were last tried
   * before `beforeMs`, the longest ago first. At most `limit` deliveries are looked at, from `after` on, which is where the page before ended.
   */
  stale(
    channel: string,
    times: { sinceMs: number; beforeMs: number },
    limit: number,
    after?: Tried,
  ): Promise<StaleRuns>;
}

/** A delivery, by when it was last tried. */
export type Tried = Pick<DeliveryRow, "updated_at_ms" | "id">;

export interface StaleRuns {
  runs: string[];
  /** Where to go on; null at the end. */
  next: Tried | null;
}

/** A channel that nothing is sent to, until somebody opens it again. */
export interface ClosedChannel {
  id: string;
  closed_at_ms: number;
  reason: string;
}

export interface ChannelStore {
  closed(): Promise<ClosedChannel[]>;
  /** The first reason stays. Safe to repeat. */
  close(row: ClosedChannel): Promise<void>;
  /** Safe to repeat. */
  open(id: string): Promise<void>;
}

/** Somebody's account elsewhere, such as a Slack user, and who that is here. Times are epoch milliseconds. */
export interface LinkRow {
  /** Whose account it is, there: the service, the workspace and the user in one. */
  id: string;
  /** What the account is called there. */
  name: string;
  /** The id of the principal that it stands for. */
  principal: string;
  /** The principal as it was when it was linked, as JSON. */
  person: string;
  linked_at_ms: number;
  expires_at_ms: number;
}

/** A code that links an account to a person, once. */
export interface LinkCode extends Pick<LinkRow, "person" | "principal" | "expires_at_ms"> {
  hash: string;
}

/** Who is who, of which the database holds the truth; asked is always the primary. */
export interface LinkStore {
  offer(code: LinkCode): Promise<void>;
  /** Takes the code away, and gives it to one of however many ask at once; null for the others, and once it has expired. */
  redeem(hash: string, nowMs: number): Promise<LinkCode | null>;
  /** An account stands for whom it was linked to last. */
  set(row: LinkRow): Promise<void>;
  /** Null where there is none, or its time is over. */
  read(id: string, nowMs: number): Promise<LinkRow | null>;
  of(principal: string): Promise<LinkRow[]>;
  /** Those of accounts whose ids begin so, which are still good, in the order of their ids. */
  list(prefix: string, nowMs: number, limit: number): Promise<LinkRow[]>;
  /** False where the principal has no such link; null: whosever it is. */
  remove(id: string, principal: string | null): Promise<boolean>;
}

/** What was used once and cannot be again. */
export interface TokenStore {
  /** True for one of however many ask, ever. Asked again after a lost answer it is false: who asks has used it already. */
  spend(id: string, expiresAtMs: number): Promise<boolean>;
  /** Gives it back, where it came to nothing. */
  restore(id: string): Promise<void>;
}
