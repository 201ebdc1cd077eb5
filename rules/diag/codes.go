package diag

import "strings"

// Code names a kind of finding, such as R0103.
type Code string

// The codes. R00 is about files and their structure, R01 about expressions and
// what they mean, R02 about rule tests. R05 is about rules that load and yet are
// hardly meant as they are.
const (
	Syntax         Code = "R0001"
	UnknownKey     Code = "R0002"
	MissingKey     Code = "R0003"
	WrongValue     Code = "R0004"
	Duplicate      Code = "R0005"
	NothingToLoad  Code = "R0006"
	NotSupported   Code = "R0007"
	ReservedName   Code = "R0008"
	UnknownPlugin  Code = "R0009"
	PluginConfig   Code = "R0010"
	PluginSchema   Code = "R0011"
	BadExpression  Code = "R0101"
	TypeMismatch   Code = "R0102"
	UnknownName    Code = "R0103"
	TooCostly      Code = "R0104"
	NotAllowed     Code = "R0105"
	Cycle          Code = "R0106"
	OutOfRange     Code = "R0107"
	AmountDigits   Code = "R0108"
	UnknownItem    Code = "R0201"
	UnknownTarget  Code = "R0202"
	TestIncomplete Code = "R0203"

	NeverTrue        Code = "R0501"
	AlwaysTrue       Code = "R0502"
	Shadowed         Code = "R0503"
	Overlapping      Code = "R0504"
	Stacking         Code = "R0505"
	BelowCost        Code = "R0506"
	Unbounded        Code = "R0507"
	Expired          Code = "R0508"
	NotInCatalogue   Code = "R0509"
	UnreachableTier  Code = "R0510"
	Unused           Code = "R0511"
	NotPinned        Code = "R0512"
	GivesNothing     Code = "R0513"
	Repeated         Code = "R0514"
	UselessAllowance Code = "R0515"
	NoCodes          Code = "R0516"
	NeverRuns        Code = "R0517"
)

// Page explains a code.
type Page struct {
	Code  Code
	Title string
	// Avoid and Prefer are whole files: rules, or for R02 tests of rules. Several
	// files have their names before them, as in -- rules.yaml --. Avoid
	// has the fault, and no other; Prefer is the same put right.
	Avoid, Prefer string
	// Why says what goes wrong otherwise.
	Why string
}

// Render writes the page in full.
func (p Page) Render() string {
	return string(p.Code) + "  " + p.Title + "\n\navoid\n" + indented(p.Avoid) + "\nprefer\n" + indented(p.Prefer) +
		"\nwhy\n" + indented(p.Why)
}

