-- One row with a column for each status: a change of status is one row written, where a row for each status made it two.
DROP TRIGGER approvals_inserted;
--> statement-breakpoint
DROP TRIGGER approvals_changed;
--> statement-breakpoint
DROP TRIGGER approvals_deleted;
--> statement-breakpoint
DROP TABLE counters;
--> statement-breakpoint
CREATE TABLE counters (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  pending INTEGER NOT NULL,
  approved INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
);
--> statement-breakpoint
INSERT INTO counters (id, pending, approved, rejected, expired, cancelled)
SELECT 1, count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'approved'),
  count(*) FILTER (WHERE status = 'rejected'), count(*) FILTER (WHERE status = 'expired'),
  count(*) FILTER (WHERE status = 'cancelled')
FROM approvals WHERE NOT hidden;
--> statement-breakpoint
CREATE TRIGGER approvals_inserted AFTER INSERT ON approvals WHEN NOT NEW.hidden BEGIN
  UPDATE counters SET pending = pending + (NEW.status = 'pending'), approved = approved + (NEW.status = 'approved'),
    rejected = rejected + (NEW.status = 'rejected'), expired = expired + (NEW.status = 'expired'),
    cancelled = cancelled + (NEW.status = 'cancelled');
END;
--> statement-breakpoint
CREATE TRIGGER approvals_deleted AFTER DELETE ON approvals WHEN NOT OLD.hidden BEGIN
  UPDATE counters SET pending = pending - (OLD.status = 'pending'), approved = approved - (OLD.status = 'approved'),
    rejected = rejected - (OLD.status = 'rejected'), expired = expired - (OLD.status = 'expired'),
    cancelled = cancelled - (OLD.status = 'cancelled');
END;
--> statement-breakpoint
CREATE TRIGGER approvals_changed AFTER UPDATE OF status, hidden ON approvals
WHEN OLD.status <> NEW.status OR OLD.hidden <> NEW.hidden BEGIN
  UPDATE counters SET
    pending = pending - (OLD.status = 'pending' AND NOT OLD.hidden) + (NEW.status = 'pending' AND NOT NEW.hidden),
    approved = approved - (OLD.status = 'approved' AND NOT OLD.hidden) + (NEW.status = 'approved' AND NOT NEW.hidden),
    rejected = rejected - (OLD.status = 'rejected' AND NOT OLD.hidden) + (NEW.status = 'rejected' AND NOT NEW.hidden),
    expired = expired - (OLD.status = 'expired' AND NOT OLD.hidden) + (NEW.status = 'expired' AND NOT NEW.hidden),
    cancelled = cancelled - (OLD.status = 'cancelled' AND NOT OLD.hidden) + (NEW.status = 'cancelled' AND NOT NEW.hidden);
END;
--> statement-breakpoint
-- A run that is born again under its id brings approvals of its own: what its predecessor left is no older version of them.
CREATE TRIGGER approvals_reborn BEFORE INSERT ON approvals
WHEN EXISTS (SELECT 1 FROM approvals WHERE id = NEW.id AND version < NEW.version AND created_at_ms <> NEW.created_at_ms) BEGIN
  DELETE FROM approvals WHERE id = NEW.id;
END;
--> statement-breakpoint
-- Nothing is written to these for the approvals of an agent, which have no such id.
CREATE INDEX approvals_by_team ON approvals (team_id, created_at_ms DESC, id DESC) WHERE team_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX approvals_by_workflow ON approvals (workflow_id, created_at_ms DESC, id DESC) WHERE workflow_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX approvals_by_schedule ON approvals (schedule_id, created_at_ms DESC, id DESC) WHERE schedule_id IS NOT NULL;
--> statement-breakpoint
UPDATE kern_meta SET value = 3 WHERE name = 'schema_version';
