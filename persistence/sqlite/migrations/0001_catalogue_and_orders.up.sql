-- STRICT tables refuse a value of another type than the column's, so that no
-- fraction can ever get into an amount. Amounts are in the smallest unit of the
-- row's currency. Times are text: UTC, whole microseconds.

-- "CHKT": marks the file as ours; sqlite.Open refuses files of other programs.
PRAGMA application_id = 1128811348;

CREATE TABLE items (
	id         INTEGER PRIMARY KEY,
	sku        TEXT    NOT NULL UNIQUE CHECK (sku <> ''),
	name       TEXT    NOT NULL UNIQUE CHECK (name <> ''),
	currency   TEXT    NOT NULL,
	price      INTEGER NOT NULL CHECK (price >= 0),
	min_price  INTEGER NOT NULL CHECK (min_price >= 0),
	stock      INTEGER NOT NULL CHECK (stock >= 0),
	categories TEXT    NOT NULL, -- JSON array of texts
	brand      TEXT    NOT NULL,
	tags       TEXT    NOT NULL, -- JSON array of texts
	attributes TEXT    NOT NULL, -- JSON object
	created_at TEXT    NOT NULL,
	updated_at TEXT    NOT NULL
) STRICT;

-- AUTOINCREMENT: an id is never used again, so that ids tell the order of
-- commits even after rows were removed.
CREATE TABLE orders (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	reference TEXT    NOT NULL UNIQUE,
	currency  TEXT    NOT NULL,
	cost      INTEGER NOT NULL CHECK (cost >= 0),
	ruleset   TEXT    NOT NULL,
	quote     TEXT    NOT NULL, -- JSON of engine.Quote
	placed_at TEXT    NOT NULL
) STRICT;

-- Runs of equal units in the order the customer asked for them, gifts last.
CREATE TABLE order_lines (
	order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	sku      TEXT    NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity > 0),
	gift     INTEGER NOT NULL CHECK (gift IN (0, 1)),
	PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;
