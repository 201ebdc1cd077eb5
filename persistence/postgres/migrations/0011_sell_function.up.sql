-- Commits sales that are ordinary in one statement; see Database.Sell of package
-- persistence. Each fact is an array: over the sales, over the distinct items that they
-- take, or over the movements, lines, counts, uses and keys of all sales, which name
-- their sale by its number from 1.
--
-- A sale is not ordinary when it may have to be refused or to tell of more than
-- itself: its key is not the claim's, or has its effect; an item has another revision,
-- or all sales together leave less than none of it or make it low; a counter comes to a
-- limit. Then all that was written is undone, and refused are the sales that may be to
-- blame.
--
-- Rows are locked in the order in which the statements of package persistence lock
-- them: keys, items by SKU, counters. So no two transactions wait for each other. The
-- items come sorted, and the joins go along with them.
--
-- The plans are made once for each session, when tables may still be empty. The settings
-- see to it that they use the indexes even so.
CREATE FUNCTION checkout_sell(
	low BIGINT, endpoints TEXT[],
	refs TEXT[], currencies TEXT[], costs BIGINT[], rulesets TEXT[], customers TEXT[], quotes TEXT[], requests TEXT[],
	instants TIMESTAMPTZ[], uids TEXT[], payloads TEXT[],
	skus TEXT[], units BIGINT[], revisions BIGINT[],
	move_sales BIGINT[], move_items BIGINT[], move_deltas BIGINT[], move_later BIGINT[], move_reasons TEXT[],
	line_sales BIGINT[], line_positions BIGINT[], line_skus TEXT[], line_quantities BIGINT[], line_gifts BOOLEAN[],
	counter_sales BIGINT[], counter_scopes TEXT[], counter_promotions TEXT[], counter_keys TEXT[], counter_periods TEXT[],
	counter_spent BIGINT[], counter_most BIGINT[], counter_budgets BIGINT[],
	use_sales BIGINT[], use_promotions TEXT[], use_periods TEXT[], use_codes TEXT[], use_spent BIGINT[],
	use_by_all BOOLEAN[], use_by_customer BOOLEAN[], use_by_code BOOLEAN[],
	key_sales BIGINT[], key_scopes TEXT[], key_names TEXT[], key_tokens TEXT[], key_outcomes TEXT[],
	OUT refused BIGINT[], OUT left_stocks BIGINT[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	n BIGINT;
	found BIGINT[];
	ids BIGINT[];
BEGIN
	IF cardinality(key_sales) > 0 THEN
		SELECT count(*) INTO n
		FROM (
			SELECT k.token, k.state, t.token AS claim
			FROM unnest(key_scopes, key_names, key_tokens) AS t (scope, name, token)
			JOIN idempotency_keys AS k ON k.scope = t.scope AND k.key = t.name
			ORDER BY k.scope, k.key FOR NO KEY UPDATE OF k
		) AS k
		WHERE k.token = k.claim AND k.state = 'claimed';
		IF n < cardinality(key_sales) THEN
			SELECT array_agg(t.sale) INTO refused
			FROM unnest(key_sales, key_scopes, key_names, key_tokens) AS t (sale, scope, name, token)
			LEFT JOIN idempotency_keys AS k ON k.scope = t.scope AND k.key = t.name
			WHERE (k.token = t.token AND k.state = 'claimed') IS NOT TRUE;
			RETURN;
		END IF;
	END IF;

	WITH taken AS (
		UPDATE items AS i SET stock = i.stock - d.units
		FROM unnest(skus, units, revisions) WITH ORDINALITY AS d (sku, units, revision, position)
		WHERE i.sku = d.sku AND i.deleted_at IS NULL AND i.revision = d.revision
			AND i.stock >= d.units AND (i.stock - d.units > low OR i.stock <= low)
		RETURNING d.position, i.stock
	)
	SELECT array_agg(t.position ORDER BY t.position), array_agg(t.stock ORDER BY t.position), count(*)
	INTO found, left_stocks, n FROM taken AS t;
	IF n < cardinality(skus) THEN
		SELECT array_agg(DISTINCT m.sale) INTO refused
		FROM unnest(move_sales, move_items) AS m (sale, item)
		WHERE (m.item = ANY (found)) IS NOT TRUE;
		RAISE SQLSTATE 'CKSEL';
	END IF;

	IF cardinality(counter_sales) > 0 THEN
		SELECT array_agg(u.sale) INTO refused
		FROM (
			SELECT t.*, count(*) OVER counter AS uses, sum(t.spent) OVER counter AS total, CASE t.scope WHEN 'all' THEN 1 ELSE 0 END AS margin
			FROM unnest(counter_sales, counter_scopes, counter_promotions, counter_keys, counter_periods, counter_spent, counter_most, counter_budgets)
				AS t (sale, scope, promotion, key, period, spent, most, budget)
			WINDOW counter AS (PARTITION BY t.scope, t.promotion, t.key, t.period)
		) AS u
		LEFT JOIN redemption_counters AS c ON c.scope = u.scope AND c.promotion = u.promotion AND c.key = u.key AND c.period = u.period
		WHERE COALESCE(c.redemptions, 0) + u.uses > u.most - u.margin OR COALESCE(c.spent, 0) + u.total > u.budget - u.margin;
		IF refused IS NOT NULL THEN
			RAISE SQLSTATE 'CKSEL';
		END IF;
	END IF;

	IF cardinality(counter_sales) > 0 THEN
		WITH use AS MATERIALIZED (
			SELECT t.*, CASE t.scope WHEN 'all' THEN 1 ELSE 0 END AS margin
			FROM unnest(counter_scopes, counter_promotions, counter_keys, counter_periods, counter_spent, counter_most, counter_budgets)
				AS t (scope, promotion, key, period, spent, most, budget)
		), counted AS (
			INSERT INTO redemption_counters AS c (scope, promotion, key, period, redemptions, spent)
			SELECT u.scope, u.promotion, u.key, u.period, count(*), sum(u.spent)
			FROM use AS u
			GROUP BY u.scope, u.promotion, u.key, u.period
			ORDER BY u.scope COLLATE "C", u.promotion COLLATE "C", u.key COLLATE "C", u.period COLLATE "C"
			ON CONFLICT (scope, promotion, key, period) DO UPDATE
			SET redemptions = c.redemptions + EXCLUDED.redemptions, spent = c.spent + EXCLUDED.spent
			RETURNING scope, promotion, key, period, redemptions, spent
		)
		SELECT count(*) INTO n
		FROM use AS u
		JOIN counted AS c ON c.scope = u.scope AND c.promotion = u.promotion AND c.key = u.key AND c.period = u.period
		WHERE c.redemptions > u.most - u.margin OR c.spent > u.budget - u.margin;
		IF n > 0 THEN -- others have counted at the same time
			refused := counter_sales;
			RAISE SQLSTATE 'CKSEL';
		END IF;
	END IF;

	SELECT array_agg(nextval('orders_id_seq')) INTO ids FROM unnest(refs);
	WITH moved AS (
		INSERT INTO stock_movements (sku, delta, stock_after, reason, note, order_reference, moved_at)
		SELECT skus[m.item], m.delta, left_stocks[m.item] + m.later, m.reason, '', refs[m.sale], instants[m.sale]
		FROM unnest(move_sales, move_items, move_deltas, move_later, move_reasons) AS m (sale, item, delta, later, reason)
	), placed AS (
		INSERT INTO orders (id, reference, currency, cost, ruleset, customer, quote, request, placed_at, state)
		SELECT t.id, t.reference, t.currency, t.cost, t.ruleset, t.customer, t.quote, t.request, t.placed_at, 'placed'
		FROM unnest(ids, refs, currencies, costs, rulesets, customers, quotes, requests, instants)
			AS t (id, reference, currency, cost, ruleset, customer, quote, request, placed_at)
	), lined AS (
		INSERT INTO order_lines (order_id, position, sku, quantity, gift)
		SELECT ids[t.sale], t.position, t.sku, t.quantity, t.gift
		FROM unnest(line_sales, line_positions, line_skus, line_quantities, line_gifts) AS t (sale, position, sku, quantity, gift)
	)
	INSERT INTO events (uid, type, aggregate_type, aggregate_key, payload, created_at)
	SELECT t.uid, 'order.placed', 'order', t.reference, t.payload, t.placed_at
	FROM unnest(uids, refs, payloads, instants) AS t (uid, reference, payload, placed_at);

	IF cardinality(endpoints) > 0 THEN
		INSERT INTO deliveries (event_id, endpoint, aggregate, state, attempts, next_attempt_at, claimed_by, last_status, last_error)
		SELECT t.id, e.endpoint, 'order:' || t.aggregate_key, 'pending', 0, t.created_at, '', 0, ''
		FROM unnest(uids) AS u (uid)
		JOIN events AS t ON t.uid = u.uid
		CROSS JOIN unnest(endpoints) AS e (endpoint);
	END IF;

	IF cardinality(use_sales) > 0 THEN
		INSERT INTO order_redemptions (order_id, promotion, period, code, spent, by_all, by_customer, by_code)
		SELECT ids[t.sale], t.promotion, t.period, t.code, t.spent, t.by_all, t.by_customer, t.by_code
		FROM unnest(use_sales, use_promotions, use_periods, use_codes, use_spent, use_by_all, use_by_customer, use_by_code)
			AS t (sale, promotion, period, code, spent, by_all, by_customer, by_code);
	END IF;

	IF cardinality(key_sales) > 0 THEN
		UPDATE idempotency_keys AS k SET state = 'committed', outcome = t.outcome
		FROM unnest(key_scopes, key_names, key_outcomes) AS t (scope, name, outcome)
		WHERE k.scope = t.scope AND k.key = t.name;
	END IF;
EXCEPTION WHEN SQLSTATE 'CKSEL' THEN -- all of it is undone, but not what refused says
	left_stocks := NULL;
END
$$;

-- What is long is compressed by the quicker method, where the server has it.
DO $$
BEGIN
	ALTER TABLE orders ALTER COLUMN quote SET COMPRESSION lz4, ALTER COLUMN request SET COMPRESSION lz4;
	ALTER TABLE events ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
	NULL;
END
$$;
