-- Promotions that were ever paused, each as it was last paused or resumed. The revision
-- counts the changes of all of them, so that the greatest one stands for the whole table.
CREATE TABLE promotion_pauses (
	promotion  TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (promotion <> ''),
	revision   BIGINT NOT NULL UNIQUE CHECK (revision > 0),
	paused     BOOLEAN NOT NULL,
	actor      TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
	reason     TEXT NOT NULL,
	changed_at TIMESTAMPTZ NOT NULL,
	ends_at    TIMESTAMPTZ -- null for a pause that somebody has to end
);

-- checkout_sell of sales that were priced on these revisions of the pauses. One that was
-- priced on another is not ordinary. While a transaction changes the pauses, none sells:
-- it has the advisory lock for itself that others share until they end. The statement
-- that reads the revision begins when the lock is there, and sees what was committed.
CREATE FUNCTION checkout_sell_unpaused(
	pauses BIGINT[],
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
AS $$
DECLARE
	newest BIGINT;
BEGIN
	PERFORM pg_advisory_xact_lock_shared(1128811350);
	SELECT COALESCE(max(p.revision), 0) INTO newest FROM promotion_pauses AS p;
	IF newest <> ANY (pauses) THEN
		SELECT array_agg(t.sale) INTO refused FROM unnest(pauses) WITH ORDINALITY AS t (revision, sale) WHERE t.revision <> newest;
		RETURN;
	END IF;
	SELECT s.refused, s.left_stocks INTO refused, left_stocks FROM checkout_sell(
		low, endpoints, refs, currencies, costs, rulesets, customers, quotes, requests, instants, uids, payloads, skus, units, revisions,
		move_sales, move_items, move_deltas, move_later, move_reasons, line_sales, line_positions, line_skus, line_quantities, line_gifts,
		counter_sales, counter_scopes, counter_promotions, counter_keys, counter_periods, counter_spent, counter_most, counter_budgets, use_sales,
		use_promotions, use_periods, use_codes, use_spent, use_by_all, use_by_customer, use_by_code, key_sales, key_scopes, key_names, key_tokens,
		key_outcomes
	) AS s;
END
$$;
