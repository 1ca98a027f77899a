-- Keeps `counters` equal to the number of approvals that are not hidden, by status, in the same transaction as the row.
CREATE TRIGGER approvals_inserted AFTER INSERT ON approvals WHEN NOT NEW.hidden BEGIN
  INSERT INTO counters (status, n) VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET n = n + 1;
END;
--> statement-breakpoint
CREATE TRIGGER approvals_changed AFTER UPDATE OF status, hidden ON approvals
WHEN OLD.status <> NEW.status OR OLD.hidden <> NEW.hidden BEGIN
  UPDATE counters SET n = n - 1 WHERE status = OLD.status AND NOT OLD.hidden;
  INSERT INTO counters (status, n) SELECT NEW.status, 1 WHERE NOT NEW.hidden
    ON CONFLICT (status) DO UPDATE SET n = n + 1;
END;
--> statement-breakpoint
CREATE TRIGGER approvals_deleted AFTER DELETE ON approvals WHEN NOT OLD.hidden BEGIN
  UPDATE counters SET n = n - 1 WHERE status = OLD.status;
END;
--> statement-breakpoint
INSERT INTO counters (status, n) SELECT status, count(*) FROM approvals WHERE NOT hidden GROUP BY status;
--> statement-breakpoint
UPDATE kern_meta SET value = 2 WHERE name = 'schema_version';
