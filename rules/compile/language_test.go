package compile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// statement is a sentence about the language with expressions that show it.
type statement struct {
	name         string
	holds, fails []string
}

// check evaluates the expressions of a statement, and the opposite of each.
func (s statement) check(t *testing.T, evaluate func(expressions []string) []bool) {
	t.Helper()
	all := append(append([]string{}, s.holds...), s.fails...)
	opposite := make([]string, len(all))
	for i, e := range all {
		opposite[i] = "not (" + e + ")"
	}
	got, gotOpposite := evaluate(all), evaluate(opposite)
	for i, e := range all {
		want := i < len(s.holds)
		if got[i] != want {
			t.Errorf("%s: got %v, want %v", e, got[i], want)
		}
		if gotOpposite[i] == want {
			t.Errorf("%s: got %v, want %v", opposite[i], gotOpposite[i], !want)
		}
	}
}

func cartStatements() []statement {
	return []statement{
		{"money is exact",
			[]string{"0.1 + 0.2 == 0.3", "cart.subtotal == 2158.48", "cart.subtotal - 2158.47 == 0.01", "cart.subtotal == 2158.480", "1.10 == 1.1", "cart.subtotal * 0.1 == 215.848"},
			[]string{"cart.subtotal == 2158.4799999999", "0.1 + 0.2 != 0.3"}},
		{"the cart has its facts",
			[]string{"cart.total == cart.subtotal", "cart.quantity == 6", "cart.lines == 3", `cart.currency == "USD"`, `cart.channel == "web"`,
				"cart.attributes.gift == true", "cart.attributes.gift", "cart.attributes.store > 6.5", `cart["quantity"] == 6`},
			[]string{"cart.quantity < 6", `cart.channel != "web"`, "not cart.attributes.gift"}},
		{"the customer has its facts",
			[]string{`customer.id == "C1"`, `"vip" in customer.groups`, `"early" in customer.tags`, "customer.orders == 3", "customer.lifetime_spend == 1234.56",
				`customer.attributes.tier == "gold"`, "customer.attributes.points >= 150", "customer.attributes.newsletter"},
			[]string{`"VIP" in customer.groups`, `"vi" in customer.groups`, "customer.orders > 3"}},
		{"shipping, payment and coupons have theirs",
			[]string{`shipping.method == "express"`, "shipping.price == 5", `shipping.country == "GB"`, `shipping.region == "ENG"`, `payment.method == "card"`, "len(coupons) == 2"},
			[]string{`shipping.country == "gb"`, `payment.method in ["invoice", "cash"]`}},
		{"sets have facts about the cart",
			[]string{"tvs.quantity == 2", "tvs.subtotal == 1999.98", "tvs.total == 1999.98", "tvs.lines == 1", "tvs.min_price == 999.99", "tvs.max_price == 999.99",
				"cheap.min_price == 10", "cheap.max_price == 49.5", "cheap.quantity == 4", "cheap_new.quantity == 1", "nothing.quantity == 0", "nothing.subtotal == 0",
				"any(cheap.lines, .sku == 'SPK1')", "none(cheap.lines, .tvs)", "len(cheap.lines) == 2"},
			[]string{"nothing.min_price == 0", "nothing.min_price != 0", "nothing.max_price < 100", "any(nothing.lines, true)"}},
		{"a set without units has no price", []string{"nothing.min_price == nil", "(nothing.min_price ?? 5) == 5"}, []string{"nothing.min_price != nil", "tvs.min_price == nil"}},
		{"conditions have names", []string{"vip", "rich", "loyal", "vip and not many", "vip == true", "vip == rich", "loyal or many"}, []string{"many", "vip != rich", "many == vip"}},
		{"the clock is that of the promotion",
			[]string{"now.year == 2026", "now.month == 11", "now.day == 20", "now.hour == 21", "now.minute == 30", `now.weekday == "fri"`, `now.weekday == "Friday"`,
				`"FRI" == now.weekday`, `now.weekday in ["sat", "Friday"]`, `now.weekday != "sat"`, `now.date == "2026-11-20"`, `now.date > "2026-11-19"`,
				`now.date <= "2026-11-20"`, `"2026-12-01" > now.date`, `now.date in ["2026-11-20", "2026-12-24"]`},
			[]string{`now.weekday in ["sat", "sun"]`, `now.date >= "2026-11-21"`, "now.hour >= 22"}},
		{"the case and the blanks of a coupon do not count",
			[]string{`"WELCOME10" in coupons`, `"welcome10" in coupons`, `" Welcome10 " in coupons`, `customer.attributes.code in coupons`,
				`any(coupons, # == "welcome10")`, `any(coupons, # == customer.attributes.code)`, `any(coupons, customer.attributes.code == #)`,
				`any(coupons, # startsWith "wel")`, `any(coupons, # in ["vip"])`, `all(coupons, len(#) > 2)`},
			[]string{`"welcome" in coupons`, `"OTHER" in coupons`, `any(coupons, # == "welcome")`}},
		{"a missing fact makes every comparison false",
			nil,
			[]string{"customer.attributes.x == 1", "customer.attributes.x != 1", "customer.attributes.x > 1", "customer.attributes.x <= 1", `customer.attributes.x == "a"`,
				`customer.attributes.x != "a"`, `customer.attributes.x contains "a"`, `customer.attributes.x matches "a"`, `customer.attributes.x startsWith "a"`,
				`customer.attributes.x in ["a"]`, `customer.attributes.x in ["a", 1]`, `customer.attributes.x in customer.groups`, "customer.attributes.x in 1..9",
				"customer.attributes.x", "customer.attributes.x == customer.attributes.y", "customer.attributes.x != customer.attributes.y",
				"customer.attributes.x < customer.attributes.y", "customer.attributes.x + 1 == 1", "-customer.attributes.x == 0", "max(customer.attributes.x, 1) == 1",
				"min(1, customer.attributes.x) == 1", "round(customer.attributes.x) == 0", "len(customer.attributes.x) == 0", `lower(customer.attributes.x) == ""`,
				"1 == customer.attributes.x", "1 != customer.attributes.x", "1 in [customer.attributes.x]"}},
		{"an operator with not is false for a missing fact too",
			[]string{`customer.attributes.tier not in ["silver"]`, `customer.attributes.tier not contains "s"`,
				`"x" not in customer.groups`, `cart.quantity not in 7..9`, `not (customer.attributes.x in ["a"])`, `customer.id not matches "^D"`, `customer.attributes.points not in ["a"]`},
			[]string{`customer.attributes.x not in ["a"]`, `customer.attributes.x not contains "a"`, `customer.attributes.x not startsWith "a"`, `customer.attributes.x not endsWith "a"`,
				`customer.attributes.x not matches "a"`, `customer.attributes.x not in customer.groups`, `customer.attributes.x not in 1..3`, `nothing.min_price not in [1]`,
				`cart.quantity not in 1..customer.attributes.x`, `"x" not in customer.attributes.nolist`}},
		{"nil asks whether a fact is missing",
			[]string{"customer.attributes.x == nil", "nil == customer.attributes.x", "customer.attributes.tier != nil", "customer.id != nil"},
			[]string{"customer.attributes.x != nil", "customer.attributes.tier == nil", "nil != customer.attributes.x", "customer.attributes.interests == nil"}},
		{"?? gives a value where one is missing",
			[]string{"(customer.attributes.x ?? 5) == 5", "(customer.attributes.points ?? 5) == 150", `(customer.attributes.x ?? "a") == "a"`, `(customer.attributes.tier ?? "a") == "gold"`,
				"(customer.attributes.x ?? true)", "(customer.attributes.newsletter ?? false)", "(customer.attributes.x ?? customer.attributes.points) == 150",
				"(customer.attributes.x ?? customer.attributes.y ?? 7) == 7", `(customer.id ?? customer.attributes.x) == "C1"`, "((10 / (cart.quantity - 6)) ?? 1) == 1",
				"(customer.attributes.tier ?? 3) == 3"},
			[]string{"(customer.attributes.x ?? false)", "(customer.attributes.x ?? customer.attributes.y) == 1"}},
		{"attributes are compared with their kind",
			[]string{`customer.attributes.tier != 5`, "customer.attributes.newsletter == true", "customer.attributes.points == 150.0", `cart.attributes.yes == "true"`,
				`customer.attributes.tier > "a"`, "cart.lines == cart.attributes.count", "cart.attributes.count == cart.lines", `"tv" in customer.attributes.interests`,
				"len(customer.attributes.interests) == 2", "len(customer.attributes.tier) == 4", `any(customer.attributes.interests, # == "tv")`,
				`len(filter(customer.attributes.interests, # contains "u")) == 1`, "customer.attributes.points > cart.attributes.store",
				"customer.attributes.tier < customer.attributes.favourite"},
			[]string{`customer.attributes.tier == 5`, "cart.attributes.yes", "cart.attributes.yes == true", "customer.attributes.tier > 5", `customer.attributes.points > "1"`,
				"customer.attributes.points > customer.attributes.tier", `"tv" in customer.attributes.tier`, "customer.attributes.newsletter > customer.attributes.newsletter"}},
		{"arithmetic binds as usual",
			[]string{"1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "10 - 2 - 3 == 5", "100 / 10 / 2 == 5", "-2 * -3 == 6", "2 - -2 == 4", "+3 == 3", "7 % 3 == 1", "-7 % 3 == -1", "7 % -3 == 1",
				"5.5 % 2 == 1.5", "1 / 3 * 3 != 2", "1_000 == 1000", "2.5e3 == 2500", "1 / 4 == 0.25", "999999999999999998 % 7 == 6", "-999999999999999998 % 7 == -6", "cart.quantity % 4 == 2"},
			[]string{"1 + 2 * 3 == 9", "2 * 3 % 4 == 6"}},
		{"a division by zero is missing",
			nil, []string{"1 / (cart.quantity - 6) == 0", "1 / (cart.quantity - 6) != 0", "1 % (cart.quantity - 6) >= 0", "1 / (cart.quantity - 6) < 1"}},
		{"a number beyond 18 digits is missing",
			[]string{"999999999999999999 == 999999999999999999", "999999999999999999 - 1 == 999999999999999998", "0.000000000000000001 > 0"},
			[]string{"999999999999999999 * 10 > 1", "999999999999999999 + 999999999999999999 > 1", "cart.quantity * 999999999999999999 > 1",
				"sum(cart.lines, .quantity * 400000000000000000) >= 0"}},
		{"functions of numbers",
			[]string{"abs(-2.5) == 2.5", "abs(2.5) == 2.5", "floor(2.9) == 2", "floor(-2.1) == -3", "ceil(2.1) == 3", "ceil(-2.9) == -2", "round(2.5) == 3", "round(-2.5) == -3",
				"round(2.4) == 2", "min(3, 1, 2) == 1", "max(3, 1, 2) == 3", "max(cart.quantity) == 6", "min(5 * customer.orders, 25) == 15", "floor(cart.subtotal / 100) == 21",
				"max(cart.lines, 2) == 3"},
			[]string{"round(0.49) == 1"}},
		{"functions of texts",
			[]string{`lower("ÄB") == "äb"`, `upper(cart.channel) == "WEB"`, `trim("  a ") == "a"`, `len("größe") == 5`, `hasPrefix(customer.id, "C")`, `hasSuffix(customer.id, "1")`,
				`customer.attributes.tier | upper() == "GOLD"`, `lower(customer.attributes.tier) == "gold"`},
			[]string{`hasPrefix(customer.id, "c")`, `hasSuffix(customer.attributes.x, "")`}},
		{"texts compare by their characters",
			[]string{`"a" < "b"`, `"B" < "a"`, `"" < "a"`, `"a" <= "a"`, `"größe" == "größe"`, `customer.id >= "C"`, `"abc" contains "b"`, `"abc" startsWith "ab"`, `"abc" endsWith "bc"`,
				`cart.channel matches "^w.b$"`, `cart.channel matches "e"`, `"abc" contains ""`, `'a' == "a"`, "`a` == 'a'", `"a\"b" contains '"'`},
			[]string{`"A" == "a"`, `cart.channel matches "^e"`, `"abc" startsWith "b"`, `"b" < "a"`}},
		{"lists and ranges",
			[]string{`cart.channel in ["web", "app"]`, `cart.channel not in ["app"]`, `cart.channel in ["a", "b", "c", "d", "e", "f", "g", "web"]`, "cart.quantity in [5, 6]", "cart.quantity in 5..7", "6 in 6..6", "cart.quantity in [customer.orders, 6.0]",
				`customer.attributes.tier in ["gold", "silver"]`, `customer.attributes.points in [150]`, `cart.channel in [customer.id, "web"]`, "cart.lines in 1..3",
				`"staff" in customer.groups`, `customer.id in ["C1"]`, `customer.attributes.tier in ["x", "gold", 3]`},
			[]string{`cart.channel in ["a", "b", "c", "d", "e", "f", "g", "WEB"]`, "5.5 in 5..7", "cart.quantity in []", "8 in 5..7", "6 in 7..5", `cart.channel in []`, `customer.attributes.tier in [1, 2]`}},
		{"and, or and not",
			[]string{"true and true", "true || false", "not false", "!false", "true && not false", "false or true and true", "not (true and false)", "not false and true", "true or false and false"},
			[]string{"true and false", "(false or true) and false", "not true or false"}},
		{"the side that does not matter is not looked at",
			[]string{"vip or 1 / (cart.quantity - 6) > 0", "(vip ? 1 : 1 / (cart.quantity - 6)) == 1"},
			[]string{"many and 1 / (cart.quantity - 6) > 0"}},
		{"choices",
			[]string{"vip ? true : false", "(many ? 1 : 2) == 2", `(vip ? "a" : "b") == "a"`, "if vip { true } else { false }", "(many ? 1 : vip ? 2 : 3) == 2",
				`(vip ? customer.attributes.tier : customer.attributes.x) == "gold"`, "(vip ? customer.attributes.points : 0) == 150", "vip ? customer.attributes.newsletter : false"},
			[]string{"many ? true : false", `(many ? customer.attributes.tier : customer.attributes.x) == "gold"`}},
		{"comparisons in a row",
			[]string{"1 < 2 < 3", "1 <= cart.quantity <= 6", "10 > cart.quantity >= 6"}, []string{"1 < 3 < 2", "7 < cart.quantity < 9"}},
		{"predicates over lines",
			[]string{"any(cart.lines, .quantity > 2)", "all(cart.lines, .quantity > 0)", "none(cart.lines, .quantity > 3)", "one(cart.lines, .quantity == 1)",
				"count(cart.lines, .price < 50) == 2", "sum(cart.lines, .quantity) == cart.quantity", "sum(cart.lines, .price * .quantity) == cart.subtotal", "sum(cart.lines, .subtotal) == cart.subtotal",
				"sum(cart.lines, .total) == cart.total", "len(filter(cart.lines, .price > 100)) == 1", "sum(filter(cart.lines, .price < 50), .quantity) == 4",
				"filter(cart.lines, .price < 50) == 2", "any(filter(cart.lines, .tvs), .brand == 'Sony')", "any(cart.lines, .tvs and .quantity == 2)", "count(cart.lines, #.quantity > 1) == 2",
				"cart.lines | count(.quantity > 1) == 2", "any(cart.lines, {.quantity > 2})", `any(cart.lines, .attributes.colour == "red")`, `any(cart.lines, .attributes["free form"] == "x")`,
				"sum(cart.lines, .attributes.size) == 55.5", "any(cart.lines, vip)", "any(cart.lines, .sku == 'BOOK' and tvs.quantity == 2)", `any(cart.lines, .name startsWith "Gr")`},
			[]string{"any(cart.lines, .quantity > 3)", "all(cart.lines, .attributes.colour == 'red')", "one(cart.lines, .quantity > 1)", "any(cart.lines, many)"}},
		{"predicates over texts",
			[]string{`any(customer.groups, # startsWith "st")`, `all(customer.groups, len(#) > 2)`, `none(customer.groups, # == "x")`, `one(customer.groups, # == "vip")`,
				`count(customer.tags, true) == 1`, `len(filter(customer.groups, # != "vip")) == 1`, `"staff" in filter(customer.groups, # != "vip")`, `sum(customer.groups, len(#)) == 8`,
				`any(customer.groups, upper(#) == "VIP")`, `none(customer.attributes.nolist, true)`, `all(customer.attributes.nolist, false)`},
			[]string{`any(customer.groups, # == "VIP")`}},
		{"in nested predicates # is the inner element",
			[]string{`any(cart.lines, any(.tags, # == "4k"))`, `one(cart.lines, any(.categories, # == "sale"))`, `any(cart.lines, .quantity == 2 and any(.tags, # startsWith "4"))`,
				`count(cart.lines, any(.tags, # == "new")) == 2`, `all(cart.lines, any(cart.lines, .quantity == 3))`, `any(customer.groups, any(cart.lines, .quantity == 2))`,
				`any(cart.lines, count(.tags, true) == 2 and .quantity == 2)`},
			[]string{`any(cart.lines, .quantity == 3 and any(.tags, # == "new"))`}},
		{"categories of lines include their sub-categories",
			[]string{`any(cart.lines, .category == "tv")`, `any(cart.lines, .category == customer.attributes.favourite)`, `any(cart.lines, customer.attributes.favourite == .category)`,
				`any(cart.lines, .category in customer.attributes.interests)`, `any(cart.lines, "sale" in .categories)`},
			[]string{`any(cart.lines, .category == "oled")`, `any(cart.lines, .category == customer.attributes.tier)`}},
	}
}

