DROP TABLE coupon_codes;
DROP TABLE coupon_pools;
