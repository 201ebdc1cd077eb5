package engine

// Promotion is what a merchandiser authored, compiled.
type Promotion struct {
	ID   string
	Name string
	// Source is where it was written, as file:line, for messages.
	Source string
	// Meaning names all that decides what the promotion does, with the sets and
	// conditions that it reads: promotions with the same ID and Meaning, in rulesets
	// of the same Frame, do the same. "" is like no other: whoever changes a
	// promotion for a ruleset that becomes part of a Pair empties it.
	Meaning  string
	Disabled bool
	// Priority orders promotions within a group: higher first, then by ID. It
	// also breaks ties between promotions that exclude each other.
	Priority int
	Schedule Schedule
	// Coupon is the code that must be on the cart; the zero value needs none.
	Coupon Coupon
	// Currencies are those of the carts for which the promotion's amounts hold;
	// none means that it has no amounts, so that any currency will do.
	Currencies []Currency
	// Timed says that the outcome depends on the instant of the quote.
	Timed bool
	// When decides whether a cart qualifies; nil always does.
	When Condition
	// Requires are facts without which When is false, so that carts without
	// them need not be asked. Leaving facts out costs time, never correctness.
	Requires []Fact
	// Group names the group of the policy it belongs to, "" for DefaultGroup.
	Group string
	// Exclusive says which other promotions may not have an effect beside it.
	Exclusive Exclusivity
	// Excludes names promotions and groups that may not have an effect beside
	// it, whichever of the two says so.
	Excludes []string
	Limits   Limits
	// Deals are what the customer gets, all from the same starting prices.
	Deals []Deal
}

// open reports whether the promotion may act on every cart that its condition
// accepts.
func (p *Promotion) open() bool {
	return !p.Disabled && p.Schedule.always() && p.Coupon == Coupon{} && len(p.Currencies) == 0 && p.Limits == Limits{}
}

// Coupon says which codes unlock a promotion: one code, or any code of a pool.
type Coupon struct {
	Code string // normalised
	Pool string
}

// Exclusivity is the scope within which a promotion tolerates no other.
type Exclusivity uint8

// The scopes of exclusivity. A promotion that is exclusive in its level has the
// levels of its deals for itself.
const (
	NotExclusive Exclusivity = iota
	ExclusiveInGroup
	ExclusiveInLevel
	ExclusiveInCart
)

// Limits bound how often and how much a promotion gives. A nil Number limits
// nothing; one whose value is missing limits to zero.
type Limits struct {
	// Redemptions is how many orders may use the promotion altogether.
	Redemptions Number
	// PerCustomer is how many orders of one customer may. Without a customer
	// the promotion does not apply.
	PerCustomer Number
	// PerCode is how many orders may use the promotion with one coupon code.
	PerCode Number
	// PerCart is how many applications one cart may have.
	PerCart Number
	// Budget is what the promotion may take off in all orders together. It is
	// never exceeded: a discount that does not fit is not given, of a deal with
	// several applications as many as fit.
	Budget Number
	// MaxDiscount is what the promotion takes off one cart at most; the rest of
	// its discount is cut.
	MaxDiscount Number
	// Per is how long Redemptions, PerCustomer and Budget last before they
	// begin anew, by the calendar of the promotion's timezone.
	Per Period
}

// Condition decides on the facts of a cart. Implementations are pure and safe
// for concurrent use.
type Condition interface {
	// Holds reports whether the condition is true.
	Holds(s *Scope) bool
	// Why returns the parts that made the condition false, in source order. It
	// is only asked after Holds said no.
	Why(s *Scope) []Clause
	// Misses returns what more in the cart could make the condition true, each
	// an alternative. It is only asked after Holds said no; none means that
	// buying more does not help, or that it cannot be told.
	Misses(s *Scope) []Miss
}

// Miss is what a cart lacks: so many units, or so much money, of an item set or
// of anything.
type Miss struct {
	// Of says of what; an order Selection is anything.
	Of Selection
	// Units and Spend are how much more is needed. One of them is zero.
	Units int64
	Spend Amount
}

// Number is a number that may depend on the cart. Implementations are pure and
// safe for concurrent use.
type Number interface {
	// Value returns the number, and false when it depends on a fact that is
	// missing.
	Value(s *Scope) (Decimal, bool)
}

// Constant is a Number that depends on nothing.
type Constant Decimal

// Value implements Number.
func (c Constant) Value(*Scope) (Decimal, bool) { return Decimal(c), true }

// PerCurrency is a Number that is an amount in the cart's currency, and missing
// for a cart in any other.
type PerCurrency map[Currency]Decimal

// Value implements Number.
func (m PerCurrency) Value(s *Scope) (Decimal, bool) {
	d, ok := m[s.Cart().Currency]
	return d, ok
}

// Fact is something a cart can have, by which promotions are found without
// looking at all of them.
type Fact struct {
	Kind FactKind
	// Set is the index of the item set, for HasItems.
	Set int
	// Text is the group, tag, channel, country or method, for the other kinds.
	Text string
}

// FactKind is the kind of a Fact.
type FactKind uint8

// The kinds of facts: the cart holds an item of a set, the customer is in a
// group or has a tag, the cart is of a channel, goes to a country, by a method
// of shipping, is paid in a way.
const (
	HasItems FactKind = iota
	InCustomerGroup
	HasCustomerTag
	OnChannel
	ShipsTo
	ShipsBy
	PaidBy
)