func TestConditions(t *testing.T) {
	for _, s := range cartStatements() {
		t.Run(s.name, func(t *testing.T) {
			s.check(t, func(e []string) []bool { return conditions(t, shopCart(), friday, e) })
		})
	}
}

func itemStatements() []statement {
	return []statement{
		{"an item has its facts",
			[]string{`sku == "TV1"`, `name == "Größe OLED"`, "price == 999.99", "price >= 500", "quantity == 2", `brand == "Sony"`, `"new" in tags`, `attributes.colour == "black"`,
				"attributes.size > 55", "attributes.smart", `"usb" in attributes.ports`, `attributes["free form"] == "x"`, "len(tags) == 2", "quantity > 1"},
			[]string{`brand == "sony"`, `"NEW" in tags`, `attributes.colour != "black"`, "quantity > 2"}},
		{"a category includes its sub-categories, on either side",
			[]string{`category == "tv"`, `"tv" == category`, `category == "tv/oled"`, `category in ["tv", "x"]`, `category in ["tv/oled"]`, `category != "tv/led"`, `category != "tvs"`,
				`category not in ["audio"]`, `category == attributes.line`, `attributes.line == category`, `category startsWith "tv/"`},
			[]string{`category == "tv/oled/55"`, `category == "t"`, `category == "oled"`, `category != "tv"`, `category == ""`, `category in []`}},
		{"categories are all categories",
			[]string{`"tv" in categories`, `"sale" in categories`, `"sale/autumn" in categories`, `any(categories, # == "sale")`, `any(categories, # startsWith "sale/")`, `one(categories, # == "tv")`,
				`category in categories`, `attributes.line in categories`, `len(filter(categories, # == "sale")) == 1`, `"sale" in filter(categories, # == "sale")`},
			[]string{`"autumn" in categories`, `"sales" in categories`, `all(categories, # == "tv")`}},
		{"sets build on sets, named or not",
			[]string{"tvs", "tvs and price > 500", "not cheap", "tvs and not (cheap or nothing)", "tvs == true"}, []string{"cheap", "tvs and cheap", "nothing", "cheap_new"}},
		{"in a predicate the item is still at hand",
			[]string{`any(tags, # == "4k" and brand == "Sony")`, `any(tags, tvs)`, `all(tags, price > 5 and quantity == 2)`, `any(categories, # == category)`,
				`any(tags, any(attributes.ports, # == "usb" and sku == "TV1"))`},
			[]string{`any(tags, # == brand)`, `any(tags, cheap)`}},
		{"what is missing makes comparisons false",
			[]string{"attributes.x == nil", "(attributes.x ?? 1) == 1"},
			[]string{"attributes.x == 1", "attributes.x != 1", `"a" in attributes.x`, "attributes.x", "attributes.colour > 5"}},
	}
}

