package diag

// Code names a kind of finding, such as R0103.
type Code string

// The codes. R00 is about files and their structure, R01 about expressions and
// what they mean, R02 about rule tests.
const (
	Syntax         Code = "R0001"
	UnknownKey     Code = "R0002"
	MissingKey     Code = "R0003"
	WrongValue     Code = "R0004"
	Duplicate      Code = "R0005"
	NothingToLoad  Code = "R0006"
	NotSupported   Code = "R0007"
	ReservedName   Code = "R0008"
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
)

// Page explains a code.
type Page struct {
	Code  Code
	Title string
	// Avoid and Prefer are rule text; Why says what goes wrong otherwise.
	Avoid, Prefer, Why string
}

// Pages returns the page of every code, sorted.
func Pages() []Page {
	return []Page{
		{Syntax, "The file is not YAML",
			"when: cart.quantity > 3 ? true : false", `when: "cart.quantity > 3 ? true : false"`,
			"YAML gives meaning to characters such as a colon followed by a blank. Quote an expression that contains one."},
		{UnknownKey, "A key that the language does not have",
			"percent_off: {of: tvs, percents: 10}", "percent_off: {of: tvs, percent: 10}",
			"A mistyped key would otherwise be ignored, and the promotion would do something else than its author meant."},
		{MissingKey, "A key that has to be there is not",
			"multibuy: {of: tvs, quantity: 3}", "multibuy: {of: tvs, quantity: 3, pay_for: 2}",
			"Without it the deal is not complete."},
		{WrongValue, "A value of the wrong kind",
			"enabled: sometimes", "enabled: true",
			"The key wants another kind of value; the message names it."},
		{Duplicate, "The same key, id or name twice",
			"two promotions with id: welcome", "a different id for each",
			"Names work across all files of a folder, so a second one would hide the first."},
		{NothingToLoad, "No rule file, or no promotion in any",
			"an empty folder", "a file with at least one promotion",
			"An empty folder is far more often a wrong path or a failed mount than a shop without promotions, so it never replaces promotions that are in force."},
		{NotSupported, "A part of the language that this version does not run yet",
			"on_failure: reject", "a promotion without the key",
			"Ignoring the key would sell on other terms than the file says."},
		{ReservedName, "A name that the language uses itself",
			`sets: {cart: category == "tv"}`, `sets: {tvs: category == "tv"}`,
			"The name would hide a variable or a function."},
		{BadExpression, "The expression cannot be read",
			"when: cart.quantity >", "when: cart.quantity > 3",
			"The message says what was expected where."},
		{TypeMismatch, "The parts of an expression do not fit together",
			`when: cart.quantity > "3"`, "when: cart.quantity > 3",
			"Texts, numbers and conditions cannot stand for one another."},
		{UnknownName, "A name that nothing has",
			"when: tv.quantity > 3", "when: tvs.quantity > 3",
			"A mistyped name would otherwise be a condition that is never true."},
		{TooCostly, "The expression is too long or too deep",
			"any(cart.lines, any(cart.lines, any(cart.lines, true)))", "a named condition for each part",
			"The cost of pricing a cart is bounded when rules are loaded, so that no rule can stop the shop."},
		{NotAllowed, "A function or operator that rules may not use",
			"when: now() > date(\"2026-12-01\")", "schedule: {from: 2026-12-01}",
			"Expressions have no clock, no randomness and no unbounded work, so that an order can be priced again to the same cent."},
		{Cycle, "Sets or conditions that are built on themselves",
			"sets: {a: b, b: a}", `sets: {a: b, b: category == "tv"}`,
			"There is no way to tell what they mean."},
		{OutOfRange, "A number that makes no sense where it stands",
			"percent_off: {of: order, percent: 120}", "percent_off: {of: order, percent: 12}",
			"A discount is between nothing and everything."},
		{AmountDigits, "An amount with more digits than the currency has",
			"amount: 0.005", "amount: 0.01",
			"Rounding an amount that somebody wrote would hide their mistake."},
		{UnknownItem, "A test uses a SKU that its catalogue does not have",
			"cart: [TV1 x3]", "cart: [120P90 x3]",
			"A test without its item proves nothing."},
		{UnknownTarget, "A test names a promotion that the rules do not have",
			"applied: [tv-3for2]", "applied: [tv-3-for-2]",
			"The expectation could never fail."},
		{TestIncomplete, "A test that would prove nothing, or not the same thing tomorrow",
			"a test without expect", "expect: {total: 99.98}",
			"A test that cannot fail is worse than none; a promotion with a schedule must be tested at a given instant."},
	}
}