func indented(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n" }

// Pages returns the page of every code, sorted.
func Pages() []Page {
	return append(loadPages(), lintPages()...)
}

// loadPages are the pages of faults that keep rules or tests from loading.
func loadPages() []Page {
	return []Page{
		{
			Code: Syntax, Title: "The file is not YAML",
			Avoid: `conditions:
  home: shipping.country == "GB" ? true : false
promotions:
  - {id: at-home, when: home, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `conditions:
  home: 'shipping.country == "GB" ? true : false'
promotions:
  - {id: at-home, when: home, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `YAML gives a meaning to characters such as a colon before a blank. Quote an expression that has one,
one that begins with a quote, and inside { } one with a comma or a bracket.`,
		},
		{
			Code: UnknownKey, Title: "A key that the language does not have",
			Avoid: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10, max_amount: 20}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10, max_discount: 20}}}`,
			Why: `A mistyped key would otherwise be passed over, and the promotion would do something else than its author
meant.`,
		},
		{
			Code: MissingKey, Title: "A key that has to be there is not, or has no value",
			Avoid: `promotions:
  - {id: socks, deal: {multibuy: {of: category == "socks", quantity: 3}}}`,
			Prefer: `promotions:
  - {id: socks, deal: {multibuy: {of: category == "socks", quantity: 3, pay_for: 2}}}`,
			Why: `Without it the promotion is not complete. A key without a value counts as missing, because a list that is
empty by mistake would otherwise mean all.`,
		},
		{
			Code: WrongValue, Title: "A value of the wrong kind",
			Avoid: `promotions:
  - {id: spring, enabled: sometimes, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `promotions:
  - {id: spring, enabled: true, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `The key wants another kind of value, or one of a few words; the message names them. Keys that have no
meaning beside each other have this code too.`,
		},
		{
			Code: Duplicate, Title: "The same key, id or name twice",
			Avoid: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10}}}
  - {id: spring, deal: {amount_off: {of: order, amount: 5}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 10}}}
  - {id: spring-5, deal: {amount_off: {of: order, amount: 5}}}`,
			Why: `Names hold in all files of a folder, so that one of the two would hide the other.`,
		},
		{
			Code: NothingToLoad, Title: "No rule file, or no promotion in any",
			Avoid: `promotions: []`,
			Prefer: `promotions:
  - {id: spring, enabled: false, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `An empty folder is far more often a wrong path or a failed mount than a shop without promotions, so it
never replaces promotions that are in force. To have none, disable them.`,
		},
		{
			Code: NotSupported, Title: "A part of YAML that rules do not have",
			Avoid: `promotions:
  - {id: spring, when: &large cart.quantity > 9, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `conditions: {large: cart.quantity > 9}
promotions:
  - {id: spring, when: large, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `Anchors and aliases can make a short file grow without bound, and YAML drops a tag such as ! without a
word. Sets and conditions say a thing once.`,
		},
		{
			Code: ReservedName, Title: "A name that the language uses itself",
			Avoid: `sets: {order: category == "socks"}
promotions:
  - {id: socks, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `sets: {socks: category == "socks"}
promotions:
  - {id: socks, deal: {percent_off: {of: socks, percent: 10}}}`,
			Why: `The name would hide a variable, a function or a word: here, nobody could tell whether the whole order is
meant.`,
		},
		{
			Code: UnknownPlugin, Title: "A plugin, or a kind of deal of one, that plugins.lock.yaml does not have",
			Avoid: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalti}}}
-- plugins.lock.yaml --
version: 1
plugins: {loyalty: {version: "1.0", api: 1, deals: {spend_points: {effect: order}}}}`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty}}}
-- plugins.lock.yaml --
version: 1
plugins: {loyalty: {version: "1.0", api: 1, deals: {spend_points: {effect: order}}}}`,
			Why: `The file says which programs may decide prices, and what they offer. checkout plugins lock writes it.`,
		},
		{
			Code: PluginConfig, Title: "A config that the plugin does not accept",
			Avoid: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty, config: {rate: plenty}}}}
-- plugins.lock.yaml --
version: 1
plugins:
  loyalty:
    version: "1.0"
    api: 1
    deals: {spend_points: {effect: order, schema: {properties: {rate: {type: number}}}}}`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty, config: {rate: 0.01}}}}
-- plugins.lock.yaml --
version: 1
plugins:
  loyalty:
    version: "1.0"
    api: 1
    deals: {spend_points: {effect: order, schema: {properties: {rate: {type: number}}}}}`,
			Why: `The plugin says by a JSON Schema what its configs have. What does not fit would fail at the first cart.`,
		},
		{
			Code: PluginSchema, Title: "A schema in plugins.lock.yaml that cannot be used",
			Avoid: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty}}}
-- plugins.lock.yaml --
version: 1
plugins: {loyalty: {version: "1.0", api: 1, deals: {spend_points: {effect: order, schema: {type: nmber}}}}}`,
			Prefer: `-- rules.yaml --
promotions:
  - {id: points, deal: {plugin: {name: loyalty}}}
-- plugins.lock.yaml --
version: 1
plugins: {loyalty: {version: "1.0", api: 1, deals: {spend_points: {effect: order, schema: {type: object}}}}}`,
			Why: `Without a schema nobody could tell whether a config fits. A schema is JSON Schema, of at most 64 KiB, and
