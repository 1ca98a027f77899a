-- What came in by webhooks; the schedules, and each time that one of them was due. Of all these rows are the truth, but for the
-- runs that were started.
CREATE TABLE events (
  id TEXT PRIMARY KEY NOT NULL,
  webhook TEXT NOT NULL,
  type TEXT,
  status TEXT NOT NULL,
  run_id TEXT,
  error TEXT,
  deliveries INTEGER NOT NULL,
  replays INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  -- The last, so that lists, which show neither, read past none of it.
  headers TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX events_newest ON events (created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE INDEX events_by_webhook ON events (webhook, created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE TABLE schedules (
  id TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  message TEXT NOT NULL,
  user_id TEXT,
  session_id TEXT,
  overlap TEXT NOT NULL,
  missed TEXT NOT NULL,
  is_enabled INTEGER NOT NULL,
  authors TEXT NOT NULL,
  next_at_ms INTEGER,
  version INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX schedules_due ON schedules (next_at_ms, id) WHERE is_enabled;
--> statement-breakpoint
CREATE TABLE schedule_runs (
  id TEXT PRIMARY KEY NOT NULL,
  schedule_id TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  run_id TEXT,
  reason TEXT,
  is_manual INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX schedule_runs_newest ON schedule_runs (schedule_id, due_at_ms DESC, id DESC);
--> statement-breakpoint
-- Behind a run that waits for people there may be thousands that were skipped, and each time the last started is asked for.
CREATE INDEX schedule_runs_started ON schedule_runs (schedule_id, due_at_ms DESC, id DESC) WHERE status = 'started';
--> statement-breakpoint
CREATE INDEX schedule_runs_queued ON schedule_runs (due_at_ms, id) WHERE status = 'queued';
--> statement-breakpoint
-- By it the old ones are forgotten, of whichever schedule.
CREATE INDEX schedule_runs_ended ON schedule_runs (due_at_ms) WHERE status <> 'queued';
--> statement-breakpoint
-- What a channel was to be told and was not, so that the sweeper finds the runs that have to tell it.
CREATE INDEX deliveries_failed ON deliveries (channel, updated_at_ms, id) WHERE status = 'failed';
--> statement-breakpoint
UPDATE kern_meta SET value = 11 WHERE name = 'schema_version';
