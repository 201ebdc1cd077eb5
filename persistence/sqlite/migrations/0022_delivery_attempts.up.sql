-- What became of each attempt to deliver an event, those before it was sent again by
-- hand included.
CREATE TABLE delivery_attempts (
	event_id INTEGER NOT NULL,
	endpoint TEXT    NOT NULL,
	number   INTEGER NOT NULL CHECK (number > 0), -- from 1
	at       TEXT    NOT NULL, -- when it began
	took_us  INTEGER NOT NULL CHECK (took_us >= 0),
	state    TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')), -- of the delivery after it
	status   INTEGER NOT NULL, -- of HTTP; 0 when there was no answer
	error    TEXT    NOT NULL,
	PRIMARY KEY (event_id, endpoint, number),
	FOREIGN KEY (event_id, endpoint) REFERENCES deliveries (event_id, endpoint) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
