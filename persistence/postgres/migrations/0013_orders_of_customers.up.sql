-- The orders of a customer, page by page. Those of guests are not asked for.
CREATE INDEX orders_by_customer ON orders (customer, placed_at, id) WHERE customer <> '';
