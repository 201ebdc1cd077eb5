ALTER TABLE orders ADD COLUMN state TEXT NOT NULL DEFAULT 'placed' CHECK (state IN ('placed', 'cancelled', 'returned'));
ALTER TABLE orders ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= cost);

CREATE TABLE returns (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	reference  TEXT    NOT NULL UNIQUE,
	order_id   INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
	policy     TEXT    NOT NULL CHECK (policy IN ('pro_rata', 'reprice_kept')),
	refund     INTEGER NOT NULL CHECK (refund >= 0),
	created_at TEXT    NOT NULL
) STRICT;

CREATE INDEX returns_by_order ON returns (order_id, id);

CREATE TABLE return_lines (
	return_id INTEGER NOT NULL REFERENCES returns (id) ON DELETE CASCADE,
	sku       TEXT    NOT NULL,
	gift      INTEGER NOT NULL CHECK (gift IN (0, 1)),
	refund    INTEGER NOT NULL CHECK (refund >= 0),
	quantity  INTEGER NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (return_id, sku, gift)
) STRICT, WITHOUT ROWID;
