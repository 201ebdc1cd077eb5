-- Which promotions applied in an order, and which codes took part, page by page. The
-- trigger reads them off the quote, so that every way to store an order keeps them, that
-- of a program of the version before included, which may still sell while this one
-- starts. placed_at is that of the order, which never changes.
CREATE TABLE order_marks (
	kind      TEXT NOT NULL CHECK (kind IN ('promotion', 'coupon')),
	key       TEXT NOT NULL, -- id of the promotion, or the code
	placed_at TEXT NOT NULL,
	order_id  INTEGER NOT NULL REFERENCES orders (id),
	PRIMARY KEY (kind, key, placed_at, order_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER orders_marked AFTER INSERT ON orders BEGIN
	INSERT OR IGNORE INTO order_marks (kind, key, placed_at, order_id)
	SELECT 'promotion', p.value ->> '$.promotion', NEW.placed_at, NEW.id
	FROM json_each(NEW.quote, '$.promotions') AS p
	WHERE p.value ->> '$.reason' = 'applied'
	UNION ALL
	SELECT 'coupon', c.value ->> '$.code', NEW.placed_at, NEW.id
	FROM json_each(NEW.quote, '$.coupons') AS c
	WHERE c.value ->> '$.reason' = 'applied';
END;

INSERT OR IGNORE INTO order_marks (kind, key, placed_at, order_id)
SELECT 'promotion', p.value ->> '$.promotion', o.placed_at, o.id
FROM orders AS o, json_each(o.quote, '$.promotions') AS p
WHERE p.value ->> '$.reason' = 'applied'
UNION ALL
SELECT 'coupon', c.value ->> '$.code', o.placed_at, o.id
FROM orders AS o, json_each(o.quote, '$.coupons') AS c
WHERE c.value ->> '$.reason' = 'applied';
