package ruletest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// surface is a Surface that tells totals and what is applied.
type surface struct {
	price func(asked ruletest.Asked) ([]ruletest.Told, error)
}

func (surface) Name() string { return "shop" }

func (s surface) Price(_ context.Context, asked ruletest.Asked) ([]ruletest.Told, error) {
	return s.price(asked)
}

func (surface) Tells(q engine.Quote) []ruletest.Told {
	told := []ruletest.Told{{Field: "total", Value: q.Currency.Format(q.Total)}}
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			told = append(told, ruletest.Told{Field: "applied " + o.Promotion, Value: q.Currency.Format(o.Discount)})
		}
	}
	return told
}

// honest prices as the engine does.
func honest(asked ruletest.Asked) ([]ruletest.Told, error) {
	request, err := asked.Rules.Consult(context.Background(), asked.Plugins, asked.Request)
	if err != nil {
		return nil, err
	}
	quote, err := asked.Rules.Price(request)
	return surface{}.Tells(quote), err
}

// onSurface runs the tests on a surface, and writes of each result where it was run
// and what came of it.
func onSurface(t *testing.T, tests string, price func(ruletest.Asked) ([]ruletest.Told, error)) string {
	t.Helper()
	suites, err := ruletest.Load([]string{folder(t, rules, catalogue+tests)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.RunWith(t.Context(), suites, ruletest.Filter{}, ruletest.Options{Surfaces: []ruletest.Surface{surface{price}}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range result.Cases {
		fmt.Fprintf(&b, "%s %s:", c.Name, c.Surface)
		switch {
		case c.Skipped != "":
			fmt.Fprintf(&b, " skipped, %s", c.Skipped)
		case c.Passed:
			b.WriteString(" passed")
		}
		for _, m := range c.Mismatches {
			fmt.Fprintf(&b, " %s: want %s, got %s;", m.Field, m.Want, m.Got)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped\n", result.Passed, result.Failed, result.Skipped)
	return b.String()
}

func TestASurfaceHasToAgreeWithTheEngine(t *testing.T) {
	const tests = "tests: [{name: a, given: {cart: [TV x3]}, expect: {total: 20}}]"
	told := func(fields ...string) func(ruletest.Asked) ([]ruletest.Told, error) {
		var list []ruletest.Told
		for i := 0; i < len(fields); i += 2 {
			list = append(list, ruletest.Told{Field: fields[i], Value: fields[i+1]})
		}
		return func(ruletest.Asked) ([]ruletest.Told, error) { return list, nil }
	}
	for _, c := range []struct {
		name, tests, want string
		price             func(ruletest.Asked) ([]ruletest.Told, error)
	}{
		{"it tells the same", tests, "a engine: passed\na shop: passed\n2 passed, 0 failed, 0 skipped\n", honest},
		{"a cent more", tests, "a engine: passed\na shop: total: want 20.00, got 20.01;\n1 passed, 1 failed, 0 skipped\n",
			told("total", "20.01", "applied three-for-two", "10.00")},
		{"a promotion less", tests, "a engine: passed\na shop: applied three-for-two: want 10.00, got nothing;\n1 passed, 1 failed, 0 skipped\n",
			told("total", "20.00")},
		{"a promotion more", tests, "a engine: passed\na shop: applied gold: want nothing, got 1.00;\n1 passed, 1 failed, 0 skipped\n",
			told("total", "20.00", "applied three-for-two", "10.00", "applied gold", "1.00")},
		{"it refuses", tests, "a engine: passed\na shop: quote: want a price, got sold out;\n1 passed, 1 failed, 0 skipped\n",
			func(ruletest.Asked) ([]ruletest.Told, error) {
				return nil, &ruletest.RefusedError{Answer: "sold out"}
			}},
		{"it is broken", tests, "a engine: passed\na shop: quote: want a price, got no line;\n1 passed, 1 failed, 0 skipped\n",
			func(ruletest.Asked) ([]ruletest.Told, error) { return nil, errors.New("no line") }},
		{"it has no place for something", tests,
			"a engine: passed\na shop: skipped, not on this surface, because it cannot carry a hat, coupons\n1 passed, 0 failed, 1 skipped\n",
			func(ruletest.Asked) ([]ruletest.Told, error) {
				return nil, &ruletest.NotCarriedError{Needs: []string{"coupons", "a hat"}}
			}},
		{"what fails with the engine says nothing of the surface", strings.Replace(tests, "20", "21", 1),
			"a engine: total: want 21.00, got 20.00;\na shop: passed\n1 passed, 1 failed, 0 skipped\n", honest},
		{"each step is priced, as far as it can be",
			"tests: [{name: a, given: {cart: [TV x3]}, steps: [{do: price, expect: {total: 20}}, {do: price, given: {cart: [TV]}, expect: {total: 10}}]}]",
			"a engine: passed\na shop: skipped, not on this surface, because it cannot carry one\n1 passed, 0 failed, 1 skipped\n",
			func(asked ruletest.Asked) ([]ruletest.Told, error) {
				if asked.Request.Cart.Lines[0].Quantity == 1 {
					return nil, &ruletest.NotCarriedError{Needs: []string{"one"}}
				}
				return honest(asked)
			}},
		{"a step that comes out otherwise is named, whatever cannot be carried",
			"tests: [{name: a, given: {cart: [TV x3]}, steps: [{do: price, expect: {total: 20}}, {do: price, given: {cart: [TV]}, expect: {total: 10}}]}]",
			"a engine: passed\na shop: step 2 (price) total: want 10.00, got 9.00;\n1 passed, 1 failed, 0 skipped\n",
			func(asked ruletest.Asked) ([]ruletest.Told, error) {
				if asked.Request.Cart.Lines[0].Quantity == 1 {
					return []ruletest.Told{{Field: "total", Value: "9.00"}}, nil
				}
				return nil, &ruletest.NotCarriedError{Needs: []string{"three"}}
			}},
		{"rules that do not compile price nothing", "tests: [{name: a, given: {rules: 'promotions: 1'}, compile_error: {code: R0004}}]",
			"a engine: passed\na shop: skipped, not on this surface, because it prices nothing\n1 passed, 0 failed, 1 skipped\n", honest},
		{"what is skipped is skipped everywhere", strings.Replace(tests, "name: a", "name: a, skip: later", 1),
			"a engine: skipped, later\na shop: skipped, later\n0 passed, 0 failed, 2 skipped\n", honest},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, onSurface(t, c.tests, c.price)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACartThatAPluginRejectsIsRefusedOnASurface(t *testing.T) {
	const tests = "tests: [{name: a, given: {cart: [TV], coupons: [MUST]}, stubs: {loyalty: {facts: {points: 0}, deals: {spend: {none: why}}}, other: {deals: {take: {fault: crashed}}}}, expect: {rejected: must}}]"
	for _, c := range []struct {
		name  string
		price func(ruletest.Asked) ([]ruletest.Told, error)
		want  []ruletest.Mismatch
	}{
		{"it refuses too", func(ruletest.Asked) ([]ruletest.Told, error) { return nil, &ruletest.RefusedError{Answer: "503"} }, nil},
		{"it has a price", func(ruletest.Asked) ([]ruletest.Told, error) { return nil, nil },
			[]ruletest.Mismatch{{Field: "quote", Want: "a refusal: price cart: plugin other of promotion must: crashed: the stub says so", Got: "a price"}}},
		{"it is broken", func(ruletest.Asked) ([]ruletest.Told, error) { return nil, errors.New("no line") },
			[]ruletest.Mismatch{{Field: "quote", Want: "a refusal: price cart: plugin other of promotion must: crashed: the stub says so", Got: "no line"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := runPlugins(t, tests, ruletest.Options{Surfaces: []ruletest.Surface{surface{c.price}}})
			if len(result.Cases) != 2 || !result.Cases[0].Passed {
				t.Fatalf("got %+v, want the engine to reject the cart", result.Cases)
			}
			if diff := cmp.Diff(c.want, result.Cases[1].Mismatches); diff != "" || result.Cases[1].Passed != (c.want == nil) {
				t.Errorf("passed %v\n%s", result.Cases[1].Passed, diff)
			}
		})
	}
}
