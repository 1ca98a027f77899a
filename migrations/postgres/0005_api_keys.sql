-- API keys belong to no run: these rows are the truth about them. Of a key itself only its hash is kept.
CREATE TABLE api_keys (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  name text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  last4 text COLLATE "C" NOT NULL,
  scopes text COLLATE "C" NOT NULL,
  groups text COLLATE "C" NOT NULL,
  aliases text COLLATE "C" NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint,
  revoked_at_ms bigint
);

UPDATE kern_meta SET value = 6 WHERE name = 'schema_version';
