DROP TRIGGER orders_marked ON orders;
DROP FUNCTION checkout_mark_orders;
DROP FUNCTION checkout_marks;
DROP TABLE order_marks;
