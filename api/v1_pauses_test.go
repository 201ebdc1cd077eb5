package api_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// ruleOf finds the rule of one promotion of the shop.
func ruleOf(_ context.Context, digest, promotion string) (api.RuleSource, bool, error) {
	if digest != "digest-of-three" || promotion != "tv-3-for-2" {
		return api.RuleSource{}, false, nil
	}
	return api.RuleSource{File: "tvs/rules.yaml", First: 3, Last: 4, Text: "  - id: tv-3-for-2 # <é>\n    deal: …\n"}, true, nil
}

func pauseSteps() []step {
	return []step{
		{"pause", "POST", "promotions/tv-3-for-2/pause", `{"reason":"priced too low","until":"2026-11-29T00:00:00Z"}`},
		{"paused_quote_at_its_end", "POST", "quotes", `{"lines":[{"sku":"120P90","quantity":3}],"at":"2026-11-29T00:00:00Z"}`},
		{"pause_again", `POST If-Match="2"`, "promotions/tv-3-for-2/pause", `{"reason":"wrong items"}`},
		{"pause_changed_meanwhile", `POST If-Match="2"`, "promotions/tv-3-for-2/pause", `{"reason":"x"}`},
		{"paused_promotion", "GET", "promotions/tv-3-for-2", ""},
		{"paused_promotions", "GET", "promotions?state=paused", ""},
		{"paused_quote", "POST", "quotes", `{"lines":[{"sku":"120P90","quantity":3}],"explain":"summary"}`},
		{"pause_over", "POST", "promotions/macbook-pi/pause", `{"reason":"x","until":"2026-11-22T12:00:00Z"}`},
		{"pause_over_long_ago", "POST", "promotions/macbook-pi/pause", `{"reason":"x","until":"0001-01-01T00:00:00Z"}`},
		{"pause_without_reason", "POST", "promotions/macbook-pi/pause", `{"reason":"","until":"0000-01-01T00:00:00Z"}`},
		{"pause_unknown", "POST", "promotions/lost/pause", `{"reason":"x"}`},
		{"pause_if_none", "POST If-None-Match=*", "promotions/macbook-pi/pause", `{"reason":"x"}`},
		{"resume_changed_meanwhile", `POST If-Match="1"`, "promotions/tv-3-for-2/resume", ""},
		{"resume", `POST If-Match="3"`, "promotions/tv-3-for-2/resume", ""},
		{"resume_again", "POST", "promotions/tv-3-for-2/resume", ""},
		{"resume_unknown", "POST", "promotions/lost/resume", ""},
		{"resume_query", "POST", "promotions/tv-3-for-2/resume?x=y", ""},
		{"resumed_quote", "POST", "quotes", `{"lines":[{"sku":"120P90","quantity":3}]}`},
		{"promotion_source", "GET", "promotions/tv-3-for-2/source", ""},
		{"promotion_source_unknown", "GET", "promotions/lost/source", ""},
		{"promotion_source_query", "GET", "promotions/tv-3-for-2/source?x=y", ""},
		{"pause_log", "GET", "audit", ""},
	}
}

func pauseGoldens() []string {
	names := []string{"pauses_not_supported", "resumes_not_supported", "promotion_source_not_supported", "promotion_source_lost"}
	for _, s := range pauseSteps() {
		names = append(names, s.name)
	}
	return names
}

// TestPromotionsArePausedAndResumed tells a story: each answer follows from the requests
// before it.
func TestPromotionsArePausedAndResumed(t *testing.T) {
	b := newStory(t)
	for _, x := range pauseSteps() {
		method, header, _ := strings.Cut(x.method, " ")
		headers := append(asJSON(), "X-Request-Id", "golden")
		if name, value, ok := strings.Cut(header, "="); ok {
			headers = append(headers, name, value)
		}
		golden(t, x.name, b.do(method, "/v1/"+x.path, x.body, headers...))
	}
}

func TestWithoutAStoreNothingIsPaused(t *testing.T) {
	s := open(t)
	headers := append(asJSON(), "X-Request-Id", "golden")
	golden(t, "pauses_not_supported", s.do("POST", "/v1/promotions/tv-3-for-2/pause", `{"reason":"x"}`, headers...))
	golden(t, "resumes_not_supported", s.do("POST", "/v1/promotions/tv-3-for-2/resume", "", headers...))
	golden(t, "promotion_source_not_supported", s.do("GET", "/v1/promotions/tv-3-for-2/source", "", headers...))
	s = open(t, func(_ *shop, o *api.Options) {
		o.PromotionSource = func(context.Context, string, string) (api.RuleSource, bool, error) {
			return api.RuleSource{}, false, errors.New("SQLSTATE=1")
		}
	})
	golden(t, "promotion_source_lost", s.do("GET", "/v1/promotions/tv-3-for-2/source", "", headers...))
}

// TestAPromotionPausedOnOneServerIsPausedOnAll has two servers on one database, each
// with the catalogue in memory, as a process has it.
func TestAPromotionPausedOnOneServerIsPausedOnAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	dsn := pgtest.Start(t).Create(t)
	for _, c := range []struct {
		name string
		open func() (persistence.Database, error)
	}{
		{"SQLite", func() (persistence.Database, error) { return sqlite.Open(t.Context(), file) }},
		{"Postgres", func() (persistence.Database, error) { return postgres.Open(t.Context(), postgres.Options{DSN: dsn}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			servers := []*shop{following(t, c.open), following(t, c.open)}
			for i := range 4 {
				paused := i%2 == 0
				change, total := `{"reason":"wrong"}`, `"total":"149.97"`
				path := "/v1/promotions/tv-3-for-2/pause"
				if !paused {
					change, total, path = "", `"total":"99.98"`, "/v1/promotions/tv-3-for-2/resume"
				}
				want(t, servers[i/2].do("POST", path, change, asJSON()...), 200)
				for j, s := range servers {
					cart := `{"lines":[{"sku":"120P90","quantity":3}]}`
					for _, made := range []string{
						want(t, s.do("POST", "/v1/quotes", cart, asJSON()...), 200),
						want(t, s.do("POST", "/v1/orders", cart, append(asJSON(), withKey(fmt.Sprintf("%d-%d", i, j))...)...), 201),
					} {
						if !strings.Contains(made, total) {
							t.Errorf("change %d, server %d: got %s, want %s", i, j, made, total)
						}
					}
				}
			}
		})
	}
}

// following is a server on the database, which it opens for itself.
func following(t *testing.T, connect func() (persistence.Database, error)) *shop {
	t.Helper()
	db, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency(t, "USD"), PauseLease: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	items := catalogue()
	for i := range items {
		items[i].Stock = 1000
	}
	if _, err := store.Upsert(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	if err := store.FollowCatalogue(t.Context(), func(err error) { t.Errorf("the catalogue cannot be followed: %v", err) }); err != nil {
		t.Fatal(err)
	}
	return open(t, on(store, &wrapper{}))
}
