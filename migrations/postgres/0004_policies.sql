-- What is asked of those who decide, who has had their say, and what they read. What was asked for before asked nothing special.
ALTER TABLE approvals ADD COLUMN policy text COLLATE "C" NOT NULL DEFAULT '{"approvers":null,"quorum":{"approve":1,"reject":1},"allow_self":false,"edit":[],"reasons":null,"risk":null,"min_assurance":null,"on_expire":"reject","escalated_to":[],"escalate":[],"secret":[]}';
ALTER TABLE approvals ADD COLUMN votes text COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE approvals ADD COLUMN preview text COLLATE "C";

UPDATE kern_meta SET value = 5 WHERE name = 'schema_version';
