package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// withStore lets a program that uses the library work on the shop's database.
func (s *keptShop) withStore(run func(ctx context.Context, store *persistence.Store) error) {
	s.t.Helper()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := sqlite.Open(s.t.Context(), s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	if err != nil {
		s.t.Fatal(errors.Join(err, db.Close()))
	}
	if err := errors.Join(run(s.t.Context(), store), store.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// hold holds two televisions with a Pi as a gift.
func (s *keptShop) hold(ttl time.Duration) persistence.Hold {
	s.t.Helper()
	var hold persistence.Hold
	s.withStore(func(ctx context.Context, store *persistence.Store) (err error) {
		hold, err = store.Hold(ctx, storetest.Sale([]string{tv, tv}, []string{pi}, func(items map[string]*engine.Item) (engine.Quote, error) {
			return engine.Quote{
				Ruleset: "test", Currency: store.Currency(), Subtotal: 9998, Discount: 1000, Total: 8998,
				Lines: []engine.QuoteLine{{
					SKU: tv, Name: items[tv].Name, Quantity: 2, UnitPrice: 4999, Subtotal: 9998, Discount: 1000, Total: 8998,
					Units: []engine.Units{{Quantity: 2, Price: 4499}},
				}},
				Gifts: []engine.Gift{{SKU: pi, Name: items[pi].Name, Quantity: 1, Worth: items[pi].Price, Promotion: "pi"}},
			}, nil
		}), ttl)
		return err
	})
	return hold
}

func TestHoldsAreListedShownAndReleased(t *testing.T) {
	s := startKept(t)
	released, committed := s.hold(time.Hour), s.hold(time.Hour)
	over := "hold " + released.Reference + " is released"
	if stdout, stderr, code := s.on("holds", "release", released.Reference); stdout != over+": units given back: 3\n" || code != 0 {
		t.Errorf("holds release: exit code %d, %s%s", code, stdout, stderr)
	}
	if stdout, stderr, code := s.on("holds", "release", released.Reference); stdout != "" || stderr != "checkout: "+over+"\n" || code != 1 {
		t.Errorf("holds release of one that is over: exit code %d, %s%s", code, stdout, stderr)
	}
	s.withStore(func(ctx context.Context, store *persistence.Store) error {
		_, err := store.CommitHold(ctx, committed.Reference)
		return err
	})
	held := s.hold(time.Hour)
	for _, c := range []struct{ name, text string }{
		{"holds_list.golden.txt", first(s.on("holds", "list"))},
		{"holds_list_page.golden.txt", first(s.on("holds", "list", "--limit", "1"))},
		{"holds_list_held.golden.txt", first(s.on("holds", "list", "--state", "held", "--limit", "1"))},
		{"holds_show.golden.txt", first(s.on("holds", "show", held.Reference))},
		{"holds_order.golden.txt", first(s.on("orders", "show", committed.Reference))},
	} {
		goldentest.Compare(t, filepath.Join("testdata", c.name), masked(c.text))
	}

	var page struct {
		Version int
		Holds   []struct {
			Reference, State, Currency string
			Units, Total               int64
			Expires                    time.Time `json:"expires_at"`
		}
		Next string
	}
	stdout, _, _ := s.on("holds", "list", "-o", "json", "--after", held.Reference, "--limit", "1")
	if err := json.Unmarshal([]byte(stdout), &page); err != nil || page.Version != 1 || len(page.Holds) != 1 || page.Next != committed.Reference {
		t.Fatalf("holds list: error %v, %s", err, stdout)
	}
	if h := page.Holds[0]; h.Reference != committed.Reference || h.State != "committed" || h.Currency != "USD" || h.Units != 3 || h.Total != 8998 || !h.Expires.Equal(committed.ExpiresAt) {
		t.Errorf("got %+v, want the hold %s", h, committed.Reference)
	}
	var shown struct {
		Version int
		State   string
		SKUs    []string
		Quote   engine.Quote
	}
	stdout, _, _ = s.on("holds", "show", "-o", "json", held.Reference)
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil || shown.Version != 1 || shown.State != "held" || len(shown.SKUs) != 3 || shown.Quote.Total != 8998 {
		t.Errorf("holds show: error %v, %s", err, stdout)
	}
}
