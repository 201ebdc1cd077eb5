package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// choices lists, for every choice of applications that is one of the best, what
// each promotion takes off units of each kind, where that is fixed by which
// units are rewarded, and what it takes off altogether otherwise.
func (o *claimOracle) choices() map[string]bool {
	most := o.most()
	found := make(map[string]bool)
	off := make([]map[string]int, len(o.cart.promotions))
	for i := range off {
		off[i] = make(map[string]int)
	}
	var try func(s claimState, worth int)
	try = func(s claimState, worth int) {
		if worth+o.best(s) != most {
			return
		}
		if int(s.deal) == len(o.deals) {
			found[fmt.Sprint(off)] = true
			return
		}
		try(o.next(s), worth+o.settled(s))
		for i, n := range o.further(s) {
			a, mine := &o.applications[s.deal][i], off[o.owner[s.deal]]
			kept := maps.Clone(mine)
			o.note(mine, o.deals[s.deal], a)
			try(n, worth+o.now(s, a))
			off[o.owner[s.deal]] = kept
		}
	}
	try(o.start(), 0)
	return found
}

// fixedByUnits says whether which units are rewarded fixes what each gives.
func (d *claimDeal) fixedByUnits() bool { return d.buyGet && d.reward.kind != "percent" }

// note adds what an application takes off.
func (o *claimOracle) note(off map[string]int, d *claimDeal, a *claimApplication) {
	if !d.fixedByUnits() {
		off["together"] += a.gain
		return
	}
	for _, k := range a.rewarded {
		kind := &o.cart.kinds[k]
		off[kind.key()] += o.cart.gain(d, []*claimKind{kind})
	}
}

// key names units that are alike, whatever their line is.
func (k *claimKind) key() string { return fmt.Sprint(k.price, k.floor, k.sets) }

func (c *claimCart) kindOf(sku string) *claimKind {
	for i := range c.kinds {
		if k := &c.kinds[i]; claimSKU(i, k) == sku {
			return k
		}
	}
	return nil
}

// chosen is what the engine chose, in the same words.
func (c *claimCart) chosen(quote engine.Quote) string {
	off := make([]map[string]int, len(c.promotions))
	for i := range c.promotions {
		off[i] = make(map[string]int)
		at := slices.IndexFunc(quote.Promotions, func(o engine.Outcome) bool { return o.Promotion == fmt.Sprint("p", i) })
		for _, l := range quote.Promotions[at].Lines {
			key := "together"
			if c.promotions[i].deals[0].fixedByUnits() {
				key = c.kindOf(l.SKU).key()
			}
			off[i][key] += int(l.Discount)
		}
	}
	return fmt.Sprint(off)
}

func TestTheUnitsChosenAreThoseThatTheRulesAllow(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		c := drawClaimCart(t, 7, 2)
		for i := range c.promotions { // one deal each, and nothing is cut
			c.promotions[i].deals, c.promotions[i].maxDiscount = c.promotions[i].deals[:1], noLimit
		}
		quote := c.quote(t)
		if choices := newClaimOracle(c).choices(); !choices[c.chosen(quote)] {
			t.Fatalf("got %s, which is none of %v:\n%s", c.chosen(quote), slices.Sorted(maps.Keys(choices)), c)
		}
	})
}
