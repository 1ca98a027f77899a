-- The kill switches: a row for each agent or team that was ever stopped, and '*' for all; these rows are the truth.
CREATE TABLE switches (
  id TEXT PRIMARY KEY NOT NULL,
  is_on INTEGER NOT NULL,
  reason TEXT,
  changed_by TEXT NOT NULL,
  changed_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
UPDATE kern_meta SET value = 7 WHERE name = 'schema_version';
