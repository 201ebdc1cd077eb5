package mutate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/mutate"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// shop is a folder of rules with one test file, shop_test.yaml.
type shop map[string]string

func (s shop) ReadFile(name string) ([]byte, error) { return []byte(s[name]), nil }

func (s shop) RuleFiles(string) ([]compile.File, error) { return s.files(), nil }

func (s shop) files() []compile.File {
	var files []compile.File
	for _, name := range []string{"policy.yaml", "shop.yaml"} {
		if text, ok := s[name]; ok {
			files = append(files, compile.File{Name: name, Data: []byte(text)})
		}
	}
	return files
}

func (s shop) subject(t *testing.T) mutate.Subject {
	t.Helper()
	suites, err := ruletest.LoadFrom(s, []string{"shop_test.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	return mutate.Subject{Folder: "shop", Files: s.files(), Suites: suites, Source: s}
}

func mutants(t *testing.T, rules shop) string {
	t.Helper()
	all, err := mutate.Of(rules.files())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "%s:%d:%d %s: %s\n", m.File, m.At.Line, m.At.Column, m.Owner.Name, m.What)
		for _, line := range m.After {
			fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(line))
		}
	}
	return b.String()
}

func TestMutantsOfConditionsAndNumbers(t *testing.T) {
	got := mutants(t, shop{"shop.yaml": `sets:
  tvs: category == "tv"
promotions:
  - id: a
    when: tvs.quantity > 3 and not ("vip" in customer.groups)
    deal: {percent_off: {of: tvs, percent: 2.5}}
  - id: b
    deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}
`})
	want := `shop.yaml:2:8 tvs: category == "tv" becomes true
  tvs: true
shop.yaml:2:17 tvs: == becomes !=
  tvs: category != "tv"
shop.yaml:5:11 a: tvs.quantity > 3 and not ("vip" in customer.groups) becomes true
  when: true
shop.yaml:5:11 a: tvs.quantity > 3 is left out of and
  when: true and not ("vip" in customer.groups)
shop.yaml:5:24 a: > becomes >=
  when: tvs.quantity >= 3 and not ("vip" in customer.groups)
shop.yaml:5:26 a: 3 becomes 4
  when: tvs.quantity > 4 and not ("vip" in customer.groups)
shop.yaml:5:32 a: not is left out
  when: tvs.quantity > 3 and ("vip" in customer.groups)
shop.yaml:5:43 a: in becomes not in
  when: tvs.quantity > 3 and not ("vip" not in customer.groups)
shop.yaml:6:30 a: of tvs becomes order
  deal: {percent_off: {of: order, percent: 2.5}}
shop.yaml:6:44 a: percent 2.5 becomes 2.6
  deal: {percent_off: {of: tvs, percent: 2.6}}
shop.yaml:8:27 b: of tvs becomes order
  deal: {multibuy: {of: order, quantity: 3, pay_for: 2}}
shop.yaml:8:42 b: quantity 3 becomes 4
  deal: {multibuy: {of: tvs, quantity: 4, pay_for: 2}}
shop.yaml:8:54 b: pay_for 2 becomes 1
  deal: {multibuy: {of: tvs, quantity: 3, pay_for: 1}}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMutantsOfListsInExpressions(t *testing.T) {
	got := mutants(t, shop{"shop.yaml": `promotions:
  - id: a
    when: customer.orders in [1, 5] and cart.channel not in ['x']
    deal: {amount_off: {of: "sku in ['A', \"B\" , 'C']", amount: 1}}
`})
	want := `shop.yaml:3:11 a: customer.orders in [1, 5] and cart.channel not in ['x'] becomes true
  when: true
shop.yaml:3:11 a: customer.orders in [1, 5] is left out of and
  when: true and cart.channel not in ['x']
shop.yaml:3:27 a: in becomes not in
  when: customer.orders not in [1, 5] and cart.channel not in ['x']
shop.yaml:3:31 a: 1 of the list is left out
  when: customer.orders in [5] and cart.channel not in ['x']
shop.yaml:3:31 a: 1 becomes 2
  when: customer.orders in [2, 5] and cart.channel not in ['x']
shop.yaml:3:34 a: 5 of the list is left out
  when: customer.orders in [1] and cart.channel not in ['x']
shop.yaml:3:34 a: 5 becomes 6
  when: customer.orders in [1, 6] and cart.channel not in ['x']
shop.yaml:3:41 a: cart.channel not in ['x'] is left out of and
  when: customer.orders in [1, 5] and true
shop.yaml:3:54 a: not is left out
  when: customer.orders in [1, 5] and cart.channel in ['x']
`
	if before, _, _ := strings.Cut(got, "shop.yaml:4:"); before != want {
		t.Error(cmp.Diff(want, before))
	}
	for _, what := range []string{"A", "B", "C"} {
		if !strings.Contains(got, ": "+what+" of the list is left out\n") {
			t.Errorf("%s is never left out of the list:\n%s", what, got)
		}
	}
}

func TestMutantsOfPriorities(t *testing.T) {
	got := mutants(t, shop{"shop.yaml": `promotions:
  - {id: a, priority: 5, deal: {award: {kind: x, amount: 0}}}
  - {id: b, deal: {award: {kind: x, amount: 0}}}
  - {id: c, priority: -3, deal: {award: {kind: x, amount: 0}}}
  - {id: d, priority: 0, deal: {award: {kind: x, amount: 0}}}
`})
	var found []string
	for line := range strings.Lines(got) {
		if strings.Contains(line, "priority") && !strings.HasPrefix(line, " ") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	want := []string{"shop.yaml:2:23 a: priority 5 becomes -1", "shop.yaml:4:23 c: priority -3 becomes 1", "shop.yaml:5:23 d: priority 0 becomes -4"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestMutantsOfEverythingElse(t *testing.T) {
	got := mutants(t, shop{
		"policy.yaml": "groups:\n  - {id: deals, combine: best}\nresolution: best\n",
		"shop.yaml": `promotions:
  - id: a
    priority: 5
    group: deals
    excludes: [b, c]
    schedule:
      from: 2026-12-01T10:00
      days: [mon, tue]
      hours: "16:00-18:00"
    limits: {redemptions: 10}
    deal: {fixed_price: {of: sku == "A" or sku == "B", price: 0, pick: dearest, max_units: 1}}
  - {id: b, priority: 2, coupon: B, deal: {gift: {choose_from: [X, Y]}}}
  - {id: c, deal: {percent_off: {of: order, percent: 100, base: list}}}
`})
	want := `policy.yaml:2:26 : combine best becomes all
  - {id: deals, combine: all}
policy.yaml:3:13 : resolution best becomes priority
  resolution: priority
shop.yaml:3:15 a: priority 5 becomes 1
  priority: 1
shop.yaml:4:5 a: group is left out
shop.yaml:5:5 a: excludes is left out
shop.yaml:5:16 a: element 1 of excludes is left out
  excludes: [c]
shop.yaml:5:19 a: element 2 of excludes is left out
  excludes: [b]
shop.yaml:6:5 a: schedule is left out
shop.yaml:7:7 a: from is left out
shop.yaml:7:13 a: from 2026-12-01T10:00 becomes 2026-12-01T09:59
  from: 2026-12-01T09:59
shop.yaml:7:13 a: from 2026-12-01T10:00 becomes 2026-12-01T10:01
  from: 2026-12-01T10:01
shop.yaml:8:7 a: days is left out
shop.yaml:8:14 a: element 1 of days is left out
  days: [tue]
shop.yaml:8:19 a: element 2 of days is left out
  days: [mon]
shop.yaml:9:7 a: hours is left out
`
	if !strings.HasPrefix(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	for _, line := range []string{
		"a: hours 16:00-18:00 becomes 16:01-18:00\n", "a: limits is left out\n", "a: redemptions 10 becomes 9\n", "a: redemptions 10 becomes 11\n",
		`a: sku == "A" is left out of or` + "\n  deal: {fixed_price: {of: false or sku == \"B\"", "a: pick dearest becomes cheapest\n",
		"a: max_units is left out\n", "b: priority 2 becomes -1\n", "b: coupon is left out\n  - {id: b, priority: 2, deal:", "b: element 2 of choose_from is left out\n",
		"c: percent 100 becomes 99\n", "c: base list becomes current\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, got)
		}
	}
}

const catalogue = "catalogue:\n  - {sku: TV, price: 50, category: tv, stock: 100}\n  - {sku: MUG, price: 10, category: mugs, stock: 100}\ntests:\n"

func speakers(tests string) shop {
	return shop{
		"shop.yaml":      "promotions:\n  - id: a\n    when: cart.quantity > 3\n    deal: {percent_off: {of: category == \"tv\", percent: 10}}\n",
		"shop_test.yaml": catalogue + tests,
	}
}

func TestAMutantThatSurvivesComesWithATestThatKillsIt(t *testing.T) {
	rules := speakers("  - {name: four, given: {cart: [TV x4]}, expect: {total: 180}}\n  - {name: none, given: {cart: [TV]}, expect: {total: 50}}\n")
	result, err := mutate.Run(context.Background(), []mutate.Subject{rules.subject(t)}, mutate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range result.Findings {
		fmt.Fprintf(&b, "%s:%d %s: %v %s\n%s", f.Path, f.At.Line, f.What, f.Killed, f.By, f.Test)
	}
	want := `shop/shop.yaml:3 cart.quantity > 3 becomes true: true shop_test.yaml:6 none
shop/shop.yaml:3 > becomes >=: false 
  - name: "a > becomes >="
    given:
      cart: [TV x3]
    expect:
      total: 150.00
      discount: 0.00
      applied: []
      lines:
        TV: 150.00
      gifts: []
shop/shop.yaml:3 3 becomes 4: true shop_test.yaml:5 four
shop/shop.yaml:4 category == "tv" becomes true: false 
  - name: "a category == \"tv\" becomes true"
    given:
      cart: [TV x4, MUG]
    expect:
      total: 190.00
      discount: 20.00
      applied: [a]
      lines:
        MUG: 10.00
        TV: 180.00
      gifts: []
shop/shop.yaml:4 == becomes !=: true shop_test.yaml:5 four
shop/shop.yaml:4 percent 10 becomes 11: true shop_test.yaml:5 four
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if result.Killed != 4 || int(result.Percent()) != 66 {
		t.Errorf("got %d killed, %v %%, want 4, 66 %%", result.Killed, result.Percent())
	}
}

