-- Sessions belong to no run, so these rows are no copy. A deleted one keeps its row, because runs of it may still come.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  component_id TEXT,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX sessions_newest ON sessions (created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE INDEX sessions_by_user ON sessions (user_id, created_at_ms DESC, id DESC) WHERE user_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX sessions_deleted ON sessions (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL;
--> statement-breakpoint
ALTER TABLE runs ADD COLUMN parent_run_id TEXT;
--> statement-breakpoint
CREATE INDEX runs_by_session ON runs (session_id, created_at_ms, id) WHERE parent_run_id IS NULL;
--> statement-breakpoint
-- A run that is born again under its id may be in another session: what an index holds is never changed in place.
CREATE TRIGGER runs_reborn BEFORE INSERT ON runs
WHEN EXISTS (SELECT 1 FROM runs WHERE id = NEW.id AND version < NEW.version AND created_at_ms <> NEW.created_at_ms) BEGIN
  DELETE FROM runs WHERE id = NEW.id;
END;
--> statement-breakpoint
INSERT INTO sessions (id, user_id, name, type, component_id, created_at_ms, updated_at_ms)
SELECT session_id, user_id, substr(input, 1, 200), CASE WHEN team_id IS NULL THEN 'agent' ELSE 'team' END,
  coalesce(team_id, agent_id), created_at_ms, last_at_ms
FROM (
  SELECT runs.*, row_number() OVER (PARTITION BY session_id ORDER BY created_at_ms, id) AS n,
    max(created_at_ms) OVER (PARTITION BY session_id) AS last_at_ms
  FROM runs
) AS ordered WHERE n = 1;
--> statement-breakpoint
UPDATE kern_meta SET value = 4 WHERE name = 'schema_version';
