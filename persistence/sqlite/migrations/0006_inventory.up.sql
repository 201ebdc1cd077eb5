-- A deleted item keeps its row, its id and its history. Its name waits in
-- deleted_name, and name holds a text nobody uses, so that the name is free and
-- UNIQUE needs no exception.
ALTER TABLE items ADD COLUMN deleted_at TEXT;
ALTER TABLE items ADD COLUMN deleted_name TEXT;

-- Every change of items.stock, so that the deltas of a SKU add up to its stock.
-- AUTOINCREMENT: ids tell the order of commits.
CREATE TABLE stock_movements (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	sku             TEXT    NOT NULL,
	delta           INTEGER NOT NULL CHECK (delta <> 0),
	stock_after     INTEGER NOT NULL CHECK (stock_after >= 0),
	reason          TEXT    NOT NULL CHECK (reason IN (
		'sale', 'gift', 'cancellation', 'return', 'hold', 'release', 'receipt', 'correction', 'import', 'initial')),
	note            TEXT    NOT NULL,
	order_reference TEXT,
	moved_at        TEXT    NOT NULL
) STRICT;

CREATE INDEX stock_movements_by_sku ON stock_movements (sku, id);

INSERT INTO stock_movements (sku, delta, stock_after, reason, note, moved_at)
SELECT sku, stock, stock, 'initial', '', updated_at FROM items WHERE stock > 0 ORDER BY id;
