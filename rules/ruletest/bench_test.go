package ruletest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// large writes a folder of 20 promotions with 1,000 cases in 20 files, half of them
// rows of tables, over an inventory of 200 items.
func large(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	write(tb, dir, "inventory.yaml", largeInventory())
	for i := range 20 {
		write(tb, dir, fmt.Sprintf("rules/rules%02d.yaml", i), largeRule(i))
		write(tb, dir, fmt.Sprintf("rules/rules%02d_test.yaml", i), largeTests(i))
	}
	return dir
}

func write(tb testing.TB, dir, name, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func largeInventory() string {
	var b strings.Builder
	b.WriteString("items:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  - {sku: SKU-%03d, name: Item %d, price: %d.99, stock: 100, category: c%d, tags: [t%d]}\n", i, i, 5+i, i%20, i%7)
	}
	return b.String()
}

func largeRule(i int) string {
	deals := []string{
		`{percent_off: {of: category == "c%d", percent: 10}}`,
		`{multibuy: {of: category == "c%d", quantity: 3, pay_for: 2}}`,
		`{amount_off: {of: category == "c%d", amount: 2}}`,
		`{fixed_price: {of: category == "c%d", price: 4.50}}`,
	}
	return fmt.Sprintf("promotions:\n  - id: promotion-%d\n    when: cart.quantity >= 2 and \"wholesale\" not in customer.groups\n    priority: %d\n    deal: %s\n",
		i, i, fmt.Sprintf(deals[i%len(deals)], i))
}

func largeTests(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "catalogue: ../inventory.yaml\ntests:\n")
	for j := range 25 {
		skus := []int{i + 20*(j%10), (i + j) % 200, (7*i + j) % 200}
		cents := 3*(599+100*skus[0]) + 2*(599+100*skus[1]) + 599 + 100*skus[2]
		fmt.Fprintf(&b, "  - name: a cart of several items %d\n    given: {cart: [SKU-%03d x3, SKU-%03d x2, SKU-%03d], customer: {groups: [gold]}}\n", j, skus[0], skus[1], skus[2])
		fmt.Fprintf(&b, "    expect:\n      subtotal: %d.%02d\n", cents/100, cents%100)
		fmt.Fprintf(&b, "      includes: {applied: [promotion-%d]}\n", i)
	}
	b.WriteString("  - name: wholesale pays in full\n    given: {cart: [\"SKU-" + fmt.Sprintf("%03d", i) + " x${qty}\"], customer: {groups: [wholesale]}}\n    table:\n")
	for qty := 1; qty <= 25; qty++ {
		fmt.Fprintf(&b, "      - {qty: %d, discount: 0.00, applied: [], not_applied: {promotion-%d: condition_false}}\n", qty, i)
	}
	return b.String()
}

// BenchmarkColdStart loads and runs 1,000 cases, as a program that was just started.
func BenchmarkColdStart(b *testing.B) {
	dir := large(b)
	for b.Loop() {
		suites, err := ruletest.Load([]string{dir})
		if err != nil {
			b.Fatal(err)
		}
		result, err := ruletest.Run(suites, ruletest.Filter{})
		if err != nil {
			b.Fatal(err)
		}
		if result.Passed != 1000 {
			b.Fatalf("got %d cases that pass, want 1000: %+v", result.Passed, result.Cases[0])
		}
	}
}

// BenchmarkRefresh reads and runs again what a save touches, of the 1,000 cases.
func BenchmarkRefresh(b *testing.B) {
	for _, c := range []struct {
		name string
		file string
		text func(n int) string
		ran  int
	}{
		{"a rule file", "rules/rules07.yaml", func(n int) string {
			return strings.Replace(largeRule(7), "cart.quantity >= 2", fmt.Sprintf("cart.quantity >= 2 and cart.quantity < %d", 1000+n), 1)
		}, 1000},
		{"a comment in a rule file", "rules/rules07.yaml", func(n int) string { return largeRule(7) + fmt.Sprintf("# %d\n", n) }, 0},
		{"a test file", "rules/rules07_test.yaml", func(n int) string { return largeTests(7) + fmt.Sprintf("# %d\n", n) }, 50},
		{"one test", "rules/rules07_test.yaml", func(n int) string {
			return strings.Replace(largeTests(7), "items 3\n", fmt.Sprintf("items 3, %d\n", n), 1)
		}, 1},
		{"the inventory", "inventory.yaml", func(n int) string { return largeInventory() + fmt.Sprintf("# %d\n", n) }, 1000},
		{"nothing", "inventory.yaml", func(int) string { return largeInventory() }, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := large(b)
			s := ruletest.NewSession([]string{dir}, ruletest.Filter{}, ruletest.Options{})
			if _, err := s.Refresh(b.Context()); err != nil {
				b.Fatal(err)
			}
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				write(b, dir, c.file, c.text(n))
				b.StartTimer()
				update, err := s.Refresh(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if update.Ran != c.ran || update.Passed != 1000 {
					b.Fatalf("got %d cases that ran and %d that pass, want %d and 1000", update.Ran, update.Passed, c.ran)
				}
			}
		})
	}
}
