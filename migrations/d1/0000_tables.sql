-- A copy of what the runs' objects hold, for lists and counts. Every index entry is a billed write: an index holds no
-- column that an update changes, unless it is about that column. WITHOUT ROWID saves one more write per insert.
CREATE TABLE approvals (
  id TEXT PRIMARY KEY NOT NULL,
  run_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  status TEXT NOT NULL,
  source_type TEXT NOT NULL,
  approval_type TEXT NOT NULL,
  pause_type TEXT NOT NULL,
  tool_name TEXT NOT NULL,
  tool_args TEXT NOT NULL,
  expires_at INTEGER,
  agent_id TEXT,
  team_id TEXT,
  workflow_id TEXT,
  user_id TEXT,
  schedule_id TEXT,
  schedule_run_id TEXT,
  source_name TEXT,
  requirements TEXT NOT NULL,
  context TEXT NOT NULL,
  resolution_data TEXT,
  resolved_by TEXT,
  resolved_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  run_status TEXT NOT NULL,
  root_run_id TEXT NOT NULL,
  requested_by TEXT,
  call_id TEXT NOT NULL,
  args_hash TEXT NOT NULL,
  call_outcome TEXT,
  version INTEGER NOT NULL,
  hidden INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX approvals_newest ON approvals (created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE INDEX approvals_by_status ON approvals (status, created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE INDEX approvals_by_user ON approvals (user_id, created_at_ms DESC, id DESC) WHERE user_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX approvals_by_run ON approvals (run_id, created_at_ms DESC, id DESC);
--> statement-breakpoint
-- Only a team member's approvals have a root that is not their run.
CREATE INDEX approvals_by_root ON approvals (root_run_id, created_at_ms DESC, id DESC) WHERE root_run_id <> run_id;
--> statement-breakpoint
-- `status`, although constant here, makes the planner prefer this index to approvals_by_status.
CREATE INDEX approvals_overdue ON approvals (status, expires_at, run_id) WHERE status = 'pending' AND expires_at IS NOT NULL;
--> statement-breakpoint
CREATE TABLE runs (
  id TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL,
  root_run_id TEXT NOT NULL,
  agent_id TEXT,
  team_id TEXT,
  session_id TEXT NOT NULL,
  user_id TEXT,
  requested_by TEXT,
  status TEXT NOT NULL,
  input TEXT NOT NULL,
  output TEXT,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX runs_moving ON runs (updated_at_ms, id) WHERE status IN ('PENDING', 'RUNNING');
--> statement-breakpoint
CREATE INDEX runs_paused ON runs (id) WHERE status = 'PAUSED';
--> statement-breakpoint
CREATE TABLE counters (
  status TEXT PRIMARY KEY NOT NULL,
  n INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE kern_meta (
  name TEXT PRIMARY KEY NOT NULL,
  value INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO kern_meta (name, value) VALUES ('schema_version', 1);
