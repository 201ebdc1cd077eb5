package postgres_test

import (
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// TestCatalogueIsAnnounced holds that what another process writes is known without
// a poll, also after the connections were lost.
func TestCatalogueIsAnnounced(t *testing.T) {
	dsn := pgtest.Create(t)
	writer := newStore(t, openDSN(t, dsn), persistence.Options{})
	follower := newStore(t, openDSN(t, dsn), persistence.Options{CataloguePoll: time.Hour})
	lost := make(chan error, 100)
	check(t, follower.FollowCatalogue(t.Context(), func(err error) { lost <- err }))
	price := engine.Amount(0)
	announced := func() {
		t.Helper()
		price++
		_, err := writer.Upsert(t.Context(), []engine.Item{{SKU: "A", Name: "a", Price: price}})
		check(t, err)
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			item, err := follower.ItemByKey(t.Context(), "A")
			if err == nil && item.Price == price {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %+v and error %v, want price %d: it was not announced", item, err, price)
			}
		}
	}
	announced()
	admin := openDSN(t, dsn)
	_, err := admin.Writer.ExecContext(t.Context(),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
	check(t, err)
	check(t, admin.Close())
	if err := <-lost; err == nil {
		t.Error("got no report of the lost connection, want one")
	}
	announced()
}
