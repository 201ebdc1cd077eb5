-- Which items were stored, deleted or restored, for processes that keep the
-- catalogue in memory. Changes of a stock are in stock_movements. Rows are removed
-- after some time. AUTOINCREMENT: ids tell the order of commits.
CREATE TABLE catalogue_changes (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	sku        TEXT NOT NULL,
	changed_at TEXT NOT NULL
) STRICT;