func TestAMutantThatMeansTheSameHasNoTest(t *testing.T) {
	rules := shop{
		"shop.yaml":      "promotions:\n  - {id: a, when: cart.quantity >= 0, deal: {percent_off: {of: order, percent: 10}}}\n",
		"shop_test.yaml": catalogue + "  - {name: one, given: {cart: [TV]}, expect: {total: 45}}\n",
	}
	result, err := mutate.Run(context.Background(), []mutate.Subject{rules.subject(t)}, mutate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		if !f.Killed && (f.Test != "" || f.TestFile != "") {
			t.Errorf("%s: got the test\n%s\nfor %s", f.What, f.Test, f.TestFile)
		}
	}
	if got := len(result.Findings) - result.Killed; got != 2 {
		t.Errorf("got %d that survived, want 2: true, and >", got)
	}
}

func TestResultsDependOnNothingElse(t *testing.T) {
	rules := speakers("  - {name: four, given: {cart: [TV x4]}, expect: {total: 180}}\n")
	run := func(o mutate.Options) mutate.Result {
		result, err := mutate.Run(context.Background(), []mutate.Subject{rules.subject(t)}, o)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	all := run(mutate.Options{Workers: 1})
	if diff := cmp.Diff(all, run(mutate.Options{Workers: 8})); diff != "" {
		t.Errorf("with more workers:\n%s", diff)
	}
	sample := run(mutate.Options{Sample: 3, Seed: 7})
	if diff := cmp.Diff(sample, run(mutate.Options{Sample: 3, Seed: 7, Workers: 8})); diff != "" || len(sample.Findings) != 3 {
		t.Errorf("the same sample, of %d:\n%s", len(sample.Findings), diff)
	}
	none := run(mutate.Options{Select: func(o compile.Owner) bool { return o.Name == "b" }})
	if len(none.Findings) != 0 || none.Percent() != 100 {
		t.Errorf("of another promotion: got %v", none)
	}
	if diff := cmp.Diff(all, all.In("shop")); diff != "" {
		t.Error(diff)
	}
}

func TestTestsHaveToPassForTheRules(t *testing.T) {
	rules := speakers("  - {name: four, given: {cart: [TV x4]}, expect: {total: 1}}\n")
	_, err := mutate.Run(context.Background(), []mutate.Subject{rules.subject(t)}, mutate.Options{})
	var failing *mutate.FailingError
	want := "shop_test.yaml:5: four fails for the rules as they are; mutants say something only about tests that pass"
	if !errors.As(err, &failing) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	rules := speakers("  - {name: four, given: {cart: [TV x4]}, expect: {total: 180}}\n")
	subject := rules.subject(t)
	ctx, cancel := context.WithCancel(context.Background())
	o := mutate.Options{Workers: 1, Progress: func(int, int) { cancel() }}
	if _, err := mutate.Run(ctx, []mutate.Subject{subject}, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