func TestItems(t *testing.T) {
	for _, s := range itemStatements() {
		t.Run(s.name, func(t *testing.T) {
			s.check(t, func(e []string) []bool { return matches(t, shopCart().Lines[0], e) })
		})
	}
}

func TestAnItemWithoutFacts(t *testing.T) {
	bare := statement{
		holds: []string{`brand == ""`, `category != "tv"`, `category == ""`, `category in [""]`, "quantity == 1", "len(tags) == 0", "none(categories, true)", `attributes.x == nil`},
		fails: []string{`category == "tv"`, `"" in categories`, `attributes.x == ""`},
	}
	bare.check(t, func(e []string) []bool {
		return matches(t, engine.Line{Item: &engine.Item{SKU: "A", Name: "A", Price: 100}, Quantity: 1}, e)
	})
}

func TestAGuestAndAnEmptyCart(t *testing.T) {
	usd, _ := engine.ParseCurrency("USD")
	guest := statement{
		holds: []string{"customer.id == nil", "customer.orders == 0", "customer.lifetime_spend == 0", "cart.subtotal == 0", "cart.lines == 0", "len(customer.groups) == 0", "shipping.method == nil",
			"payment.method == nil", "cart.channel == nil", "all(cart.lines, false)", "not any(cart.lines, true)", "sum(cart.lines, .quantity) == 0", "tvs.quantity == 0", "not vip",
			`"vip" not in customer.groups`},
		fails: []string{`shipping.country != "US"`, `shipping.country == "US"`, `shipping.country == ""`, `shipping.country in ["US", ""]`, `customer.id != "C1"`, `customer.id in ["", "C1"]`,
			`"X" in coupons`, `cart.channel not in ["web"]`, `cart.channel != "web"`, `cart.channel == ""`},
	}
	guest.check(t, func(e []string) []bool { return conditions(t, engine.Cart{Currency: usd}, friday, e) })
}

