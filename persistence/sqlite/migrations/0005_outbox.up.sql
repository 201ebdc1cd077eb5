-- What happened, written in the transaction in which it did, and for every
-- endpoint that wants to hear of it, how far its delivery is.

-- AUTOINCREMENT: an id is never used again. Ids are in the order of commits only
-- among the events of one aggregate, whose row the transaction holds.
CREATE TABLE events (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	uid            TEXT    NOT NULL UNIQUE,
	once           TEXT,            -- what no two events may both tell; NULL for most
	type           TEXT    NOT NULL CHECK (type <> ''),
	aggregate_type TEXT    NOT NULL,
	aggregate_key  TEXT    NOT NULL,
	payload        TEXT    NOT NULL, -- the body as it is sent
	created_at     TEXT    NOT NULL
) STRICT;

-- Few events are in these: a sale pays for no index that it does not need.
CREATE UNIQUE INDEX events_once ON events (once) WHERE once IS NOT NULL;
CREATE INDEX events_rulesets ON events (id) WHERE type = 'ruleset.changed';

-- aggregate is that of the event, so that one index tells whether an earlier
-- event of it is open. next_attempt_at is when a delivery may be claimed: of one
-- that is claimed, when its lease ends.
CREATE TABLE deliveries (
	event_id        INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
	endpoint        TEXT    NOT NULL CHECK (endpoint <> ''),
	aggregate       TEXT    NOT NULL,
	state           TEXT    NOT NULL CHECK (state IN ('pending', 'claimed', 'delivered', 'dead')),
	attempts        INTEGER NOT NULL CHECK (attempts >= 0),
	next_attempt_at TEXT    NOT NULL,
	claimed_by      TEXT    NOT NULL,
	last_status     INTEGER NOT NULL, -- of HTTP; 0 when there was no answer
	last_error      TEXT    NOT NULL,
	delivered_at    TEXT,
	PRIMARY KEY (event_id, endpoint)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (endpoint, next_attempt_at, event_id) WHERE state IN ('pending', 'claimed');
CREATE INDEX deliveries_open ON deliveries (endpoint, aggregate, event_id) WHERE state IN ('pending', 'claimed');
CREATE INDEX deliveries_dead ON deliveries (endpoint, event_id) WHERE state = 'dead';
