package engine_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// The oracles below work unit by unit and try everything, which is only
// possible for a handful of units.

// unitPrices returns the list price of every unit of the lines.
func unitPrices(lines []engine.Line) []engine.Amount {
	var prices []engine.Amount
	for _, l := range lines {
		for range l.Quantity {
			prices = append(prices, l.Item.Price)
		}
	}
	return prices
}

// drawFew draws at most eight units of set A without floors.
func drawFew(t *rapid.T) []engine.Line {
	var lines []engine.Line
	units := int64(0)
	for i := range rapid.IntRange(1, 4).Draw(t, "lines") {
		n := rapid.Int64Range(1, 3).Draw(t, "quantity")
		if units += n; units > 8 {
			break
		}
		lines = append(lines, line("A"+string(rune('0'+i)), engine.Amount(rapid.Int64Range(0, 9).Draw(t, "price")), n))
	}
	return lines
}

// bestGrouping is the most that groups of size units can take off, over every
// way to form at most limit groups.
func bestGrouping(prices []engine.Amount, size, limit int, off func(group []engine.Amount) engine.Amount) engine.Amount {
	if limit == 0 || len(prices) < size {
		return 0
	}
	// Either the first unit is in no group, or it is in one with size-1 others.
	best := bestGrouping(prices[1:], size, limit, off)
	var choose func(group, rest []engine.Amount, from int)
	choose = func(group, rest []engine.Amount, from int) {
		if len(group) == size {
			remaining := slices.Concat(rest, prices[from:])
			best = max(best, off(group)+bestGrouping(remaining, size, limit-1, off))
			return
		}
		for i := from; i < len(prices); i++ {
			choose(append(slices.Clone(group), prices[i]), slices.Concat(rest, prices[from:i]), i+1)
		}
	}
	choose(prices[:1:1], nil, 1)
	return best
}

func TestMultibuyGivesTheMostThatAnyGroupingCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawFew(t)
		size := rapid.IntRange(2, 4).Draw(t, "quantity")
		paid := rapid.IntRange(1, size-1).Draw(t, "pay_for")
		limit := rapid.IntRange(1, 4).Draw(t, "repeat")
		bundle := rapid.Int64Range(0, 15).Draw(t, "price")
		number := func(n int64) engine.Number { return engine.Constant(engine.NewDecimal(n)) }
		usdPrice := func(minor int64) engine.Number { return minorNumber(t, minor) }
		cheapest := slices.Sorted(slices.Values(unitPrices(lines)))
		amount := int64(total(cheapest[:min(size, len(cheapest))])) // every group can give it
		for _, c := range []struct {
			reward engine.Reward
			off    func([]engine.Amount) engine.Amount
		}{
			{engine.Reward{PayFor: number(int64(paid))}, func(group []engine.Amount) engine.Amount {
				sorted := slices.Sorted(slices.Values(group))
				return total(sorted[:size-paid])
			}},
			{engine.Reward{Price: usdPrice(bundle)}, func(group []engine.Amount) engine.Amount {
				return max(0, total(group)-engine.Amount(bundle))
			}},
			{engine.Reward{AmountOff: usdPrice(amount)}, func([]engine.Amount) engine.Amount {
				return engine.Amount(amount)
			}},
		} {
			deal := &engine.Multibuy{Of: setA, Quantity: number(int64(size)), Reward: c.reward, Repeat: number(int64(limit))}
			got := price(t, newRuleset(t, engine.Promotion{ID: "m", Deals: []engine.Deal{deal}}), lines...).Discount
			if want := bestGrouping(unitPrices(lines), size, limit, c.off); got != want {
				t.Fatalf("units %v, %+v: got %d off, want %d", unitPrices(lines), deal, got, want)
			}
		}
	})
}

func minorNumber(t *rapid.T, minor int64) engine.Number {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	return engine.Constant(usd.Decimal(engine.Amount(minor)))
}

func total(prices []engine.Amount) engine.Amount {
	var sum engine.Amount
	for _, p := range prices {
		sum += p
	}
	return sum
}