// TestConditionsThatBuildOnOneDoNotDisturbEachOther adds different parts to one
// condition of several.
func TestConditionsThatBuildOnOneDoNotDisturbEachOther(t *testing.T) {
	s := statement{
		holds: []string{"loyal and cart.quantity == 6", "loyal and cart.lines == 3", "loyal and cart.quantity > 1 and cart.lines > 1", "(vip or many or rich) or false"},
		fails: []string{"loyal and cart.quantity == 7", "loyal and cart.lines == 4", "loyal and cart.quantity > 9 and cart.lines > 1"},
	}
	s.check(t, func(e []string) []bool { return conditions(t, shopCart(), friday, e) })
}

// TestPartsAreEvaluatedOnce would not end if a part were evaluated twice at
// every depth.
func TestPartsAreEvaluatedOnce(t *testing.T) {
	for _, c := range []struct{ name, inner, outer string }{
		{"a length", "customer.attributes.tier", "(len(%s) == 4 ? customer.attributes.tier : customer.attributes.x)"},
		{"a choice", "4", "(%s == 4 ? 4 : 5)"},
		{"a missing value", "customer.attributes.x", "((%s ?? 4) == 4 ? customer.attributes.x : 5)"},
		{"a smallest number", "4", "min(5, (%s == 4 ? 4 : 5))"},
		{"a sign", "4", "-(-%s == -4 ? -4 : 5)"},
		{"a range", "4", "(%s in 1..4 ? 4 : 5)"},
		{"a remainder", "4", "(%s %% 5 == 4 ? 4 : 5)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			expression := c.inner
			for range 35 {
				expression = fmt.Sprintf(c.outer, expression)
			}
			expression = "(" + expression + ") == 4 or not (many) or true"
			if holds := conditions(t, shopCart(), friday, []string{expression}); !holds[0] {
				t.Error("got false, want true")
			}
		})
	}
}

