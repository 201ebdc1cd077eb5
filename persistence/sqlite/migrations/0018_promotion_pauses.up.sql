-- Promotions that were ever paused, each as it was last paused or resumed. The revision
-- counts the changes of all of them, so that the greatest one stands for the whole table.
CREATE TABLE promotion_pauses (
	promotion  TEXT NOT NULL PRIMARY KEY CHECK (promotion <> ''),
	revision   INTEGER NOT NULL UNIQUE CHECK (revision > 0),
	paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
	actor      TEXT NOT NULL CHECK (actor <> ''),
	reason     TEXT NOT NULL,
	changed_at TEXT NOT NULL,
	ends_at    TEXT -- null for a pause that somebody has to end
) STRICT;
