-- What channels were told and what came of it; which of them are closed; whose accounts elsewhere are whose; and what was used
-- once and cannot be again. Of all but the first these rows are the truth.
CREATE TABLE deliveries (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  channel text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  approval_id text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  attempts integer NOT NULL,
  error text COLLATE "C",
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);

CREATE INDEX deliveries_newest ON deliveries (created_at_ms DESC, id DESC);

CREATE TABLE channels (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  closed_at_ms bigint NOT NULL,
  reason text COLLATE "C" NOT NULL
);

CREATE TABLE links (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  name text COLLATE "C" NOT NULL,
  principal text COLLATE "C" NOT NULL,
  person text COLLATE "C" NOT NULL,
  linked_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL
);

CREATE INDEX links_of_person ON links (principal);

CREATE TABLE link_codes (
  hash text COLLATE "C" PRIMARY KEY NOT NULL,
  principal text COLLATE "C" NOT NULL,
  person text COLLATE "C" NOT NULL,
  expires_at_ms bigint NOT NULL
);

CREATE TABLE spent_tokens (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  expires_at_ms bigint NOT NULL
);

UPDATE kern_meta SET value = 9 WHERE name = 'schema_version';
