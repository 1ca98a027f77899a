-- What is asked of those who decide, who has had their say, and what they read. What was asked for before asked nothing special.
ALTER TABLE approvals ADD COLUMN policy TEXT NOT NULL DEFAULT '{"approvers":null,"quorum":{"approve":1,"reject":1},"allow_self":false,"edit":[],"reasons":null,"risk":null,"min_assurance":null,"on_expire":"reject","escalated_to":[],"escalate":[],"secret":[]}';
--> statement-breakpoint
ALTER TABLE approvals ADD COLUMN votes TEXT NOT NULL DEFAULT '[]';
--> statement-breakpoint
ALTER TABLE approvals ADD COLUMN preview TEXT;
--> statement-breakpoint
UPDATE kern_meta SET value = 5 WHERE name = 'schema_version';
