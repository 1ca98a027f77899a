-- What came in by webhooks; the schedules, and each time that one of them was due. Of all these rows are the truth, but for the
-- runs that were started.
CREATE TABLE events (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  webhook text COLLATE "C" NOT NULL,
  type text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  run_id text COLLATE "C",
  error text COLLATE "C",
  deliveries integer NOT NULL,
  replays integer NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  headers text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL
);

CREATE INDEX events_newest ON events (created_at_ms DESC, id DESC);

CREATE INDEX events_by_webhook ON events (webhook, created_at_ms DESC, id DESC);

CREATE TABLE schedules (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  source text COLLATE "C" NOT NULL,
  agent_id text COLLATE "C" NOT NULL,
  cron text COLLATE "C" NOT NULL,
  timezone text COLLATE "C" NOT NULL,
  message text COLLATE "C" NOT NULL,
  user_id text COLLATE "C",
  session_id text COLLATE "C",
  overlap text COLLATE "C" NOT NULL,
  missed text COLLATE "C" NOT NULL,
  is_enabled boolean NOT NULL,
  authors text COLLATE "C" NOT NULL,
  next_at_ms bigint,
  version bigint NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE INDEX schedules_due ON schedules (next_at_ms, id) WHERE is_enabled;

CREATE TABLE schedule_runs (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  schedule_id text COLLATE "C" NOT NULL,
  due_at_ms bigint NOT NULL,
  status text COLLATE "C" NOT NULL,
  run_id text COLLATE "C",
  reason text COLLATE "C",
  is_manual boolean NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE INDEX schedule_runs_newest ON schedule_runs (schedule_id, due_at_ms DESC, id DESC);

-- Behind a run that waits for people there may be thousands that were skipped, and each time the last started is asked for.
CREATE INDEX schedule_runs_started ON schedule_runs (schedule_id, due_at_ms DESC, id DESC) WHERE status = 'started';

CREATE INDEX schedule_runs_queued ON schedule_runs (due_at_ms, id) WHERE status = 'queued';

-- By it the old ones are forgotten, of whichever schedule.
CREATE INDEX schedule_runs_ended ON schedule_runs (due_at_ms) WHERE status <> 'queued';

-- What a channel was to be told and was not, so that the sweeper finds the runs that have to tell it.
CREATE INDEX deliveries_failed ON deliveries (channel, updated_at_ms, id) WHERE status = 'failed';

UPDATE kern_meta SET value = 11 WHERE name = 'schema_version';
