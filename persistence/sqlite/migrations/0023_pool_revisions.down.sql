ALTER TABLE coupon_pools DROP COLUMN revision;
