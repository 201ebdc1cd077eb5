-- What was deleted is gone for good: the schema before cannot tell it from the
-- rest.
DELETE FROM items WHERE deleted_at IS NOT NULL;
ALTER TABLE items DROP COLUMN deleted_name;
ALTER TABLE items DROP COLUMN deleted_at;
DROP TABLE stock_movements;
