-- Every ruleset that was ever in force, once.
CREATE TABLE rulesets (
	digest          TEXT NOT NULL PRIMARY KEY CHECK (digest <> ''), -- as orders.ruleset names it
	files           BLOB NOT NULL, -- the rule files, a tar in gzip
	program_version TEXT NOT NULL, -- the one that put it in force first
	first_used_at   TEXT NOT NULL
) STRICT;

-- JSON of what the quote was made from, besides the ruleset; '' for orders from
-- before this migration.
ALTER TABLE orders ADD COLUMN request TEXT NOT NULL DEFAULT '';

-- Orders are read page by page in the order of time.
CREATE INDEX orders_by_time ON orders (placed_at, id);
