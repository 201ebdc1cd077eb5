-- A revision is another state of everything but the stock.
ALTER TABLE items ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

ALTER TABLE orders ADD COLUMN customer TEXT NOT NULL DEFAULT '';

CREATE TABLE redemption_counters (
    scope       TEXT COLLATE "C" NOT NULL CHECK (scope IN ('all', 'customer', 'code')),
    promotion   TEXT COLLATE "C" NOT NULL, -- '' for codes
    key         TEXT COLLATE "C" NOT NULL, -- '' for all, else the customer or the code
    period      TEXT COLLATE "C" NOT NULL, -- '' for ever
    redemptions BIGINT NOT NULL CHECK (redemptions >= 0),
    spent       BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (scope, promotion, key, period)
) WITH (fillfactor = 70);

CREATE TABLE order_redemptions (
    order_id  BIGINT NOT NULL REFERENCES orders (id),
    promotion TEXT COLLATE "C" NOT NULL,
    period    TEXT COLLATE "C" NOT NULL,
    code      TEXT COLLATE "C" NOT NULL,
    spent     BIGINT NOT NULL CHECK (spent >= 0),
    by_all      BOOLEAN NOT NULL,
    by_customer BOOLEAN NOT NULL,
    by_code     BOOLEAN NOT NULL,
    PRIMARY KEY (order_id, promotion)
);
