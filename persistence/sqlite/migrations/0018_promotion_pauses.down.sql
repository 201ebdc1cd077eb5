DROP TABLE promotion_pauses;
