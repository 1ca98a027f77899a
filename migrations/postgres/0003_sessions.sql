-- Sessions belong to no run, so these rows are no copy. A deleted one keeps its row, because runs of it may still come.
CREATE TABLE sessions (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  user_id text COLLATE "C",
  name text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  component_id text COLLATE "C",
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  deleted_at_ms bigint
);

CREATE INDEX sessions_newest ON sessions (created_at_ms DESC, id DESC);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at_ms DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_deleted ON sessions (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL;

ALTER TABLE runs ADD COLUMN parent_run_id text COLLATE "C";
CREATE INDEX runs_by_session ON runs (session_id, created_at_ms, id) WHERE parent_run_id IS NULL;

INSERT INTO sessions (id, user_id, name, type, component_id, created_at_ms, updated_at_ms)
SELECT session_id, user_id, substr(input, 1, 200), CASE WHEN team_id IS NULL THEN 'agent' ELSE 'team' END,
  coalesce(team_id, agent_id), created_at_ms, last_at_ms
FROM (
  SELECT runs.*, row_number() OVER (PARTITION BY session_id ORDER BY created_at_ms, id) AS n,
    max(created_at_ms) OVER (PARTITION BY session_id) AS last_at_ms
  FROM runs
) AS ordered WHERE n = 1;

UPDATE kern_meta SET value = 4 WHERE name = 'schema_version';
