package engine_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
)

func TestUnitsAreClaimedOnceOverGroupsToo(t *testing.T) {
	pairs := &engine.Multibuy{Of: setA, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(1)}}
	trade := &engine.BuyGet{Buy: setA, Quantity: whole(1), Get: setB, Units: whole(1), Reward: engine.Reward{PercentOff: whole(100)}}
	percent := &engine.PercentOff{Of: setA, Percent: whole(10)}
	for _, c := range []struct {
		name   string
		policy engine.Policy
		first  engine.Deal
		second engine.Deal
		units  int64 // of A
		want   map[string]string
	}{
		{"a later group finds what an earlier one left", engine.Policy{}, pairs, pairs, 5, map[string]string{"a": "20.00", "b": "displaced"}},
		{"and uses it", engine.Policy{}, &engine.Multibuy{Of: setA, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(1)}, Repeat: whole(1)}, pairs, 5,
			map[string]string{"a": "10.00", "b": "10.00"}},
		{"bought units are used as well", engine.Policy{}, trade, pairs, 2, map[string]string{"a": "5.00", "b": "displaced"}},
		{"and are not bought twice", engine.Policy{}, pairs, trade, 2, map[string]string{"a": "10.00", "b": "displaced"}},
		{"other deals neither use units nor mind", engine.Policy{}, pairs, percent, 2, map[string]string{"a": "10.00", "b": "1.00"}},
		{"by priority each deal takes what the higher ones left", engine.Policy{Resolution: engine.ResolvePriority}, trade, pairs, 3, map[string]string{"a": "5.00", "b": "10.00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.policy.Groups = []engine.Group{{ID: "g"}, {ID: "h"}}
			s := &shop{policy: c.policy, promotions: []engine.Promotion{
				{ID: "a", Group: "g", Deals: []engine.Deal{c.first}}, {ID: "b", Group: "h", Deals: []engine.Deal{c.second}},
			}}
			s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, c.units), line("B", 500, 1)}}}
			quote := s.price(t)
			checkQuote(t, s, quote)
			if diff := cmp.Diff(c.want, results(quote)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheDearestUnitIsRewardedWhereEnoughStaysSpentWithoutIt(t *testing.T) {
	deal := &engine.BuyGet{
		Buy: setA, Spend: minor(1000), Get: setA, Units: whole(1), Pick: engine.Dearest,
		Reward: engine.Reward{PercentOff: whole(100)},
	}
	rules := newRuleset(t, engine.Promotion{ID: "p", Deals: []engine.Deal{deal}})
	for _, c := range []struct {
		name          string
		dear, cheaper engine.Amount
		want          engine.Amount
	}{
		{"exactly enough", 1200, 1000, 100},
		{"a cent too little", 1200, 999, 999},
	} {
		t.Run(c.name, func(t *testing.T) {
			dear := line("A1", c.dear, 1)
			dear.Item.MinPrice = c.dear - 100 // so that it can give less than the other
			if got := price(t, rules, dear, line("A2", c.cheaper, 1)).Discount; got != c.want {
				t.Errorf("got %d off, want %d", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeAppliedDoesNotDecideWhichOfEqualUnitsAreUsed(t *testing.T) {
	idle := func(deal engine.Deal) []engine.Promotion {
		return []engine.Promotion{
			{ID: "idle", Deals: []engine.Deal{deal}},
			{ID: "pair", Deals: []engine.Deal{&engine.Multibuy{Of: setAB, Quantity: whole(2), Reward: engine.Reward{PercentOff: whole(50)}}}},
		}
	}
	lines := []engine.Line{line("A", 406, 2), line("B", 406, 1)}
	want := price(t, newRuleset(t, idle(nil)[1]), lines...)
	for _, c := range []struct {
		name string
		deal engine.Deal
	}{
		{"it may be repeated no time", &engine.Multibuy{Of: setA, Quantity: whole(1), Reward: engine.Reward{PayFor: whole(0)}, Repeat: whole(0)}},
		{"it takes nothing off", &engine.Multibuy{Of: setB, Quantity: whole(1), Reward: engine.Reward{PercentOff: whole(0)}}},
		{"it wants more units", &engine.Multibuy{Of: setB, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(0)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(want.Lines, price(t, newRuleset(t, idle(c.deal)...), lines...).Lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBestPerLineCaseByCase(t *testing.T) {
	policy := engine.Policy{Groups: []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBestPerLine}}}
	percent := func(of engine.Selection, n int) engine.Deal { return &engine.PercentOff{Of: of, Percent: whole(n)} }
	trade := &engine.BuyGet{Buy: setA, Quantity: whole(1), Get: setB, Units: whole(1), Reward: engine.Reward{PercentOff: whole(10)}}
	for _, c := range []struct {
		name       string
		promotions []engine.Promotion
		want       map[string]string
	}{
		{"of equal offers the higher rank wins the line",
			[]engine.Promotion{{ID: "a", Deals: []engine.Deal{percent(setA, 10)}}, {ID: "b", Priority: 1, Deals: []engine.Deal{percent(setA, 10)}}},
			map[string]string{"a": "displaced", "b": "3.00"}},
		{"one promotion wins one line, another the other",
			[]engine.Promotion{{ID: "a", Deals: []engine.Deal{percent(setAB, 10)}}, {ID: "b", Deals: []engine.Deal{percent(setA, 20)}}},
			map[string]string{"a": "0.50", "b": "6.00"}},
		{"a promotion that loses the line of its reward keeps what it takes off the line it bought of",
			[]engine.Promotion{{ID: "a", Deals: []engine.Deal{trade, percent(setA, 20)}}, {ID: "b", Deals: []engine.Deal{percent(setB, 50)}}},
			map[string]string{"a": "6.00", "b": "2.50"}},
		{"a deal that the rest of the budget does not hold is not given",
			[]engine.Promotion{{ID: "a", Limits: engine.Limits{Budget: minor(599)}, Deals: []engine.Deal{percent(setA, 10), percent(setA, 10)}}},
			map[string]string{"a": "3.00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shop{policy: policy, promotions: c.promotions}
			s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 3), line("B", 500, 1)}}}
			quote := s.price(t)
			checkQuote(t, s, quote)
			if diff := cmp.Diff(c.want, results(quote)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALoserOfAConflictDoesNotDecideWhichOfEqualUnitsAreUsed(t *testing.T) {
	pair := func(of engine.Selection, paid int) []engine.Deal {
		return []engine.Deal{&engine.Multibuy{Of: of, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(paid)}}}
	}
	loser := engine.Promotion{ID: "a", Exclusive: engine.ExclusiveInGroup, Deals: pair(setA, 0)}
	between := engine.Promotion{ID: "b", Coupon: engine.Coupon{Code: "X"}, Deals: []engine.Deal{&engine.PercentOff{Of: setA, Percent: whole(1)}}}
	winner := engine.Promotion{ID: "c", Deals: pair(setAB, 1)}
	lines := []engine.Line{line("A", 1, 2), line("B", 2, 3)}
	want := price(t, newRuleset(t, winner), lines...).Lines
	for name, promotions := range map[string][]engine.Promotion{
		"beside it": {loser, winner}, "with another between them": {loser, between, winner},
	} {
		if diff := cmp.Diff(want, price(t, newRuleset(t, promotions...), lines...).Lines); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAChoiceByPriorityIsNotCalledTheBest: under priority nobody looked for
// something better.
func TestAChoiceByPriorityIsNotCalledTheBest(t *testing.T) {
	pair := func(id string, priority int) engine.Promotion {
		return engine.Promotion{ID: id, Priority: priority, Deals: []engine.Deal{&engine.Multibuy{
			Of: setA, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(1)},
		}}}
	}
	for _, c := range []struct {
		name       string
		resolution engine.Resolution
		promotions []engine.Promotion
		optimal    bool
	}{
		{"two that compete, by priority", engine.ResolvePriority, []engine.Promotion{pair("a", 1), pair("b", 0)}, false},
		{"two that compete, for the customer", engine.ResolveBest, []engine.Promotion{pair("a", 1), pair("b", 0)}, true},
		{"one alone, by priority", engine.ResolvePriority, []engine.Promotion{pair("a", 1)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shop{policy: engine.Policy{Resolution: c.resolution}, promotions: c.promotions}
			s.request = engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 3)}}}
			if quote := s.price(t); quote.Optimal != c.optimal || quote.Bound != 0 {
				t.Errorf("got optimal %v and bound %d, want %v and 0", quote.Optimal, quote.Bound, c.optimal)
			}
		})
	}
}

// TestADealThatCanBeAppliedInTooManyWaysLeavesTheRestProven: only what competes
// with it is not proven.
func TestADealThatCanBeAppliedInTooManyWaysLeavesTheRestProven(t *testing.T) {
	deal := func(id string, of engine.Selection, quantity, percent int) engine.Promotion {
		return engine.Promotion{ID: id, Deals: []engine.Deal{&engine.Multibuy{
			Of: of, Quantity: whole(quantity), Reward: engine.Reward{PercentOff: whole(percent)},
		}}}
	}
	var lines []engine.Line
	for i := range 30 {
		lines = append(lines, line(fmt.Sprintf("A%02d", i), engine.Amount(100+7*i), 1))
	}
	many, two, three := deal("many", setA, 9, 10), deal("two", setB, 2, 15), deal("three", setB, 3, 25)
	alone := price(t, newRuleset(t, many), lines...)
	for i := range 7 {
		lines = append(lines, line(fmt.Sprintf("B%02d", i), engine.Amount(500+100*i), 1))
	}
	quote := price(t, newRuleset(t, many, two, three), lines...)
	if alone.Bound == 0 {
		t.Fatal("the deal alone is proven; the test shows nothing")
	}
	if got, want := quote.Bound-quote.Saving(), alone.Bound-alone.Saving(); got != want {
		t.Errorf("got a gap of %d, want %d, that of the deal alone", got, want)
	}
}

// TestADealThatPicksTheDearestInTooManyWaysIsNotForgotten: a deal that picks the dearest
// may buy nothing that it would pick, so what it picks is sampled first.
func TestADealThatPicksTheDearestInTooManyWaysIsNotForgotten(t *testing.T) {
	var lines []engine.Line
	for i := range 16 {
		lines = append(lines, line(fmt.Sprintf("A%02d", i), engine.Amount(100+7*i), 1))
	}
	free := engine.Promotion{ID: "free", Limits: engine.Limits{PerCart: whole(1)}, Deals: []engine.Deal{&engine.Bundle{
		Slots: []engine.BundleSlot{{Of: setA, Quantity: whole(1)}}, Reward: engine.Reward{Price: whole(0)},
	}}}
	dearest := engine.Promotion{ID: "dearest", Deals: []engine.Deal{&engine.BuyGet{
		Buy: order, Quantity: whole(5), Get: order, Units: whole(2), Reward: engine.Reward{Price: whole(0)}, Pick: engine.Dearest,
	}}}
	quote := price(t, newRuleset(t, free, dearest), lines...)
	for _, o := range quote.Promotions {
		if o.Reason != engine.Applied || quote.Optimal {
			t.Errorf("%s: got %s, optimal %v, want both applied, not proven", o.Promotion, o.Reason, quote.Optimal)
		}
	}
}
