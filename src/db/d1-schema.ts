import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
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

/**
 * A column for each field of the record, in the record's order, then what keeps the copy in order. Indexes, triggers and
 * `WITHOUT ROWID` are said in `migrations/d1` alone.
 */
export const approvals = sqliteTable("approvals", {
  id: text("id").primaryKey(),
  run_id: text("run_id").notNull(),
  session_id: text("session_id").notNull(),
  status: text("status").$type<ApprovalStatus>().notNull(),
  source_type: text("source_type").$type<SourceType>().notNull(),
  approval_type: text("approval_type").$type<ApprovalType>().notNull(),
  pause_type: text("pause_type").$type<PauseType>().notNull(),
  tool_name: text("tool_name").notNull(),
  tool_args: text("tool_args", { mode: "json" }).$type<ApprovalRecord["tool_args"]>().notNull(),
  expires_at: integer("expires_at"),
  agent_id: text("agent_id"),
  team_id: text("team_id"),
  workflow_id: text("workflow_id"),
  user_id: text("user_id"),
  schedule_id: text("schedule_id"),
  schedule_run_id: text("schedule_run_id"),
  source_name: text("source_name"),
  requirements: text("requirements", { mode: "json" }).$type<Requirement[]>().notNull(),
  context: text("context", { mode: "json" }).$type<ApprovalRecord["context"]>().notNull(),
  resolution_data: text("resolution_data", { mode: "json" }).$type<
    ApprovalRecord["resolution_data"]
  >(),
  resolved_by: text("resolved_by"),
  resolved_at: integer("resolved_at"),
  created_at: integer("created_at").notNull(),
  updated_at: integer("updated_at").notNull(),
  run_status: text("run_status").$type<RunStatus>().notNull(),
  root_run_id: text("root_run_id").notNull(),
  requested_by: text("requested_by"),
  call_id: text("call_id").notNull(),
  args_hash: text("args_hash").notNull(),
  call_outcome: text("call_outcome").$type<CallOutcome>(),
  policy: text("policy", { mode: "json" }).$type<ApprovalRecord["policy"]>().notNull(),
  votes: text("votes", { mode: "json" }).$type<ApprovalRecord["votes"]>().notNull(),
  preview: text("preview"),
  version: integer("version").notNull(),
  hidden: integer("hidden", { mode: "boolean" }).notNull(),
  created_at_ms: integer("created_at_ms").notNull(),
});

/** A column for each field of `RunRow`, in its order. */
export const runs = sqliteTable("runs", {
  id: text("id").primaryKey(),
  version: integer("version").notNull(),
  root_run_id: text("root_run_id").notNull(),
  agent_id: text("agent_id"),
  team_id: text("team_id"),
  session_id: text("session_id").notNull(),
  user_id: text("user_id"),
  requested_by: text("requested_by"),
  status: text("status").$type<RunStatus>().notNull(),
  input: text("input").notNull(),
  output: text("output"),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
  parent_run_id: text("parent_run_id"),
});

/** A column for each field of `SessionRow`, in its order. */
export const sessions = sqliteTable("sessions", {
  id: text("id").primaryKey(),
  user_id: text("user_id"),
  name: text("name").notNull(),
  type: text("type").$type<SessionRow["type"]>().notNull(),
  component_id: text("component_id"),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
  deleted_at_ms: integer("deleted_at_ms"),
});

/** A column for each field of `ApiKeyRow`, in its order. */
export const apiKeys = sqliteTable("api_keys", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  hash: text("hash").notNull(),
  last4: text("last4").notNull(),
  scopes: text("scopes", { mode: "json" }).$type<string[]>().notNull(),
  groups: text("groups", { mode: "json" }).$type<string[]>().notNull(),
  aliases: text("aliases", { mode: "json" }).$type<string[]>().notNull(),
  created_by: text("created_by").notNull(),
  created_at_ms: integer("created_at_ms").notNull(),
  expires_at_ms: integer("expires_at_ms"),
  revoked_at_ms: integer("revoked_at_ms"),
});

