package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lint"
)

// manyRules are so many promotions as a large shop writes them: in groups of which
// the first wins, with conditions, sets, codes and schedules.
func manyRules(promotions int) []compile.File {
	var b strings.Builder
	b.WriteString("sets:\n")
	for i := range promotions / 4 {
		fmt.Fprintf(&b, "  set%d: category == \"c%d\" and price >= %d\n", i, i%50, i%20)
	}
	b.WriteString("promotions:\n")
	for i := range promotions {
		fmt.Fprintf(&b, "  - id: p%d\n    group: g%d\n    when: \"set%d.quantity >= %d and cart.subtotal > %d and ('g%d' in customer.groups or cart.channel == 'web')\"\n", i, i%20, i/4, 1+i%3, i%90, i%7)
		if i%10 == 0 {
			fmt.Fprintf(&b, "    coupon: CODE%d\n", i)
		}
		if i%5 == 0 {
			fmt.Fprintf(&b, "    schedule: {from: 2026-11-01, until: 2026-12-%02d}\n", 1+i%28)
		}
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "    deal: {percent_off: {of: set%d, percent: %d}}\n", i/4, 5+i%30)
		case 1:
			fmt.Fprintf(&b, "    deal: {multibuy: {of: set%d, quantity: 3, pay_for: 2}}\n", i/4)
		default:
			fmt.Fprintf(&b, "    deal: {amount_off: {of: order, amount: %d}}\n", 1+i%9)
		}
	}
	groups := make([]string, 20)
	for i := range groups {
		groups[i] = fmt.Sprintf("{id: g%d, combine: %s}", i, []string{"first", "best", "all"}[i%3])
	}
	return []compile.File{
		{Name: "a.yaml", Data: []byte(b.String())},
		{Name: "policy.yaml", Data: []byte("groups: [" + strings.Join(groups, ", ") + "]\n")},
	}
}

// BenchmarkCheck checks 1,000 promotions; it should take less than two seconds.
func BenchmarkCheck(b *testing.B) {
	for _, maxStack := range []int{0, 60} {
		b.Run(fmt.Sprintf("1000 promotions, max-stack %d", maxStack), func(b *testing.B) {
			files := manyRules(1000)
			for b.Loop() {
				if _, err := lint.Check(files, lint.Options{At: now(), MaxStack: maxStack}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestALargeFolderIsCheckedInTime keeps the searches bounded: ten times what the
// benchmark wants is far beyond what a busy machine adds.
func TestALargeFolderIsCheckedInTime(t *testing.T) {
	began := time.Now()
	found, err := lint.Check(manyRules(1000), lint.Options{At: now(), MaxStack: 60})
	if err != nil || len(found) == 0 {
		t.Fatalf("got %d findings, %v", len(found), err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}
