package main_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

func TestPostgresWhoseDiskIsFull(t *testing.T) {
	const reason = "the disk is full"
	postgres := pgtest.Start(t)
	dsn := postgres.Create(t)
	s := start(t, "--db-dsn", dsn)
	s.restock(1000)
	free := postgres.FillDisk(t, dsn, "orders")
	s.becomesUnavailable(reason)
	for range 3 { // nothing is left of one that breaks the next
		s.wantUnavailable(reason)
	}
	if stock := s.stock(macbook); stock != 1000 {
		t.Errorf("stock after purchases that were refused: got %d, want 1000", stock)
	}
	free()
	s.becomesAvailable()
	s.wantSold(1000)
}
