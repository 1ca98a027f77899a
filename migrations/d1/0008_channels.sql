-- What channels were told and what came of it; which of them are closed; whose accounts elsewhere are whose; and what was used
-- once and cannot be again. Of all but the first these rows are the truth.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY NOT NULL,
  channel TEXT NOT NULL,
  type TEXT NOT NULL,
  run_id TEXT NOT NULL,
  approval_id TEXT,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX deliveries_newest ON deliveries (created_at_ms DESC, id DESC);
--> statement-breakpoint
CREATE TABLE channels (
  id TEXT PRIMARY KEY NOT NULL,
  closed_at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE links (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  principal TEXT NOT NULL,
  person TEXT NOT NULL,
  linked_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX links_of_person ON links (principal);
--> statement-breakpoint
CREATE TABLE link_codes (
  hash TEXT PRIMARY KEY NOT NULL,
  principal TEXT NOT NULL,
  person TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE spent_tokens (
  id TEXT PRIMARY KEY NOT NULL,
  expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
UPDATE kern_meta SET value = 9 WHERE name = 'schema_version';
