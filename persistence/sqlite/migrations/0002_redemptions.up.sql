-- A revision is another state of everything but the stock.
ALTER TABLE items ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

ALTER TABLE orders ADD COLUMN customer TEXT NOT NULL DEFAULT '';

CREATE TABLE redemption_counters (
    scope       TEXT NOT NULL CHECK (scope IN ('all', 'customer', 'code')),
    promotion   TEXT NOT NULL, -- '' for codes
    key         TEXT NOT NULL, -- '' for all, else the customer or the code
    period      TEXT NOT NULL, -- '' for ever
    redemptions INTEGER NOT NULL CHECK (redemptions >= 0),
    spent       INTEGER NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (scope, promotion, key, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_redemptions (
    order_id  INTEGER NOT NULL REFERENCES orders (id),
    promotion TEXT NOT NULL,
    period    TEXT NOT NULL,
    code      TEXT NOT NULL,
    spent     INTEGER NOT NULL CHECK (spent >= 0),
    by_all      INTEGER NOT NULL CHECK (by_all IN (0, 1)),
    by_customer INTEGER NOT NULL CHECK (by_customer IN (0, 1)),
    by_code     INTEGER NOT NULL CHECK (by_code IN (0, 1)),
    PRIMARY KEY (order_id, promotion)
) STRICT, WITHOUT ROWID;
