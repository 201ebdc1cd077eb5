DROP INDEX orders_by_time;
ALTER TABLE orders DROP COLUMN request;
DROP TABLE rulesets;
