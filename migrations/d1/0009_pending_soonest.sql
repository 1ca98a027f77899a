-- What is pending, by when it lapses: what never does stands last, at the largest number that JavaScript counts by. A column
-- that is not stored, because SQLite compares a pair with an index's columns, and not with its expressions.
ALTER TABLE approvals ADD COLUMN lapses_at INTEGER GENERATED ALWAYS AS (coalesce(expires_at, 9007199254740991)) VIRTUAL;
--> statement-breakpoint
-- It serves the sweep for what is overdue as well, and takes the place of its index: no row more is written.
CREATE INDEX approvals_soonest ON approvals (status, lapses_at, id, run_id) WHERE status = 'pending';
--> statement-breakpoint
DROP INDEX approvals_overdue;
--> statement-breakpoint
UPDATE kern_meta SET value = 10 WHERE name = 'schema_version';
