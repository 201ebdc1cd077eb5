-- Endpoints that were made while programs run; those of configurations are in no
-- database. Their names are made, so that no name is ever used again and none is that
-- of a configuration.
CREATE TABLE webhooks (
	name             TEXT    NOT NULL PRIMARY KEY CHECK (name LIKE 'wh\_%' ESCAPE '\'),
	url              TEXT    NOT NULL,
	description      TEXT    NOT NULL,
	events           TEXT    NOT NULL, -- a JSON list of types; an empty one means all
	timeout_ms       INTEGER NOT NULL CHECK (timeout_ms > 0),
	enabled          INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	secret           TEXT    NOT NULL,
	old_secret       TEXT    NOT NULL, -- signs too until old_secret_until; '' for none
	old_secret_until TEXT,
	revision         INTEGER NOT NULL CHECK (revision > 0),
	created_at       TEXT    NOT NULL,
	changed_at       TEXT    NOT NULL
) STRICT;

-- Whatever stores an event has it delivered to them, in its transaction. Types are
-- words with a dot and need no escape in JSON.
CREATE TRIGGER events_delivered AFTER INSERT ON events BEGIN
	INSERT INTO deliveries (event_id, endpoint, aggregate, state, attempts, next_attempt_at, claimed_by, last_status, last_error)
	SELECT NEW.id, w.name, NEW.aggregate_type || ':' || NEW.aggregate_key, 'pending', 0, NEW.created_at, '', 0, ''
	FROM webhooks AS w
	WHERE w.enabled = 1 AND (w.events = '[]' OR instr(w.events, '"' || NEW.type || '"') > 0);
END;
