-- Who published a ruleset; tests are its test files in an archive, null where it has none.
ALTER TABLE rulesets ADD COLUMN author TEXT NOT NULL DEFAULT 'folder' CHECK (author <> '');
ALTER TABLE rulesets ADD COLUMN message TEXT NOT NULL DEFAULT '';
ALTER TABLE rulesets ADD COLUMN tests BLOB;

CREATE INDEX rulesets_by_first_use ON rulesets (first_used_at, digest);

-- Which ruleset was put in force, and when. The newest row counts; none is ever changed.
CREATE TABLE activations (
	id           INTEGER NOT NULL PRIMARY KEY CHECK (id > 0), -- the one before, and one
	digest       TEXT NOT NULL REFERENCES rulesets (digest),
	previous     TEXT REFERENCES rulesets (digest), -- null for the first
	author       TEXT NOT NULL CHECK (author <> ''),
	message      TEXT NOT NULL,
	forced       INTEGER NOT NULL CHECK (forced IN (0, 1)), -- although its tests fail
	activated_at TEXT NOT NULL
) STRICT;

CREATE INDEX activations_by_digest ON activations (digest);
