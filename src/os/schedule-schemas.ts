import { z } from "@hono/zod-openapi";
import {
  missedRules,
  overlapRules,
  type ScheduleRow,
  type ScheduleRunRow,
  scheduleRunStatuses,
} from "../run/trigger-store.ts";
import { maxMessageBytes } from "../triggers/schedule.ts";
import { exampleRun } from "./examples.ts";
import { optionalFlag } from "./body.ts";
import { clientId, messageUpTo } from "./run-request.ts";
import { seconds } from "./schemas.ts";
import { storable } from "./storable.ts";

const exampleWish = {
  agent_id: "data-manager",
  cron: "30 6 * * 1",
  timezone: "Europe/Berlin",
  message: "Delete the data of users who asked for it last week",
  user_id: null,
  session_id: null,
  overlap: "skip" as const,
  missed: "run_once" as const,
};

export const exampleSchedule = {
  id: "weekly-deletions",
  source: "api" as const,
  ...exampleWish,
  enabled: true,
  next_at: 1_795_930_200,
  created_at: 1_795_644_390,
  updated_at: 1_795_644_390,
};

const scheduleId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    "Lower-case letters, digits and hyphens, 63 at most, and no hyphen first.",
  )
  .describe("The schedule's id: lower-case letters, digits and hyphens.");
const agentId = z.string().max(128).describe("The agent or team that it starts.");
const cron = z
  .string()
  .max(255)
  .describe("Five fields: minute, hour, day of the month, month, day of the week.");
const timezone = z
  .string()
  .max(64)
  .describe("The time zone that the fields are read in, such as `Europe/Berlin`.");
const message = messageUpTo(maxMessageBytes).describe("What the agent is asked; 16 KiB at most.");
const overlap = z
  .enum(overlapRules)
  .describe(
    "Where the run before has not ended: `skip` passes over this one, `queue` lets one wait for it, `allow` starts it beside.",
  );
const missed = z
  .enum(missedRules)
  .describe(
    "Where its times went by while nothing could be started: `run_once` starts the last of them, `skip` none.",
  );
const userId = clientId.describe("The user that the runs are for.");
const sessionId = clientId.describe("The session that every run goes on with; null: each its own.");

export const ScheduleRequest = z
  .object({
    id: scheduleId.optional(),
    agent_id: agentId,
    cron,
    timezone: timezone.default("UTC"),
    message,
    user_id: userId,
    session_id: sessionId,
    overlap: overlap.default("skip"),
    missed: missed.default("run_once"),
  })
  .superRefine(storable)
  .describe("A new schedule.")
  .openapi("ScheduleRequest", {
    example: { id: exampleSchedule.id, ...exampleWish },
  });

export const ScheduleChange = z
  .object({
    enabled: optionalFlag().describe("Whether it runs; it is paused where it does not."),
    agent_id: agentId.optional(),
    cron: cron.optional(),
    timezone: timezone.optional(),
    message: message.optional(),
    user_id: userId,
    session_id: sessionId,
    overlap: overlap.optional(),
    missed: missed.optional(),
  })
  .superRefine(storable)
  .describe("What to change; what is left out stays.")
  .openapi("ScheduleChange", { example: { enabled: false } });

export const Schedule = z
  .object({
    id: scheduleId,
    source: z
      .enum(["code", "api"])
      .describe("`code`: it is written in code, and can be paused and run here."),
    agent_id: agentId,
    cron,
    timezone,
    message: z.string().describe("What the agent is asked."),
    user_id: z.string().nullable().describe("The user that the runs are for."),
    session_id: z
      .string()
      .nullable()
      .describe("The session that every run goes on with; null: each its own."),
    overlap,
    missed,
    enabled: z.boolean().describe("Whether it runs; it is paused where it does not."),
    next_at: seconds("When it is due next").nullable(),
    created_at: seconds("When it was made"),
    updated_at: seconds("When it was last changed"),
  })
  .describe("Starts runs by the clock.")
  .openapi("Schedule", { example: exampleSchedule });

export const exampleScheduleRun = {
  id: "srn_2f0c6d0c9f6f4a0f8f0e1d2c3b4a5968",
  schedule_id: exampleSchedule.id,
  due_at: 1_795_930_200,
  status: "started" as const,
  run_id: exampleRun.run_id,
  reason: null,
  manual: false,
  created_at: 1_795_930_205,
  updated_at: 1_795_930_205,
};

export const ScheduleRun = z
  .object({
    id: z.string().describe("Its id: the run and its approvals have it as `schedule_run_id`."),
    schedule_id: z.string().describe("The schedule."),
    due_at: seconds("When it was due"),
    status: z
      .enum(scheduleRunStatuses)
      .describe(
        "`queued` waits for the run before to end; `skipped` was passed over; `failed` could not be started.",
      ),
    run_id: z.string().nullable().describe("The run; null where none was started."),
    reason: z.string().nullable().describe("Why it was passed over, or could not be started."),
    manual: z.boolean().describe("Whether somebody had it run by hand."),
    created_at: seconds("When it was noted"),
    updated_at: seconds("When it came to what it is"),
  })
  .describe("One time that a schedule was due; kept for 30 days.")
  .openapi("ScheduleRun", { example: exampleScheduleRun });

export function scheduleView({
  authors: _authors,
  created_at_ms,
  is_enabled,
  next_at_ms,
  updated_at_ms,
  version: _version,
  ...row
}: ScheduleRow): z.output<typeof Schedule> {
  return {
    ...row,
    enabled: is_enabled,
    next_at: next_at_ms === null ? null : Math.floor(next_at_ms / 1000),
    created_at: Math.floor(created_at_ms / 1000),
    updated_at: Math.floor(updated_at_ms / 1000),
  };
}

export function scheduleRunView({
  created_at_ms,
  due_at_ms,
  is_manual,
  updated_at_ms,
  ...row
}: ScheduleRunRow): z.output<typeof ScheduleRun> {
  return {
    ...row,
    due_at: Math.floor(due_at_ms / 1000),
    manual: is_manual,
    created_at: Math.floor(created_at_ms / 1000),
    updated_at: Math.floor(updated_at_ms / 1000),
  };
}
