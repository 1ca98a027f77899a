import { bigint, boolean, customType, integer, pgTable, text } from "drizzle-orm/pg-core";
import type {
  ApprovalRecord,
  ApprovalStatus,
  ApprovalType,
  CallOutcome,
  PauseType,
  Requirement,
  RunStatus,
  SourceType,
} from "../approval/record.ts";
import type { DeliveryRow } from "../run/channel-store.ts";
import type { SessionRow } from "../run/store.ts";
import type { EventRow, ScheduleRow, ScheduleRunRow } from "../run/trigger-store.ts";
import type * as d1 from "./d1-schema.ts";
import { fromPostgresText, toPostgresText } from "./postgres-text.ts";

const string = customType<{ data: string; driverData: string }>({
  dataType: () => "text",
  toDriver: toPostgresText,
  fromDriver: fromPostgresText,
});

/** JSON as text, as in D1: `jsonb` reorders keys, changes the form of numbers and refuses a NUL; and it is searched as text. */
const json = customType<{ data: unknown; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => toPostgresText(JSON.stringify(value)),
  fromDriver: (stored) => JSON.parse(fromPostgresText(stored)) as unknown,
});

const time = (name: string) => bigint(name, { mode: "number" });

/**
 * A column for each field of the record, in the record's order, then what keeps the copy in order. Indexes and
 * collations are said in `migrations/postgres` alone.
 */
export const approvals = pgTable("approvals", {
  id: string("id").primaryKey(),
  run_id: string("run_id").notNull(),
  session_id: string("session_id").notNull(),
  status: text("status").$type<ApprovalStatus>().notNull(),
  source_type: text("source_type").$type<SourceType>().notNull(),
  approval_type: text("approval_type").$type<ApprovalType>().notNull(),
  pause_type: text("pause_type").$type<PauseType>().notNull(),
  tool_name: string("tool_name").notNull(),
  tool_args: json("tool_args").$type<ApprovalRecord["tool_args"]>().notNull(),
  expires_at: time("expires_at"),
  agent_id: string("agent_id"),
  team_id: string("team_id"),
  workflow_id: string("workflow_id"),
  user_id: string("user_id"),
  schedule_id: string("schedule_id"),
  schedule_run_id: string("schedule_run_id"),
  source_name: string("source_name"),
  requirements: json("requirements").$type<Requirement[]>().notNull(),
  context: json("context").$type<ApprovalRecord["context"]>().notNull(),
  resolution_data: json("resolution_data").$type<ApprovalRecord["resolution_data"]>(),
  resolved_by: string("resolved_by"),
  resolved_at: time("resolved_at"),
  created_at: time("created_at").notNull(),
  updated_at: time("updated_at").notNull(),
  run_status: text("run_status").$type<RunStatus>().notNull(),
  root_run_id: string("root_run_id").notNull(),
  requested_by: string("requested_by"),
  call_id: string("call_id").notNull(),
  args_hash: string("args_hash").notNull(),
  call_outcome: text("call_outcome").$type<CallOutcome>(),
  policy: json("policy").$type<ApprovalRecord["policy"]>().notNull(),
  votes: json("votes").$type<ApprovalRecord["votes"]>().notNull(),
  preview: string("preview"),
  version: time("version").notNull(),
  hidden: boolean("hidden").notNull(),
  created_at_ms: time("created_at_ms").notNull(),
});

/** A column for each field of `RunRow`, in its order. */
export const runs = pgTable("runs", {
  id: string("id").primaryKey(),
  version: time("version").notNull(),
  root_run_id: string("root_run_id").notNull(),
  agent_id: string("agent_id"),
  team_id: string("team_id"),
  session_id: string("session_id").notNull(),
  user_id: string("user_id"),
  requested_by: string("requested_by"),
  status: text("status").$type<RunStatus>().notNull(),
  input: string("input").notNull(),
  output: string("output"),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
  parent_run_id: string("parent_run_id"),
});

/** A column for each field of `SessionRow`, in its order. */
export const sessions = pgTable("sessions", {
  id: string("id").primaryKey(),
  user_id: string("user_id"),
  name: string("name").notNull(),
  type: text("type").$type<SessionRow["type"]>().notNull(),
  component_id: string("component_id"),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
  deleted_at_ms: time("deleted_at_ms"),
});

/** A column for each field of `ApiKeyRow`, in its order. */
export const apiKeys = pgTable("api_keys", {
  id: string("id").primaryKey(),
  name: string("name").notNull(),
  hash: text("hash").notNull(),
  last4: text("last4").notNull(),
  scopes: json("scopes").$type<string[]>().notNull(),
  groups: json("groups").$type<string[]>().notNull(),
  aliases: json("aliases").$type<string[]>().notNull(),
  created_by: string("created_by").notNull(),
  created_at_ms: time("created_at_ms").notNull(),
  expires_at_ms: time("expires_at_ms"),
  revoked_at_ms: time("revoked_at_ms"),
});

/** A column for each field of `SwitchRow`, in its order. */
export const switches = pgTable("switches", {
  id: string("id").primaryKey(),
  is_on: boolean("is_on").notNull(),
  reason: string("reason"),
  changed_by: string("changed_by").notNull(),
  changed_at_ms: time("changed_at_ms").notNull(),
});

