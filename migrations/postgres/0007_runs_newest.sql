-- The list of runs, newest first; both columns are constant, so that the entry is written once.
CREATE INDEX runs_newest ON runs (created_at_ms DESC, id DESC);

UPDATE kern_meta SET value = 8 WHERE name = 'schema_version';
