DROP TRIGGER orders_marked;
DROP TABLE order_marks;