refers to nothing outside itself.`,
		},
		{
			Code: BadExpression, Title: "The expression cannot be read",
			Avoid: `promotions:
  - {id: spring, when: cart.quantity =< 3, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `promotions:
  - {id: spring, when: cart.quantity <= 3, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `The message says what was not expected, and where.`,
		},
		{
			Code: TypeMismatch, Title: "The parts of an expression do not fit together",
			Avoid: `promotions:
  - {id: spring, when: cart.quantity > "3", deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `promotions:
  - {id: spring, when: cart.quantity > 3, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `Texts, numbers and conditions cannot stand for one another; the comparison would never be true.`,
		},
		{
			Code: UnknownName, Title: "A name that nothing has",
			Avoid: `sets: {socks: category == "socks"}
promotions:
  - {id: spring, when: sock.quantity > 3, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `sets: {socks: category == "socks"}
promotions:
  - {id: spring, when: socks.quantity > 3, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `A mistyped name would otherwise be a condition that is never true.`,
		},
		{
			Code: TooCostly, Title: "The expression is too long or too deep",
			Avoid: `conditions:
  pairs: any(cart.lines, any(cart.lines, any(cart.lines, .price > 100)))
promotions:
  - {id: spring, when: pairs, deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `conditions:
  pairs: any(cart.lines, .price > 100)
promotions:
  - {id: spring, when: pairs, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `What pricing a cart may cost is bounded when rules are loaded, so that no rule can stop the shop.`,
		},
		{
			Code: NotAllowed, Title: "A function or operator that rules may not use",
			Avoid: `promotions:
  - {id: spring, when: now() > date("2026-12-01"), deal: {percent_off: {of: order, percent: 10}}}`,
			Prefer: `promotions:
  - {id: spring, schedule: {from: 2026-12-01}, deal: {percent_off: {of: order, percent: 10}}}`,
			Why: `Expressions have no clock but now, no randomness and no unbounded work, so that an order can be priced
again to the same cent.`,
		},
		{
			Code: Cycle, Title: "Sets or conditions that are built on themselves",
			Avoid: `sets:
  small: not large
  large: not small
promotions:
  - {id: spring, deal: {percent_off: {of: large, percent: 10}}}`,
			Prefer: `sets:
  small: not large
  large: attributes.litres > 50
promotions:
  - {id: spring, deal: {percent_off: {of: large, percent: 10}}}`,
			Why: `There is no way to tell what they mean.`,
		},
		{
			Code: OutOfRange, Title: "A number that makes no sense where it stands",
			Avoid: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 120}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {percent_off: {of: order, percent: 12}}}`,
			Why: `A percentage is from 0 to 100, an amount not negative, a number of units whole and at least 1; steps
ascend, and a schedule ends after it begins.`,
		},
		{
			Code: AmountDigits, Title: "An amount with more digits than the currency has",
			Avoid: `promotions:
  - {id: spring, deal: {amount_off: {of: order, amount: 0.005}}}`,
			Prefer: `promotions:
  - {id: spring, deal: {amount_off: {of: order, amount: 0.01}}}`,
			Why: `To round an amount that somebody wrote would hide their mistake.`,
		},
		{
			Code: UnknownItem, Title: "A test uses a SKU that its catalogue does not have",
			Avoid: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCK x2]}, expect: {total: 9.00}}`,
			Prefer: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCKS x2]}, expect: {total: 9.00}}`,
			Why: `A test without its item proves nothing.`,
		},
		{
			Code: UnknownTarget, Title: "A test names a promotion that the rules do not have",
			Avoid: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCKS x2]}, expect: {not_applied: {sprnig: disabled}}}`,
			Prefer: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCKS x2]}, expect: {not_applied: {summer: disabled}}}`,
			Why: `The expectation could never fail.`,
		},
		{
			Code: TestIncomplete, Title: "A test that would prove nothing, or not the same thing tomorrow",
			Avoid: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCKS x2]}}`,
			Prefer: `catalogue: [{sku: SOCKS, price: 5.00}]
tests:
  - {name: a pair, given: {cart: [SOCKS x2]}, expect: {total: 9.00}}`,
			Why: `A test that cannot fail is worse than none. Where a promotion depends on the time, the test also has to
give an instant.`,
		},
	}
}
