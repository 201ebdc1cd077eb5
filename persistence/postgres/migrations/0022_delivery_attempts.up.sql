-- What became of each attempt to deliver an event, those before it was sent again by
-- hand included.
CREATE TABLE delivery_attempts (
	event_id BIGINT           NOT NULL,
	endpoint TEXT COLLATE "C" NOT NULL,
	number   BIGINT           NOT NULL CHECK (number > 0), -- from 1
	at       TIMESTAMPTZ      NOT NULL, -- when it began
	took_us  BIGINT           NOT NULL CHECK (took_us >= 0),
	state    TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')), -- of the delivery after it
	status   BIGINT           NOT NULL, -- of HTTP; 0 when there was no answer
	error    TEXT             NOT NULL,
	PRIMARY KEY (event_id, endpoint, number),
	FOREIGN KEY (event_id, endpoint) REFERENCES deliveries (event_id, endpoint) ON DELETE CASCADE
);
