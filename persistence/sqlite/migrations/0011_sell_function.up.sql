-- Postgres has a function here; see Database.Sell of package persistence.
SELECT 1;
