DROP TABLE activations;
DROP INDEX rulesets_by_first_use;
ALTER TABLE rulesets DROP COLUMN tests;
ALTER TABLE rulesets DROP COLUMN message;
ALTER TABLE rulesets DROP COLUMN author;
