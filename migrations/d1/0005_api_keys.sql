-- API keys belong to no run: these rows are the truth about them. Of a key itself only its hash is kept.
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  last4 TEXT NOT NULL,
  scopes TEXT NOT NULL,
  groups TEXT NOT NULL,
  aliases TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER
) WITHOUT ROWID;
--> statement-breakpoint
UPDATE kern_meta SET value = 6 WHERE name = 'schema_version';
