DROP TABLE return_lines;
DROP TABLE returns;
ALTER TABLE orders DROP COLUMN refunded;
ALTER TABLE orders DROP COLUMN state;
