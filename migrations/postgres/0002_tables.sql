-- A copy of what the runs' objects hold, for lists and counts. Ids are compared byte by byte, as in D1.
CREATE TABLE approvals (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  source_type text COLLATE "C" NOT NULL,
  approval_type text COLLATE "C" NOT NULL,
  pause_type text COLLATE "C" NOT NULL,
  tool_name text COLLATE "C" NOT NULL,
  tool_args text COLLATE "C" NOT NULL,
  expires_at bigint,
  agent_id text COLLATE "C",
  team_id text COLLATE "C",
  workflow_id text COLLATE "C",
  user_id text COLLATE "C",
  schedule_id text COLLATE "C",
  schedule_run_id text COLLATE "C",
  source_name text COLLATE "C",
  requirements text COLLATE "C" NOT NULL,
  context text COLLATE "C" NOT NULL,
  resolution_data text COLLATE "C",
  resolved_by text COLLATE "C",
  resolved_at bigint,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  run_status text COLLATE "C" NOT NULL,
  root_run_id text COLLATE "C" NOT NULL,
  requested_by text COLLATE "C",
  call_id text COLLATE "C" NOT NULL,
  args_hash text COLLATE "C" NOT NULL,
  call_outcome text COLLATE "C",
  version bigint NOT NULL,
  hidden boolean NOT NULL,
  created_at_ms bigint NOT NULL
);

CREATE INDEX approvals_newest ON approvals (created_at_ms DESC, id DESC);
CREATE INDEX approvals_by_status ON approvals (status, created_at_ms DESC, id DESC);
CREATE INDEX approvals_by_user ON approvals (user_id, created_at_ms DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX approvals_by_run ON approvals (run_id, created_at_ms DESC, id DESC);
CREATE INDEX approvals_by_root ON approvals (root_run_id, created_at_ms DESC, id DESC) WHERE root_run_id <> run_id;
CREATE INDEX approvals_by_team ON approvals (team_id, created_at_ms DESC, id DESC) WHERE team_id IS NOT NULL;
CREATE INDEX approvals_by_workflow ON approvals (workflow_id, created_at_ms DESC, id DESC) WHERE workflow_id IS NOT NULL;
CREATE INDEX approvals_by_schedule ON approvals (schedule_id, created_at_ms DESC, id DESC) WHERE schedule_id IS NOT NULL;
CREATE INDEX approvals_overdue ON approvals (expires_at, run_id) WHERE status = 'pending' AND expires_at IS NOT NULL;
-- What is pending is counted here: a counter kept by triggers, as in D1, would be one row that every writer waits for.
CREATE INDEX approvals_pending ON approvals (id) WHERE status = 'pending' AND NOT hidden;

CREATE TABLE runs (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  version bigint NOT NULL,
  root_run_id text COLLATE "C" NOT NULL,
  agent_id text COLLATE "C",
  team_id text COLLATE "C",
  session_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C",
  requested_by text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  input text COLLATE "C" NOT NULL,
  output text COLLATE "C",
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE INDEX runs_moving ON runs (updated_at_ms, id) WHERE status IN ('PENDING', 'RUNNING');
CREATE INDEX runs_paused ON runs (id) WHERE status = 'PAUSED';

CREATE TABLE kern_meta (
  name text COLLATE "C" PRIMARY KEY NOT NULL,
  value integer NOT NULL
);

INSERT INTO kern_meta (name, value) VALUES ('schema_version', 3);
