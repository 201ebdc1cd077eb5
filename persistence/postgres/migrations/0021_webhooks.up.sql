-- Endpoints that were made while programs run; those of configurations are in no
-- database. Their names are made, so that no name is ever used again and none is that
-- of a configuration.
CREATE TABLE webhooks (
	name             TEXT COLLATE "C" PRIMARY KEY CHECK (name LIKE 'wh\_%'),
	url              TEXT        NOT NULL,
	description      TEXT        NOT NULL,
	events           TEXT        NOT NULL, -- a JSON list of types; an empty one means all
	timeout_ms       BIGINT      NOT NULL CHECK (timeout_ms > 0),
	enabled          BOOLEAN     NOT NULL,
	secret           TEXT        NOT NULL,
	old_secret       TEXT        NOT NULL, -- signs too until old_secret_until; '' for none
	old_secret_until TIMESTAMPTZ,
	revision         BIGINT      NOT NULL CHECK (revision > 0),
	created_at       TIMESTAMPTZ NOT NULL,
	changed_at       TIMESTAMPTZ NOT NULL
);

-- Whatever stores an event has it delivered to them, in its transaction. Types are
-- words with a dot and need no escape in JSON.
CREATE FUNCTION checkout_deliver_events() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO deliveries (event_id, endpoint, aggregate, state, attempts, next_attempt_at, claimed_by, last_status, last_error)
	SELECT e.id, w.name, e.aggregate_type || ':' || e.aggregate_key, 'pending', 0, e.created_at, '', 0, ''
	FROM webhooks AS w, emitted AS e
	WHERE w.enabled AND (w.events = '[]' OR strpos(w.events, '"' || e.type || '"') > 0);
	RETURN NULL;
END
$$;

CREATE TRIGGER events_delivered AFTER INSERT ON events
REFERENCING NEW TABLE AS emitted FOR EACH STATEMENT EXECUTE FUNCTION checkout_deliver_events();
