-- The keys of the API. Their texts are nowhere: digest is the SHA-256 of one.
CREATE TABLE api_keys (
	id           TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
	name         TEXT NOT NULL CHECK (name <> ''),
	digest       TEXT NOT NULL UNIQUE CHECK (length(digest) = 64), -- hexadecimal
	scopes       TEXT NOT NULL, -- JSON list
	created_at   TEXT NOT NULL,
	expires_at   TEXT, -- null for never
	revoked_at   TEXT,
	last_used_at TEXT,
	rotates      TEXT REFERENCES api_keys (id) -- the key that it replaces
) STRICT;

-- Who changed what. Rows are never changed, and removed when they are old.
CREATE TABLE audit_log (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	at         TEXT NOT NULL,
	actor      TEXT NOT NULL CHECK (actor <> ''), -- the id of a key, password or cli
	action     TEXT NOT NULL CHECK (action <> ''),
	subject    TEXT NOT NULL, -- the id of what was changed
	detail     TEXT NOT NULL, -- JSON object
	request_id TEXT NOT NULL
) STRICT;

CREATE INDEX audit_log_by_at ON audit_log (at);
CREATE INDEX audit_log_by_actor ON audit_log (actor, id);
CREATE INDEX audit_log_by_action ON audit_log (action, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);
