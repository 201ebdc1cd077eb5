-- What clients want done once; see package idempotency.
--
--   claimed    a request runs, or has died after its lease
--   committed  its effect is stored, the answer is not: outcome has the result
--   answered   the answer is stored
CREATE TABLE idempotency_keys (
	scope       TEXT    NOT NULL CHECK (scope <> ''),
	key         TEXT    NOT NULL CHECK (key <> ''),
	fingerprint TEXT    NOT NULL, -- SHA-256 of the request
	state       TEXT    NOT NULL CHECK (state IN ('claimed', 'committed', 'answered')),
	token       TEXT    NOT NULL, -- of the claim that has the key
	claimed_at  TEXT    NOT NULL,
	lease_until TEXT    NOT NULL,
	expires_at  TEXT    NOT NULL,
	outcome     TEXT,             -- JSON: {"effect", "result"}
	status      INTEGER,
	headers     TEXT,             -- JSON: {"name": ["value"]}
	body        BLOB,
	PRIMARY KEY (scope, key),
	CHECK ((outcome IS NOT NULL) = (state = 'committed')),
	CHECK ((status IS NOT NULL) = (state = 'answered')),
	CHECK ((headers IS NOT NULL) = (state = 'answered')),
	CHECK ((body IS NOT NULL) = (state = 'answered'))
) STRICT;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
