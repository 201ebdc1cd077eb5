package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

func constant(t interface{ Fatalf(string, ...any) }, text string) engine.Number {
	d, err := engine.ParseDecimal(text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return engine.Constant(d)
}

// prefixSets are item sets by the first letter of the SKU: set 0 is A, set 1 is
// B, set 2 both.
func prefixSets() []engine.ItemSet {
	of := func(letters ...byte) func(*engine.Item, int64) bool {
		return func(item *engine.Item, _ int64) bool { return slices.Contains(letters, item.SKU[0]) }
	}
	return []engine.ItemSet{{Name: "a", Match: of('A')}, {Name: "b", Match: of('B')}, {Name: "ab", Match: of('A', 'B')}}
}

var (
	order = engine.Selection{Order: true}
	setA  = engine.Selection{Set: 0}
	setB  = engine.Selection{Set: 1}
	setAB = engine.Selection{Set: 2}
)

func newRuleset(t interface{ Fatalf(string, ...any) }, promotions ...engine.Promotion) *engine.Ruleset {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatalf("%v", err)
	}
	rules, err := engine.NewRuleset(engine.RulesetConfig{Digest: "test", Currency: usd, Sets: prefixSets(), Promotions: promotions})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return rules
}

func line(sku string, price engine.Amount, quantity int64) engine.Line {
	return engine.Line{Item: &engine.Item{SKU: sku, Name: sku, Price: price}, Quantity: quantity}
}

func price(t interface{ Fatalf(string, ...any) }, rules *engine.Ruleset, lines ...engine.Line) engine.Quote {
	quote, err := rules.Price(engine.Request{Cart: engine.Cart{Currency: rules.Currency(), Lines: lines}, Explain: true})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return quote
}

