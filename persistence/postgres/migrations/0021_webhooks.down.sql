DROP TRIGGER events_delivered ON events;
DROP FUNCTION checkout_deliver_events();
DROP TABLE webhooks;
