-- The kill switches: a row for each agent or team that was ever stopped, and '*' for all; these rows are the truth.
CREATE TABLE switches (
  id text COLLATE "C" PRIMARY KEY NOT NULL,
  is_on boolean NOT NULL,
  reason text COLLATE "C",
  changed_by text COLLATE "C" NOT NULL,
  changed_at_ms bigint NOT NULL
);

UPDATE kern_meta SET value = 7 WHERE name = 'schema_version';
