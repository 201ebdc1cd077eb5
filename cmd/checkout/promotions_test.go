package main_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// What the program pauses on the database of a server is paused on the server when the
// program ends.
func TestPromotionsArePausedByHand(t *testing.T) {
	s := startKept(t)
	with := []string{"Content-Type", "application/json", "Authorization", "Bearer " + password}
	total := func() string {
		cart := map[string]any{"lines": []any{map[string]any{"sku": tv, "quantity": 3}}}
		return get[v1.Quote](s.server, http.MethodPost, "/v1/quotes", cart, with...).Total.String()
	}
	instant := regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d`)
	for _, step := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
		total  string
	}{
		{[]string{"pause", "lost", "--reason", "x"}, 1, "", `checkout: the rules in force have no promotion "lost"; see checkout promotions list` + "\n", "99.98"},
		{[]string{"pause", "tv-3-for-2", "--reason", "priced\ttoo low", "--until", "3d"}, 0,
			"promotion tv-3-for-2 is paused by cli since TIME UTC until TIME UTC: \"priced\\ttoo low\"\n", "", "149.97"},
		{[]string{"list", "--state", "paused"}, 0,
			"ID          STATE   DEALS     ORDERS  BUDGET  NAME\ntv-3-for-2  paused  multibuy  -       -       Google TV, three for two\n", "", "149.97"},
		{[]string{"resume", "tv-3-for-2"}, 0, "promotion tv-3-for-2 is in force\n", "", "99.98"},
		{[]string{"resume", "tv-3-for-2"}, 0, "promotion tv-3-for-2 was not paused\n", "", "99.98"},
		{[]string{"resume", "lost"}, 1, "", `checkout: the rules in force have no promotion "lost"; see checkout promotions list` + "\n", "99.98"},
		{[]string{"list", "--text", "nothing"}, 0, "no promotions\n", "", "99.98"},
	} {
		stdout, stderr, code := s.on("promotions", step.args[0], step.args[1:]...)
		if stdout = instant.ReplaceAllString(stdout, "TIME"); stdout != step.stdout || stderr != step.stderr || code != step.code {
			t.Errorf("promotions %q: exit code %d, %q %q, want %d, %q %q", step.args, code, stdout, stderr, step.code, step.stdout, step.stderr)
		}
		if got := total(); got != step.total {
			t.Errorf("after promotions %q: got the total %s, want %s", step.args, got, step.total)
		}
	}

	stdout, _, code := s.on("promotions", "show", "tv-3-for-2")
	if want := "\n\n  - id: tv-3-for-2\n    name: Google TV, three for two\n    deal: {multibuy: "; code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("promotions show: exit code %d, got %q, want %q in it", code, stdout, want)
	}
	var shown struct {
		Version   int
		Promotion v1.Promotion
		Source    v1.PromotionSource
	}
	stdout, _, _ = s.on("promotions", "show", "tv-3-for-2", "-o", "json")
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil || shown.Version != 1 || shown.Promotion.State != v1.PromotionStateActive || shown.Source.File != "tv.yaml" {
		t.Errorf("promotions show: error %v, %s", err, stdout)
	}
	source := get[v1.PromotionSource](s.server, http.MethodGet, "/v1/promotions/tv-3-for-2/source", nil, with...)
	if source != shown.Source {
		t.Errorf("the server has %+v, the program %+v", source, shown.Source)
	}
	if log, _, _ := s.on("audit", "--limit=9", "--subject", "tv-3-for-2", "-o", "json"); strings.Count(log, `"action": "promotions.`) != 2 {
		t.Errorf("got the audit log %s, want a pause and its end", log)
	}
}
