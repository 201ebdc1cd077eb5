-- What clients want done once; see package idempotency.
--
--   claimed    a request runs, or has died after its lease
--   committed  its effect is stored, the answer is not: outcome has the result
--   answered   the answer is stored
CREATE TABLE idempotency_keys (
	scope       TEXT COLLATE "C" NOT NULL CHECK (scope <> ''),
	key         TEXT COLLATE "C" NOT NULL CHECK (key <> ''),
	fingerprint TEXT             NOT NULL, -- SHA-256 of the request
	state       TEXT             NOT NULL CHECK (state IN ('claimed', 'committed', 'answered')),
	token       TEXT             NOT NULL, -- of the claim that has the key
	claimed_at  TIMESTAMPTZ      NOT NULL,
	lease_until TIMESTAMPTZ      NOT NULL,
	expires_at  TIMESTAMPTZ      NOT NULL,
	outcome     TEXT,                      -- JSON: {"effect", "result"}
	status      BIGINT,
	headers     TEXT,                      -- JSON: {"name": ["value"]}
	body        BYTEA,
	PRIMARY KEY (scope, key),
	CHECK ((outcome IS NOT NULL) = (state = 'committed')),
	CHECK ((status IS NOT NULL) = (state = 'answered')),
	CHECK ((headers IS NOT NULL) = (state = 'answered')),
	CHECK ((body IS NOT NULL) = (state = 'answered'))
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