func TestLongListsOfTextsCostNoMoreThanShortOnes(t *testing.T) {
	list := strings.TrimSuffix(strings.Repeat(`"A12", `, 450), ", ")
	s := statement{
		holds: []string{`any(tags, # not in [` + list + `])`},
		fails: []string{`sku in [` + list + `]`},
	}
	s.check(t, func(e []string) []bool { return matches(t, shopCart().Lines[0], e) })
}

func TestTheClockIsInThePromotionsTimezone(t *testing.T) {
	ruleset := compileAll(t, []string{
		`schedule: {timezone: Asia/Tokyo}, when: "now.weekday == 'sat' and now.hour == 6 and now.date == '2026-11-21'", deal: {percent_off: {of: order, percent: 1}}`,
		`when: "now.weekday == 'fri' and now.hour == 21", deal: {percent_off: {of: order, percent: 1}}`,
	})
	for id, o := range outcomes(t, ruleset, shopCart(), friday.In(time.FixedZone("X", 3600))) {
		if o.Reason != engine.Applied {
			t.Errorf("%s: got %s %v, want %s", id, o.Reason, o.Obstacle, engine.Applied)
		}
	}
}

// TestTotalsAreWhatEarlierPromotionsLeft also shows that a promotion does not
// see its own effect.
func TestTotalsAreWhatEarlierPromotionsLeft(t *testing.T) {
	ruleset := compileAll(t, []string{
		`priority: 2, when: cart.total == cart.subtotal and tvs.total == 1999.98, deal: {percent_off: {of: tvs, percent: 50}}`,
		`priority: 1, when: "tvs.total == 999.99 and cart.total == 1158.49 and tvs.subtotal == 1999.98 and any(cart.lines, .total == 999.99)", deal: {percent_off: {of: cheap, percent: 10}}`,
		`when: "cart.total == 1142.64 and cart.subtotal == 2158.48", deal: {percent_off: {of: order, percent: 1}}`,
	})
	for id, o := range outcomes(t, ruleset, shopCart(), friday) {
		if o.Reason != engine.Applied {
			t.Errorf("%s: got %s %v, want %s", id, o.Reason, o.Obstacle, engine.Applied)
		}
	}
}
