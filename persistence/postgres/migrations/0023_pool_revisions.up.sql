-- Which state of a pool somebody has read who changes it: that of what was asked for and
-- of its revocation, not of the codes that were made of it.
ALTER TABLE coupon_pools ADD COLUMN revision BIGINT NOT NULL DEFAULT 1 CHECK (revision > 0);
