package storetest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func lifecycleCases() []testCase {
	return []testCase{
		{"a migrated store answers a ping", func(s *shop) { s.check(s.Ping(s.ctx)) }},
		{"migrating again changes nothing", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			s.check(s.Migrate(s.ctx))
			unchanged()
		}},
		{"the migrations of a migrated store are all applied, and a moment ago", testMigrations},
		{"closing twice is fine, and later calls say that the store is closed", func(s *shop) {
			s.stock()
			s.check(s.Close())
			s.check(s.Close())
			for name, call := range s.allCalls() {
				err := call(s.ctx)
				s.is(err, persistence.ErrUnavailable)
				if err == nil || !closedText(err.Error()) {
					s.t.Errorf("%s: got error %v, want one that says that the store is closed", name, err)
				}
			}
		}},
		{"no call begins when its context has ended, and nothing changes", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			cancelled, cancel := context.WithCancel(s.ctx)
			cancel()
			for _, call := range s.allCalls() {
				s.is(call(cancelled), context.Canceled)
			}
			unchanged()
		}},
		{"a purchase whose context ends while it runs changes nothing", testCancelledSale},
		{"a call that waits for another stops waiting when its context ends", testWaitingCall},
	}
}

func closedText(text string) bool {
	const want = ": the store is closed"
	return len(text) > len(want) && text[len(text)-len(want):] == want
}

// allCalls is every method that asks the database, by name.
func (s *shop) allCalls() map[string]func(context.Context) error {
	calls := s.calls()
	maps.Copy(calls, s.couponCalls())
	maps.Copy(calls, s.apiKeyCalls())
	return calls
}

// calls is every method that asks the database, by name.
func (s *shop) calls() map[string]func(context.Context) error {
	items := []engine.Item{{SKU: "A", Name: "a"}}
	return map[string]func(context.Context) error{
		"Ping":            s.Ping,
		"Migrate":         s.Migrate,
		"CheckCurrency":   s.CheckCurrency,
		"Items":           func(ctx context.Context) error { _, err := s.Items(ctx); return err },
		"CountItems":      func(ctx context.Context) error { _, err := s.CountItems(ctx); return err },
		"ItemByKey":       func(ctx context.Context) error { _, err := s.ItemByKey(ctx, tv); return err },
		"ItemsBySKU":      func(ctx context.Context) error { _, err := s.ItemsBySKU(ctx, []string{tv}); return err },
		"Upsert":          func(ctx context.Context) error { _, err := s.Upsert(ctx, items); return err },
		"UpsertBasics":    func(ctx context.Context) error { _, err := s.UpsertBasics(ctx, items); return err },
		"Orders":          func(ctx context.Context) error { _, err := s.Orders(ctx); return err },
		"Order":           func(ctx context.Context) error { _, err := s.Order(ctx, "x"); return err },
		"Hold":            func(ctx context.Context) error { _, err := s.Hold(ctx, s.limited(tv), time.Minute); return err },
		"CommitHold":      func(ctx context.Context) error { _, err := s.CommitHold(ctx, "x"); return err },
		"ReleaseHold":     func(ctx context.Context) error { return s.ReleaseHold(ctx, "x") },
		"Holds":           func(ctx context.Context) error { _, err := s.Holds(ctx, persistence.HoldListing{Limit: 1}); return err },
		"HoldByReference": func(ctx context.Context) error { _, err := s.HoldByReference(ctx, "x"); return err },
		"ExpireHolds":     func(ctx context.Context) error { _, err := s.ExpireHolds(ctx, 1); return err },
		"CancelOrder":     func(ctx context.Context) error { _, err := s.CancelOrder(ctx, "x", ""); return err },
		"ReturnItems": func(ctx context.Context) error {
			_, err := s.ReturnItems(ctx, "x", proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
			return err
		},
		"PausePromotion": func(ctx context.Context) error {
			_, err := s.PausePromotion(ctx, engine.PromotionPause{Promotion: "x", By: "x"}, nil)
			return err
		},
		"ResumePromotion": func(ctx context.Context) error { _, err := s.ResumePromotion(ctx, "x", "x", nil); return err },
		"RulesetInForce":  func(ctx context.Context) error { _, err := s.RulesetInForce(ctx); return err },
		"PromotionPauses": func(ctx context.Context) error { _, err := s.PromotionPauses(ctx); return err },
		"RulesetChanged":  func(ctx context.Context) error { return s.RulesetChanged(ctx, "x") },
		"Claim":           func(ctx context.Context) error { _, err := s.Claim(ctx, "x", 1, time.Minute); return err },
		"Settle": func(ctx context.Context) error {
			return s.Settle(ctx, persistence.Delivery{}, persistence.Settlement{State: persistence.DeliveryDead})
		},
		"Deliveries":  func(ctx context.Context) error { _, err := s.Deliveries(ctx, persistence.DeliveryFilter{}); return err },
		"Backlogs":    func(ctx context.Context) error { _, err := s.Backlogs(ctx); return err },
		"PurgeEvents": func(ctx context.Context) error { _, err := s.PurgeEvents(ctx, time.Now()); return err },
		"Resend": func(ctx context.Context) error {
			_, err := s.Resend(ctx, persistence.DeliveryFilter{State: persistence.DeliveryDead})
			return err
		},
		"Purchase": func(ctx context.Context) error {
			_, err := s.purchase(ctx, []string{tv}, nil, listPrice(s.Currency(), []string{tv}))
			return err
		},
	}
}

func testCancelledSale(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	for range 20 {
		ctx, cancel := context.WithCancel(s.ctx)
		skus := []string{tv, speaker}
		_, err := s.purchase(ctx, skus, nil, func(items map[string]*engine.Item) (engine.Quote, error) {
			cancel()
			return listPrice(s.Currency(), skus)(items)
		})
		s.is(err, context.Canceled)
	}
	unchanged()
	s.sold(slices.Repeat([]string{tv}, 10)...)
}

func testWaitingCall(s *shop) {
	s.stock()
	other, err := s.db.Writer.BeginTx(s.ctx, nil)
	s.check(err)
	_, err = other.ExecContext(s.ctx, "UPDATE items SET stock = stock WHERE sku = ?", tv)
	s.check(err)
	ctx, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
	defer cancel()
	_, err = s.UpsertBasics(ctx, []engine.Item{{SKU: tv, Name: "a"}})
	s.is(err, context.DeadlineExceeded)
	s.check(other.Rollback())
	s.equal("name", s.item(tv).Name, "Google TV")
}

func testMigrations(s *shop) {
	schema, err := persistence.NewSchema(s.db)
	s.check(err)
	all, err := schema.Migrations(s.ctx)
	s.check(err)
	s.equal("the first one", all[0].Name, "0001_catalogue_and_orders")
	for _, m := range all {
		if m.Pending() || time.Since(m.AppliedAt).Abs() > patience || m.AppliedAt.Location() != time.UTC {
			s.t.Errorf("%s: got applied at %v, want now, in UTC", m.Name, m.AppliedAt)
		}
	}
	applied, err := schema.Migrate(s.ctx)
	s.check(err)
	s.equal("applied again", applied, []string(nil))
}
