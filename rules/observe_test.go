package rules_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// subject is a request of a rule test with the rules that it is for.
type subject struct {
	name     string
	rules    *engine.Ruleset
	observed *compile.Observed
	request  engine.Request
}

// subjects returns the requests of the corpus and of the examples.
func subjects(t *testing.T) []subject {
	t.Helper()
	suites, err := ruletest.Load([]string{"../examples"})
	if err != nil {
		t.Fatal(err)
	}
	observed := make(map[string]*compile.Observed)
	var all []subject
	for _, suite := range append(suites, corpus(t)...) {
		if observed[suite.Folder()] == nil {
			files, err := compile.Read(os.DirFS(suite.Folder()))
			if err != nil {
				t.Fatal(err)
			}
			if observed[suite.Folder()], err = compile.Observe(files); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range suite.Cases {
			all = append(all, subject{suite.File + ", " + c.Name + " " + c.Row, suite.Rules, observed[suite.Folder()], request(t, suite, c)})
		}
	}
	return all
}

// changed draws a request that is like the one given: with other quantities, without
// some lines, coupons or groups, at another time.
func changed(t *rapid.T, request engine.Request) engine.Request {
	cart := &request.Cart
	cart.Lines = slices.Clone(cart.Lines)
	for i := range cart.Lines {
		cart.Lines[i].Quantity = rapid.Int64Range(1, 2*cart.Lines[i].Quantity+2).Draw(t, "quantity")
	}
	if n := len(cart.Lines); n > 0 && rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
		at := rapid.IntRange(0, n-1).Draw(t, "line")
		cart.Lines = slices.Delete(cart.Lines, at, at+1)
	}
	if rapid.IntRange(0, 3).Draw(t, "plain") == 0 {
		cart.Coupons, cart.Customer.Groups, cart.Customer.Tags = nil, nil, nil
	}
	if !request.At.IsZero() {
		request.At = request.At.Add(time.Duration(rapid.Int64Range(-48, 48).Draw(t, "hours")) * time.Hour)
	}
	request.Explain = rapid.Bool().Draw(t, "explain")
	return request
}

// TestObservedRulesGiveTheSameQuotes prices carts like those of all rule tests with
// the rules and with the observed rules.
func TestObservedRulesGiveTheSameQuotes(t *testing.T) {
	all := subjects(t)
	same := func(t rapid.TB, s subject, request engine.Request) {
		want, wantErr := s.rules.Price(request)
		got, err := s.observed.Rules.Price(request)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%s: got %v, want %v", s.name, err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b engine.Currency) bool { return a == b })); diff != "" {
			t.Fatalf("%s:\n%s", s.name, diff)
		}
	}
	for _, s := range all {
		same(t, s, s.request)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(all).Draw(rt, "subject")
		same(rt, s, changed(rt, s.request))
	})
}
