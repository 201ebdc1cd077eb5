package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// rulesetSteps are told one after the other, of a shop with three rulesets.
func rulesetSteps() []step {
	return []step{
		{"rulesets", "GET", "rulesets", ""},
		{"rulesets_page", "GET", "rulesets?limit=1", ""},
		{"rulesets_page_last", "GET", "rulesets?limit=2&after=b2", ""},
		{"rulesets_cursor", "GET", "rulesets?after=nothing", ""},
		{"rulesets_limit", "GET", "rulesets?limit=0", ""},
		{"ruleset", "GET", "rulesets/b2", ""},
		{"ruleset_unknown", "GET", "rulesets/nothing", ""},
		{"ruleset_parameter", "GET", "rulesets/b2?limit=1", ""},
		{"ruleset_active", "GET", "rulesets/active", ""},
		{"ruleset_active_parameter", "GET", "rulesets/active?limit=1", ""},
		{"activations", "GET", "activations", ""},
		{"activations_page", "GET", "activations?limit=1", ""},
		{"activations_page_last", "GET", "activations?limit=1&after=2", ""},
		{"activations_cursor", "GET", "activations?after=x", ""},
		{"activations_limit", "GET", "activations?limit=201", ""},
		{"audit", "GET", "audit", ""},
		{"audit_page", "GET", "audit?limit=1", ""},
		{"audit_page_last", "GET", "audit?limit=1&after=2", ""},
		{"audit_of", "GET", "audit?actor=anna&action=rules.activate&subject=b2&since=2026-11-22T12:00:00Z", ""},
		{"audit_later", "GET", "audit?since=2026-11-22T12:00:01Z", ""},
		{"audit_before", "GET", "audit?until=2026-11-22T12:00:00Z", ""},
		{"audit_until", "GET", "audit?until=x", ""},
		{"audit_cursor", "GET", "audit?after=0", ""},
		{"audit_since", "GET", "audit?since=today", ""},
	}
}

func TestTheStoryOfRulesetsIsTheGoldenOne(t *testing.T) {
	b := newStory(t)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(b.store.KeepRuleset(t.Context(), "a1", "1.0.0", []byte("x")))
	ctx := audit.With(t.Context(), audit.Entry{Actor: "anna", Action: "rules.publish", Subject: "b2", RequestID: "r-1", Detail: json.RawMessage(`{"files":2}`)})
	b.now = noon().Add(time.Millisecond)
	_, err := b.store.Publish(ctx, publication.Ruleset{Digest: "b2", Version: "1.1.0", Author: "anna", Message: "Black Friday", Files: []byte("y")})
	check(err)
	_, err = b.store.Activate(t.Context(), publication.Activation{Digest: "a1", Author: publication.Folder}, publication.Any)
	check(err)
	ctx = audit.With(t.Context(), audit.Entry{Actor: "anna", Action: "rules.activate", Subject: "b2"})
	_, err = b.store.Activate(ctx, publication.Activation{Digest: "b2", Author: "anna", Message: "now", Forced: true}, "a1")
	check(err)
	for _, x := range rulesetSteps() {
		golden(t, x.name, b.tell(x.method, x.path, x.body))
	}
}

func TestWhoHasTheRulesetInForceIsNotToldAgain(t *testing.T) {
	s := open(t)
	for known, want := range map[string]int{
		`"digest-of-three"`: 304, `"x", W/"digest-of-three"`: 304, "*": 304, `"digest-of-two"`: 200, "digest-of-three": 200, "": 200,
	} {
		w := send(s.server, "GET", "/v1/rulesets/active", http.NoBody, append(authorized(), "If-None-Match", known)...)
		if w.Code != want || w.Header().Get("ETag") != `"digest-of-three"` || want == 304 && w.Body.Len() > 0 {
			t.Errorf("If-None-Match %s: got %d %v %s, want %d", known, w.Code, w.Header(), w.Body, want)
		}
	}
}
