DROP FUNCTION checkout_sell_unpaused;
DROP TABLE promotion_pauses;