func TestCartsThatCannotBePriced(t *testing.T) {
	var many []engine.Line
	for i := range engine.MaxLines + 1 {
		many = append(many, line(fmt.Sprintf("A%d", i), 1, 1))
	}
	for _, c := range []struct {
		name  string
		lines []engine.Line
		want  string
	}{
		{"a line without item", []engine.Line{{Quantity: 1}}, "price cart: lines[0]: no item"},
		{"no units", []engine.Line{line("A", 1, 1), line("B", 1, 0)}, "price cart: lines[1]: quantity 0 of B: want 1 to 1000000000"},
		{"too many units", []engine.Line{line("A", 1, 1_000_000_001)}, "price cart: lines[0]: quantity 1000000001 of A: want 1 to 1000000000"},
		{"a negative price", []engine.Line{line("A", -1, 1)}, "price cart: lines[0]: price of A out of range"},
		{"a value beyond what can be counted", []engine.Line{line("A", engine.MaxAmount, 2)}, "price cart: lines: the cart is worth more than can be priced"},
		{"too many different items", many, "price cart: lines: 501 different items: a cart holds at most 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newRuleset(t).Price(engine.Request{Cart: engine.Cart{Lines: c.lines}})
			var cart *engine.CartError
			if !errors.As(err, &cart) || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAnEmptyCartAndAnEmptyRulesetArePriced(t *testing.T) {
	quote := price(t, newRuleset(t))
	if quote.Total != 0 || len(quote.Lines) != 0 {
		t.Errorf("empty cart: got %+v", quote)
	}
	quote = price(t, newRuleset(t), line("A", 499, 2))
	if quote.Total != 998 || quote.Discount != 0 {
		t.Errorf("no promotions: got %+v", quote)
	}
}

func TestASKUListedTwiceIsOneLine(t *testing.T) {
	rules := newRuleset(t, engine.Promotion{ID: "three-for-two", Deals: []engine.Deal{threeForTwo(t, setA)}})
	quote := price(t, rules, line("A", 4999, 1), line("B", 100, 1), line("A", 4999, 2))
	if quote.Total != 2*4999+100 || len(quote.Lines) != 2 || quote.Lines[0].Quantity != 3 {
		t.Errorf("got %+v", quote)
	}
}

func threeForTwo(t interface{ Fatalf(string, ...any) }, of engine.Selection) engine.Deal {
	return &engine.Multibuy{Of: of, Quantity: constant(t, "3"), Reward: engine.Reward{PayFor: constant(t, "2")}}
}

func TestUnitsOfALineMayCarryDifferentCents(t *testing.T) {
	rules := newRuleset(t, engine.Promotion{ID: "off", Deals: []engine.Deal{
		&engine.AmountOff{Of: order, Amount: constant(t, "20.00"), Per: engine.PerSelection},
	}})
	quote := price(t, rules, line("A", 2000, 3))
	want := []engine.Units{{Quantity: 2, Price: 1333}, {Quantity: 1, Price: 1334}}
	if diff := cmp.Diff(want, quote.Lines[0].Units); diff != "" {
		t.Error(diff)
	}
}

func TestSchedules(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	weekend := engine.Weekdays(0).With(time.Saturday).With(time.Sunday)
	night := []engine.Hours{{From: 22 * 60, Until: 2 * 60}}
	for _, c := range []struct {
		name     string
		schedule engine.Schedule
		at       string
		want     engine.Reason
	}{
		{"before from", engine.Schedule{From: at("2026-11-20T00:00:00Z")}, "2026-11-19T23:59:59Z", engine.NotStarted},
		{"at from", engine.Schedule{From: at("2026-11-20T00:00:00Z")}, "2026-11-20T00:00:00Z", engine.Applied},
		{"just before until", engine.Schedule{Until: at("2026-12-01T00:00:00Z")}, "2026-11-30T23:59:59.999Z", engine.Applied},
		{"at until", engine.Schedule{Until: at("2026-12-01T00:00:00Z")}, "2026-12-01T00:00:00Z", engine.Ended},
		{"on a day", engine.Schedule{Days: weekend}, "2026-11-21T12:00:00Z", engine.Applied},
		{"on another day", engine.Schedule{Days: weekend}, "2026-11-23T12:00:00Z", engine.OutsideHours},
		{"the day is that of the timezone", engine.Schedule{Days: weekend, Location: time.FixedZone("", 3600)}, "2026-11-22T23:30:00Z", engine.OutsideHours},
		{"the first minute of the hours", engine.Schedule{Hours: []engine.Hours{{From: 480, Until: 1320}}}, "2026-11-21T08:00:00Z", engine.Applied},
		{"the end of the hours", engine.Schedule{Hours: []engine.Hours{{From: 480, Until: 1320}}}, "2026-11-21T22:00:00Z", engine.OutsideHours},
		{"hours in summer time", engine.Schedule{Location: london, Hours: []engine.Hours{{From: 480, Until: 1320}}}, "2026-07-01T07:00:00Z", engine.Applied},
		{"over midnight, before it", engine.Schedule{Days: weekend, Hours: night}, "2026-11-22T23:00:00Z", engine.Applied},
		{"over midnight, after it belongs to the day before", engine.Schedule{Days: weekend, Hours: night}, "2026-11-23T01:00:00Z", engine.Applied},
		{"after midnight of a day before that is not in", engine.Schedule{Days: weekend, Hours: night}, "2026-11-21T01:00:00Z", engine.OutsideHours},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := newRuleset(t, engine.Promotion{ID: "p", Schedule: c.schedule, Deals: []engine.Deal{
				&engine.PercentOff{Of: order, Percent: constant(t, "10")},
			}})
			quote, err := rules.Price(engine.Request{Cart: engine.Cart{Lines: []engine.Line{line("A", 1000, 1)}}, At: at(c.at), Explain: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := quote.Promotions[0].Reason; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// drawLines draws a cart of up to six items of the sets A and B and outside of
// both, some of them with a floor.
func drawLines(t *rapid.T) []engine.Line {
	var lines []engine.Line
	for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
		sku := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "set") + fmt.Sprint(i)
		l := line(sku, engine.Amount(rapid.Int64Range(0, 3000).Draw(t, "price")), rapid.Int64Range(1, 7).Draw(t, "quantity"))
		if rapid.Bool().Draw(t, "floor") {
			l.Item.MinPrice = engine.Amount(rapid.Int64Range(0, int64(l.Item.Price)).Draw(t, "min_price"))
		}
		lines = append(lines, l)
	}
	return lines
}

func drawDeal(t *rapid.T) engine.Deal {
	number := func(low, high int64, label string) engine.Number {
		return engine.Constant(engine.NewDecimal(rapid.Int64Range(low, high).Draw(t, label)))
	}
	of := rapid.SampledFrom([]engine.Selection{setA, setB, setAB, order}).Draw(t, "of")
	var limit engine.Number
	if rapid.Bool().Draw(t, "limited") {
		limit = number(1, 5, "limit")
	}
	pick := rapid.SampledFrom([]engine.Pick{engine.Cheapest, engine.Dearest}).Draw(t, "pick")
	reward := rapid.SampledFrom([]engine.Reward{
		{PercentOff: number(1, 100, "percent")}, {AmountOff: number(1, 20, "amount")}, {Price: number(0, 20, "price")},
	}).Draw(t, "reward")
	return rapid.SampledFrom([]engine.Deal{
		&engine.PercentOff{Of: of, Percent: number(0, 100, "percent"), MaxUnits: limit, Pick: pick, OfList: rapid.Bool().Draw(t, "list")},
		&engine.PercentOff{Of: of, Percent: number(0, 100, "percent"), MaxDiscount: number(0, 30, "max_discount")},
		&engine.AmountOff{Of: of, Amount: number(0, 30, "amount"), MaxUnits: limit, Pick: pick,
			Per: rapid.SampledFrom([]engine.Per{engine.PerUnit, engine.PerLine, engine.PerSelection}).Draw(t, "per")},
		&engine.FixedPrice{Of: of, Price: number(0, 30, "price"), MaxUnits: limit, Pick: pick},
		&engine.Multibuy{Of: of, Quantity: number(2, 4, "quantity"), Reward: engine.Reward{PayFor: number(0, 1, "pay")}, Repeat: limit},
		&engine.Multibuy{Of: of, Quantity: number(1, 4, "quantity"), Reward: reward, Repeat: limit},
		&engine.BuyGet{Buy: setA, Quantity: number(1, 3, "buy"), Get: of, Units: number(1, 2, "get"), Reward: reward, Pick: pick, Repeat: limit},
		&engine.BuyGet{Buy: setAB, Spend: number(1, 30, "spend"), Get: of, Units: number(1, 2, "get"), Reward: reward, Pick: pick},
	}).Draw(t, "deal")
}

func drawRuleset(t *rapid.T) *engine.Ruleset {
	var promotions []engine.Promotion
	for i := range rapid.IntRange(1, 5).Draw(t, "promotions") {
		p := engine.Promotion{ID: fmt.Sprintf("p%d", i), Priority: rapid.IntRange(-1, 1).Draw(t, "priority")}
		for range rapid.IntRange(1, 2).Draw(t, "deals") {
			p.Deals = append(p.Deals, drawDeal(t))
		}
		promotions = append(promotions, p)
	}
	return newRuleset(t, promotions...)
}

func TestEveryQuoteAddsUpAndRespectsFloors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLines(t)
		quote := price(t, drawRuleset(t), lines...)
		floors := make(map[string]engine.Amount)
		for _, l := range lines {
			floors[l.Item.SKU] = min(l.Item.MinPrice, l.Item.Price)
		}
		var subtotal, discount engine.Amount
		for _, l := range quote.Lines {
			checkLine(t, l, floors[l.SKU])
			subtotal, discount = subtotal+l.Subtotal, discount+l.Discount
		}
		if quote.Subtotal != subtotal || quote.Discount != discount || quote.Total != subtotal-discount {
			t.Fatalf("lines add up to %d less %d, the quote says %+v", subtotal, discount, quote)
		}
		checkOutcomes(t, quote)
	})
}

func checkLine(t interface{ Fatalf(string, ...any) }, l engine.QuoteLine, floor engine.Amount) {
	var n int64
	var total engine.Amount
	for _, u := range l.Units {
		if u.Price < floor || u.Price > l.UnitPrice || u.Quantity < 1 {
			t.Fatalf("%s: units %+v are not between the floor %d and the list price %d", l.SKU, u, floor, l.UnitPrice)
		}
		n, total = n+u.Quantity, total+u.Price*engine.Amount(u.Quantity)
	}
	if n != l.Quantity || total != l.Total || l.Subtotal-l.Discount != l.Total {
		t.Fatalf("%s: units add up to %d for %d: %+v", l.SKU, n, total, l)
	}
}

// checkOutcomes demands that the promotions' discounts, by line and together,
// are the quote's, and that exactly those that took something off are applied.
func checkOutcomes(t *rapid.T, quote engine.Quote) {
	byLine := make(map[string]engine.Amount)
	var discount engine.Amount
	for _, o := range quote.Promotions {
		if (o.Reason == engine.Applied) != (o.Discount > 0) {
			t.Fatalf("%+v is %s with a discount of %d", o, o.Reason, o.Discount)
		}
		discount += o.Discount
		for _, l := range o.Lines {
			byLine[l.SKU] += l.Discount
		}
	}
	if discount != quote.Discount {
		t.Fatalf("promotions add up to %d, the quote says %d", discount, quote.Discount)
	}
	for _, l := range quote.Lines {
		if byLine[l.SKU] != l.Discount {
			t.Fatalf("promotions take %d off %s, its line says %d", byLine[l.SKU], l.SKU, l.Discount)
		}
	}
}

func TestTheOrderOfLinesAndCouponsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines, rules := drawLines(t), drawRuleset(t)
		coupons := []string{"x", " Y ", "z"}
		first := encode(t, rules, lines, coupons)
		shuffled := rapid.Permutation(lines).Draw(t, "lines")
		if diff := cmp.Diff(first, encode(t, rules, shuffled, rapid.Permutation(coupons).Draw(t, "coupons"))); diff != "" {
			t.Fatal(diff)
		}
		var split []engine.Line
		for _, l := range shuffled {
			for range l.Quantity {
				split = append(split, engine.Line{Item: l.Item, Quantity: 1})
			}
		}
		if diff := cmp.Diff(first, encode(t, rules, split, coupons)); diff != "" {
			t.Fatalf("one unit a line:\n%s", diff)
		}
	})
}

func encode(t *rapid.T, rules *engine.Ruleset, lines []engine.Line, coupons []string) string {
	quote, err := rules.Price(engine.Request{Cart: engine.Cart{Currency: rules.Currency(), Lines: lines, Coupons: coupons}, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(quote)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