/** A column for each field of `SwitchRow`, in its order. */
export const switches = sqliteTable("switches", {
  id: text("id").primaryKey(),
  is_on: integer("is_on", { mode: "boolean" }).notNull(),
  reason: text("reason"),
  changed_by: text("changed_by").notNull(),
  changed_at_ms: integer("changed_at_ms").notNull(),
});

/** A column for each field of `DeliveryRow`, in its order. */
export const deliveries = sqliteTable("deliveries", {
  id: text("id").primaryKey(),
  channel: text("channel").notNull(),
  type: text("type").notNull(),
  run_id: text("run_id").notNull(),
  approval_id: text("approval_id"),
  status: text("status").$type<DeliveryRow["status"]>().notNull(),
  attempts: integer("attempts").notNull(),
  error: text("error"),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
});

/** A column for each field of `ClosedChannel`, in its order. */
export const channels = sqliteTable("channels", {
  id: text("id").primaryKey(),
  closed_at_ms: integer("closed_at_ms").notNull(),
  reason: text("reason").notNull(),
});

/** A column for each field of `LinkRow`, in its order. */
export const links = sqliteTable("links", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  principal: text("principal").notNull(),
  person: text("person").notNull(),
  linked_at_ms: integer("linked_at_ms").notNull(),
  expires_at_ms: integer("expires_at_ms").notNull(),
});

/** A column for each field of `LinkCode`. */
export const linkCodes = sqliteTable("link_codes", {
  hash: text("hash").primaryKey(),
  principal: text("principal").notNull(),
  person: text("person").notNull(),
  expires_at_ms: integer("expires_at_ms").notNull(),
});

/** What was used, and until when it would have been of use. */
export const spentTokens = sqliteTable("spent_tokens", {
  id: text("id").primaryKey(),
  expires_at_ms: integer("expires_at_ms").notNull(),
});

/** A column for each field of `EventRow`, in its order. */
export const events = sqliteTable("events", {
  id: text("id").primaryKey(),
  webhook: text("webhook").notNull(),
  type: text("type"),
  status: text("status").$type<EventRow["status"]>().notNull(),
  run_id: text("run_id"),
  error: text("error"),
  deliveries: integer("deliveries").notNull(),
  replays: integer("replays").notNull(),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
  headers: text("headers").notNull(),
  body: text("body").notNull(),
});

/** A column for each field of `ScheduleRow`, in its order. */
export const schedules = sqliteTable("schedules", {
  id: text("id").primaryKey(),
  source: text("source").$type<ScheduleRow["source"]>().notNull(),
  agent_id: text("agent_id").notNull(),
  cron: text("cron").notNull(),
  timezone: text("timezone").notNull(),
  message: text("message").notNull(),
  user_id: text("user_id"),
  session_id: text("session_id"),
  overlap: text("overlap").$type<ScheduleRow["overlap"]>().notNull(),
  missed: text("missed").$type<ScheduleRow["missed"]>().notNull(),
  is_enabled: integer("is_enabled", { mode: "boolean" }).notNull(),
  authors: text("authors").notNull(),
  next_at_ms: integer("next_at_ms"),
  version: integer("version").notNull(),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
});

/** A column for each field of `ScheduleRunRow`, in its order. */
export const scheduleRuns = sqliteTable("schedule_runs", {
  id: text("id").primaryKey(),
  schedule_id: text("schedule_id").notNull(),
  due_at_ms: integer("due_at_ms").notNull(),
  status: text("status").$type<ScheduleRunRow["status"]>().notNull(),
  run_id: text("run_id"),
  reason: text("reason"),
  is_manual: integer("is_manual", { mode: "boolean" }).notNull(),
  created_at_ms: integer("created_at_ms").notNull(),
  updated_at_ms: integer("updated_at_ms").notNull(),
});

/** One row: how many approvals that are not hidden there are of each status; triggers keep it. */
export const counters = sqliteTable("counters", {
  id: integer("id").primaryKey(),
  pending: integer("pending").notNull(),
  approved: integer("approved").notNull(),
  rejected: integer("rejected").notNull(),
  expired: integer("expired").notNull(),
  cancelled: integer("cancelled").notNull(),
});

/** The row `schema_version` says which migrations were applied. */
export const kernMeta = sqliteTable("kern_meta", {
  name: text("name").primaryKey(),
  value: integer("value").notNull(),
});
