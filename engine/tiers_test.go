package engine_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// unitOf is one unit of a cart, for computations unit by unit.
type unitOf struct{ price, floor int }

func unitsOf(lines []engine.Line) []unitOf {
	var units []unitOf
	for _, l := range lines {
		for range l.Quantity {
			units = append(units, unitOf{int(l.Item.Price), int(l.Item.MinPrice)})
		}
	}
	return units
}

// percentOfUnits is what a percentage takes off units together: each that it
// would bring below its floor gives what it can, the rest is rounded once.
func percentOfUnits(percent int, units []unitOf) int {
	given, rest := 0, 0
	for _, u := range units {
		if room := max(0, u.price-u.floor); u.price*percent > room*100 {
			given += room
		} else {
			rest += u.price
		}
	}
	return given + (rest*percent+50)/100
}

func rewardOf(kind string, value int) engine.Reward {
	switch kind {
	case "percent":
		return engine.Reward{PercentOff: whole(value)}
	case "amount":
		return engine.Reward{AmountOff: minor(value)}
	default:
		return engine.Reward{Price: minor(value)}
	}
}

// rewardUnits is what a step takes off units that fall into it.
func rewardUnits(kind string, value int, units []unitOf) int {
	if kind == "percent" {
		return percentOfUnits(value, units)
	}
	off := 0
	for _, u := range units {
		wanted := value
		if kind == "price" {
			wanted = max(0, u.price-value)
		}
		off += min(wanted, max(0, u.price-u.floor))
	}
	return off
}

func TestTiersByUnitsAreThoseOfACountUnitByUnit(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		d := draws{t}
		var lines []engine.Line
		for i := range d.number(1, 4, "lines") {
			l := line("A"+string(rune('0'+i)), engine.Amount(d.number(0, 300, "price")), int64(d.number(1, 5, "quantity")))
			if d.one(3, "floor") {
				l.Item.MinPrice = engine.Amount(d.number(0, int(l.Item.Price), "min_price"))
			}
			lines = append(lines, l)
		}
		kind, graduated := pickOf(d, "kind", "percent", "amount", "price"), d.one(2, "graduated")
		tiers := &engine.Tiers{Of: setA, Graduated: graduated, Pick: pickOf(d, "pick", engine.Cheapest, engine.Dearest)}
		froms, values := []int{d.number(1, 4, "from")}, []int{d.number(0, 100, "value")}
		for range d.number(0, 2, "further steps") {
			froms = append(froms, froms[len(froms)-1]+d.number(1, 5, "step"))
			values = append(values, d.number(0, 100, "value"))
		}
		for i := range froms {
			tiers.Steps = append(tiers.Steps, engine.TierStep{From: whole(froms[i]), Reward: rewardOf(kind, values[i])})
		}
		units := unitsOf(lines)
		// The dearest count first, unless these are to fall into the highest step.
		slices.SortStableFunc(units, func(a, b unitOf) int {
			if tiers.Pick == engine.Dearest {
				return a.price - b.price
			}
			return b.price - a.price
		})
		byStep := make([][]unitOf, len(froms))
		for n, u := range units {
			count := n + 1
			if !graduated {
				count = len(units)
			}
			step := -1
			for i, from := range froms {
				if count >= from {
					step = i
				}
			}
			if step >= 0 {
				byStep[step] = append(byStep[step], u)
			}
		}
		want := 0
		for i := range byStep {
			want += rewardUnits(kind, values[i], byStep[i])
		}
		quote := price(t, newRuleset(t, engine.Promotion{ID: "t", Deals: []engine.Deal{tiers}}), lines...)
		if equallyDear(units) && graduated {
			return // which of them counts first is for the engine to say
		}
		if quote.Discount != engine.Amount(want) {
			t.Fatalf("got %d off, want %d: %v, steps from %v of %s %v, %+v", quote.Discount, want, units, froms, kind, values, tiers)
		}
	})
}

// equallyDear says whether there are units that cost the same but have different
// floors.
func equallyDear(units []unitOf) bool {
	floors := make(map[int]int)
	for _, u := range units {
		if floor, ok := floors[u.price]; ok && floor != u.floor {
			return true
		}
		floors[u.price] = u.floor
	}
	return false
}

func TestTiersBySpendAreThoseOfACountCentByCent(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		d := draws{t}
		var lines []engine.Line
		spent := 0
		for i := range d.number(1, 3, "lines") {
			l := line("A"+string(rune('0'+i)), engine.Amount(d.number(0, 400, "price")), int64(d.number(1, 3, "quantity")))
			spent += int(l.Item.Price) * int(l.Quantity)
			lines = append(lines, l)
		}
		tiers := &engine.Tiers{Of: pickOf(d, "of", setA, order), BySpend: true, Graduated: d.one(2, "graduated")}
		froms, percents := []int{d.number(1, 500, "from")}, []int{d.number(0, 100, "percent")}
		for range d.number(0, 2, "further steps") {
			froms = append(froms, froms[len(froms)-1]+d.number(1, 500, "step"))
			percents = append(percents, d.number(0, 100, "percent"))
		}
		for i := range froms {
			tiers.Steps = append(tiers.Steps, engine.TierStep{From: minor(froms[i]), Reward: rewardOf("percent", percents[i])})
		}
		reached := func(cents int) int {
			percent := 0
			for i, from := range froms {
				if cents >= from {
					percent = percents[i]
				}
			}
			return percent
		}
		exact := new(big.Rat) // hundredths of cents
		if tiers.Graduated {
			for cent := range spent {
				exact.Add(exact, big.NewRat(int64(reached(cent)), 100))
			}
		} else {
			exact.SetFrac64(int64(spent*reached(spent)), 100)
		}
		exact.Add(exact, big.NewRat(1, 2)) // half up
		want := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
		quote := price(t, newRuleset(t, engine.Promotion{ID: "t", Deals: []engine.Deal{tiers}}), lines...)
		if quote.Discount != engine.Amount(want) {
			t.Fatalf("got %d off %d, want %d: steps from %v of %v percent, %+v", quote.Discount, spent, want, froms, percents, tiers)
		}
	})
}
