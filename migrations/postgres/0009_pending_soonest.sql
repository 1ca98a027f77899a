-- What is pending, by when it lapses; what never does stands last, at the largest number that JavaScript counts by. This
-- serves the sweep for what is overdue as well, and takes the place of its index.
CREATE INDEX approvals_soonest ON approvals (coalesce(expires_at, 9007199254740991), id, run_id) WHERE status = 'pending';
DROP INDEX approvals_overdue;

UPDATE kern_meta SET value = 10 WHERE name = 'schema_version';