/** A column for each field of `DeliveryRow`, in its order. */
export const deliveries = pgTable("deliveries", {
  id: string("id").primaryKey(),
  channel: string("channel").notNull(),
  type: string("type").notNull(),
  run_id: string("run_id").notNull(),
  approval_id: string("approval_id"),
  status: string("status").$type<DeliveryRow["status"]>().notNull(),
  attempts: integer("attempts").notNull(),
  error: string("error"),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
});

/** A column for each field of `ClosedChannel`, in its order. */
export const channels = pgTable("channels", {
  id: string("id").primaryKey(),
  closed_at_ms: time("closed_at_ms").notNull(),
  reason: string("reason").notNull(),
});

/** A column for each field of `LinkRow`, in its order. */
export const links = pgTable("links", {
  id: string("id").primaryKey(),
  name: string("name").notNull(),
  principal: string("principal").notNull(),
  person: string("person").notNull(),
  linked_at_ms: time("linked_at_ms").notNull(),
  expires_at_ms: time("expires_at_ms").notNull(),
});

/** A column for each field of `LinkCode`. */
export const linkCodes = pgTable("link_codes", {
  hash: string("hash").primaryKey(),
  principal: string("principal").notNull(),
  person: string("person").notNull(),
  expires_at_ms: time("expires_at_ms").notNull(),
});

/** What was used, and until when it would have been of use. */
export const spentTokens = pgTable("spent_tokens", {
  id: string("id").primaryKey(),
  expires_at_ms: time("expires_at_ms").notNull(),
});

/** A column for each field of `EventRow`, in its order. */
export const events = pgTable("events", {
  id: string("id").primaryKey(),
  webhook: string("webhook").notNull(),
  type: string("type"),
  status: string("status").$type<EventRow["status"]>().notNull(),
  run_id: string("run_id"),
  error: string("error"),
  deliveries: integer("deliveries").notNull(),
  replays: integer("replays").notNull(),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
  headers: string("headers").notNull(),
  body: string("body").notNull(),
});

/** A column for each field of `ScheduleRow`, in its order. */
export const schedules = pgTable("schedules", {
  id: string("id").primaryKey(),
  source: string("source").$type<ScheduleRow["source"]>().notNull(),
  agent_id: string("agent_id").notNull(),
  cron: string("cron").notNull(),
  timezone: string("timezone").notNull(),
  message: string("message").notNull(),
  user_id: string("user_id"),
  session_id: string("session_id"),
  overlap: string("overlap").$type<ScheduleRow["overlap"]>().notNull(),
  missed: string("missed").$type<ScheduleRow["missed"]>().notNull(),
  is_enabled: boolean("is_enabled").notNull(),
  authors: string("authors").notNull(),
  next_at_ms: time("next_at_ms"),
  version: time("version").notNull(),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
});

/** A column for each field of `ScheduleRunRow`, in its order. */
export const scheduleRuns = pgTable("schedule_runs", {
  id: string("id").primaryKey(),
  schedule_id: string("schedule_id").notNull(),
  due_at_ms: time("due_at_ms").notNull(),
  status: string("status").$type<ScheduleRunRow["status"]>().notNull(),
  run_id: string("run_id"),
  reason: string("reason"),
  is_manual: boolean("is_manual").notNull(),
  created_at_ms: time("created_at_ms").notNull(),
  updated_at_ms: time("updated_at_ms").notNull(),
});

/** The row `schema_version` says which migrations were applied. */
export const kernMeta = pgTable("kern_meta", {
  name: string("name").primaryKey(),
  value: integer("value").notNull(),
});

/** Does not compile where a row read from one database is another than a row read from the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
true satisfies Same<typeof approvals.$inferSelect, typeof d1.approvals.$inferSelect>;
true satisfies Same<typeof runs.$inferSelect, typeof d1.runs.$inferSelect>;
true satisfies Same<typeof sessions.$inferSelect, typeof d1.sessions.$inferSelect>;
true satisfies Same<typeof apiKeys.$inferSelect, typeof d1.apiKeys.$inferSelect>;
true satisfies Same<typeof switches.$inferSelect, typeof d1.switches.$inferSelect>;
true satisfies Same<typeof deliveries.$inferSelect, typeof d1.deliveries.$inferSelect>;
true satisfies Same<typeof channels.$inferSelect, typeof d1.channels.$inferSelect>;
true satisfies Same<typeof links.$inferSelect, typeof d1.links.$inferSelect>;
true satisfies Same<typeof linkCodes.$inferSelect, typeof d1.linkCodes.$inferSelect>;
true satisfies Same<typeof spentTokens.$inferSelect, typeof d1.spentTokens.$inferSelect>;
true satisfies Same<typeof events.$inferSelect, typeof d1.events.$inferSelect>;
true satisfies Same<typeof schedules.$inferSelect, typeof d1.schedules.$inferSelect>;
true satisfies Same<typeof scheduleRuns.$inferSelect, typeof d1.scheduleRuns.$inferSelect>;
