-- The pools of coupon codes. The key makes the codes of a pool: code number n is
-- n, encrypted with it. Numbers below position have been made; those that turned
-- out to be somebody else's code were passed over, so issued may be smaller.
CREATE TABLE coupon_pools (
	name       TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
	prefix     TEXT    NOT NULL,
	length     INTEGER NOT NULL CHECK (length > 0),
	group_size INTEGER NOT NULL CHECK (group_size >= 0),
	key        TEXT    NOT NULL, -- hexadecimal
	wanted     INTEGER NOT NULL CHECK (wanted >= 0),
	issued     INTEGER NOT NULL CHECK (issued >= 0 AND issued <= wanted),
	position   INTEGER NOT NULL CHECK (position >= issued),
	created_at TEXT    NOT NULL,
	revoked_at TEXT -- when all codes were revoked, whatever they say themselves
) STRICT, WITHOUT ROWID;

-- Codes are as engine.NormalizeCoupon makes them. How often one was redeemed is
-- in redemption_counters. Rows stand in the order of issue, not of their key,
-- which is random: only the narrow index of the key is written all over.
CREATE TABLE coupon_codes (
	code       TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
	pool       TEXT NOT NULL REFERENCES coupon_pools (name),
	source     TEXT NOT NULL CHECK (source IN ('generated', 'imported')),
	issued_at  TEXT NOT NULL,
	revoked_at TEXT
) STRICT;

-- A pool in the order in which it was issued, for exports. The codes of one
-- batch have one instant, so that a new row always goes to the end.
CREATE INDEX coupon_codes_by_pool ON coupon_codes (pool, issued_at, code);
