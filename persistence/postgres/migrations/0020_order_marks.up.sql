-- Which promotions applied in an order, and which codes took part, page by page. The
-- trigger reads them off the quote, so that every way to store an order keeps them, that
-- of a program of the version before included, which may still sell while this one
-- starts. placed_at is that of the order, which never changes.
CREATE TABLE order_marks (
	kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('promotion', 'coupon')),
	key       TEXT COLLATE "C" NOT NULL, -- id of the promotion, or the code
	placed_at TIMESTAMPTZ NOT NULL,
	order_id  BIGINT NOT NULL REFERENCES orders (id),
	PRIMARY KEY (kind, key, placed_at, order_id)
);

-- What a quote marks its order with. Postgres reads no JSON in which a text has the
-- character NUL, which ids and codes never have: it is taken out, and an escaped
-- backslash before such letters is not mistaken for it.
CREATE FUNCTION checkout_marks(quote TEXT) RETURNS TABLE (kind TEXT, key TEXT) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	read JSON;
BEGIN
	IF strpos(quote, '\u0000') > 0 THEN
		quote := regexp_replace(quote, '(\\\\)|\\u0000', '\1', 'g');
	END IF;
	read := quote;
	RETURN QUERY
	SELECT 'promotion', p ->> 'promotion' FROM json_array_elements(read -> 'promotions') AS p WHERE p ->> 'reason' = 'applied'
	UNION
	SELECT 'coupon', c ->> 'code' FROM json_array_elements(read -> 'coupons') AS c WHERE c ->> 'reason' = 'applied';
END
$$;

CREATE FUNCTION checkout_mark_orders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO order_marks (kind, key, placed_at, order_id)
	SELECT m.kind, m.key, o.placed_at, o.id FROM placed AS o, checkout_marks(o.quote) AS m;
	RETURN NULL;
END
$$;

CREATE TRIGGER orders_marked AFTER INSERT ON orders
REFERENCING NEW TABLE AS placed FOR EACH STATEMENT EXECUTE FUNCTION checkout_mark_orders();

-- Once the trigger is there no order is missed.
INSERT INTO order_marks (kind, key, placed_at, order_id)
SELECT m.kind, m.key, o.placed_at, o.id FROM orders AS o, checkout_marks(o.quote) AS m
ON CONFLICT DO NOTHING;
