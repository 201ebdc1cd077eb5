DROP TABLE order_redemptions;
DROP TABLE redemption_counters;
ALTER TABLE orders DROP COLUMN customer;
ALTER TABLE items DROP COLUMN revision;
