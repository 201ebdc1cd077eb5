CREATE TABLE holds (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	reference  TEXT NOT NULL UNIQUE,
	state      TEXT NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
	customer   TEXT NOT NULL,
	quote      TEXT NOT NULL, -- JSON of engine.Quote
	request    TEXT NOT NULL, -- JSON of what was priced
	created_at TEXT NOT NULL,
	expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX holds_by_expiry ON holds (expires_at, id) WHERE state = 'held';

-- Runs of equal units in the order the customer asked for them, gifts last.
CREATE TABLE hold_lines (
	hold_id  INTEGER NOT NULL REFERENCES holds (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	sku      TEXT NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity > 0),
	gift     INTEGER NOT NULL CHECK (gift IN (0, 1)),
	PRIMARY KEY (hold_id, position)
) STRICT, WITHOUT ROWID;
