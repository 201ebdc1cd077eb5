DROP TRIGGER events_delivered;
DROP TABLE webhooks;
