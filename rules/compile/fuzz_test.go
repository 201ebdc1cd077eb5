package compile_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// FuzzExpression compiles any text as a condition, as an item expression and as
// a number. What is accepted must be evaluated and explained, a condition that
// holds must have the facts that it requires, one that does not must say why, and
// nothing may panic or take long.
func FuzzExpression(f *testing.F) {
	for _, s := range append(cartStatements(), itemStatements()...) {
		for _, e := range append(s.holds, s.fails...) {
			f.Add(e)
		}
	}
	for _, e := range []string{"1 < (1 < 2 < 3 ? 1 : 2) < 3", "any(cart.lines, any(cart.lines, vip))", "a?.b ?? c", "let x = 1; x", "{a: [1:2]}", "::f()", "#", "x | any(y)",
		"loyalty.points >= 5", "(loyalty.gold ?? vip) and loyalty.tier in ['a']", "loyalty.gold == loyalty.gold", "len(loyalty.tier) > spend_challenge.progress", "max(loyalty.gold)", "loyalty.gold ? 1 : 2"} {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		started := time.Now()
		for _, promotion := range []string{
			"when: %s, deal: {percent_off: {of: order, percent: 10}}",
			"deal: {percent_off: {of: %s, percent: 10}}",
			"deal: {percent_off: {of: order, percent: %s}}",
		} {
			source := definitions + "promotions: [{id: p, " + fmt.Sprintf(promotion, quoted(expression)) + "}]\n"
			use(t, compile.File{Name: "f.yaml", Data: []byte(source)}, compile.File{Name: "plugins.lock.yaml", Data: []byte(lockFile)})
		}
		examine(t, expression)
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// examine evaluates a condition for a cart, and for one without lines, whether
// or not a promotion with it would be looked at.
func examine(t *testing.T, expression string) {
	t.Helper()
	source := definitions + "promotions: [{id: p, when: " + quoted(expression) + ", deal: {percent_off: {of: order, percent: 10}}}]\n"
	ruleset, err := compile.Compile([]compile.File{{Name: "f.yaml", Data: []byte(source)}, {Name: "plugins.lock.yaml", Data: []byte(lockFile)}})
	if err != nil {
		return
	}
	p, _ := ruleset.Promotion("p")
	empty := shopCart()
	empty.Lines, empty.Customer = nil, engine.Customer{}
	for _, cart := range []engine.Cart{shopCart(), empty} {
		inScopeOf(t, cart, func(s *engine.Scope) {
			if !p.When.Holds(s) {
				account(t, p.When, s)
				return
			}
			for _, f := range p.Requires {
				if !has(s, f) {
					t.Errorf("got true without %s", describeFacts([]engine.Fact{f}))
				}
			}
		})
	}
}

// account checks what a condition says that does not hold.
func account(t *testing.T, when engine.Condition, s *engine.Scope) {
	t.Helper()
	if len(when.Why(s)) == 0 {
		t.Error("got no clause that is false")
	}
	for _, m := range when.Misses(s) {
		if m.Units < 0 || m.Spend < 0 || (m.Units > 0) == (m.Spend > 0) {
			t.Errorf("got a miss of %d units and %d to spend, want one of them", m.Units, m.Spend)
		}
	}
}

// FuzzCompile compiles any bytes as a rule file and as policy.yaml.
func FuzzCompile(f *testing.F) {
	for _, path := range archives(f) {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Add([]byte(lockFile))
	f.Add([]byte(definitions + "promotions:\n  - {id: a, when: vip, deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}}\n"))
	f.Add([]byte("promotions:\n  - id: a\n    deals: [{gift: {choose_from: [A, B], for_each: {of: 'true'}}}, {buy_get: {buy: {of: price > 5, spend: 10}, get: {pick: dearest, percent_off: 50}}}]\n"))
	for _, file := range shopFiles() {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		started := time.Now()
		use(t, compile.File{Name: "f.yaml", Data: data})
		use(t, compile.File{Name: "plugins.lock.yaml", Data: data}, compile.File{Name: "p.yaml", Data: []byte(
			"promotions: [{id: p, deal: {plugin: {name: loyalty, kind: spend, config: {rate: 1}}}}]\n")})
		use(t, compile.File{Name: "policy.yaml", Data: data}, compile.File{Name: "p.yaml", Data: []byte(
			"promotions: [{id: p, when: cart.subtotal > 5, deal: {amount_off: {of: order, amount: 10}}}]\n")})
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// use compiles the files and prices a cart by them, or writes out their faults.
func use(t *testing.T, files ...compile.File) {
	t.Helper()
	ruleset, err := compile.Compile(files)
	var faults diag.List
	switch {
	case errors.As(err, &faults):
		if faults.Render() == "" || len(faults) == 0 {
			t.Error("got an error without a fault")
		}
		return
	case err != nil:
		t.Fatalf("got %v, want a list of faults", err)
	case len(ruleset.PromotionIDs()) == 0:
		t.Error("got a ruleset without promotions")
	}
	cart := shopCart()
	quote, err := ruleset.Price(engine.Request{Cart: cart, At: friday, Explain: true, Catalog: engine.NewCatalog([]engine.Item{*cart.Lines[0].Item})})
	if err != nil {
		t.Fatal(err)
	}
	if quote.Total < 0 || quote.Total+quote.Discount != quote.Subtotal {
		t.Errorf("got total %d and discount %d of %d", quote.Total, quote.Discount, quote.Subtotal)
	}
}
