package backtest

import (
	"encoding/json"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// Result is what came of a backtest. Its JSON form is version 1, to which fields
// are only added; report publishes its schema. Amounts are whole smallest units.
// Lists are sorted, and the same input gives the same bytes.
type Result struct {
	Version int   `json:"version"`
	Old     Rules `json:"old"`
	New     Rules `json:"new"`
	Input   Input `json:"input"`
	// Orders counts the orders of the input; those of Currencies are priced.
	Orders Orders `json:"orders"`
	// Currencies has a part for each currency, by code.
	Currencies []Currency `json:"currencies"`
	// Failures are the orders that could not be priced, by kind. They count in
	// nothing else.
	Failures []Failure `json:"failures"`
	// Invariants are those that were checked, the dear ones last.
	Invariants []Checked `json:"invariants"`
	// FailIf is the condition that was asked for, nil for none.
	FailIf *Verdict `json:"fail_if,omitempty"`
}

// Rules names a ruleset.
type Rules struct {
	// Name is what the user calls it: a folder, a git ref, a digest.
	Name       string `json:"name"`
	Digest     string `json:"digest"`
	Promotions int    `json:"promotions"`
}

// Input says which orders were priced.
type Input struct {
	From   string     `json:"from"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	Sample int        `json:"sample,omitempty"`
	Seed   uint64     `json:"seed,omitempty"`
	Limit  int64      `json:"limit,omitempty"`
	// Usage is what limits were checked against: "counted" or "recorded".
	Usage string `json:"usage"`
}

// Orders counts orders.
type Orders struct {
	// Read are all, of which Skipped were not asked for, and the others were
	// priced or Failed.
	Read    int64 `json:"read"`
	Skipped int64 `json:"skipped"`
	Priced  int64 `json:"priced"`
	Failed  int64 `json:"failed"`
	// Changed are those of the priced ones for which the customer pays or gets
	// something else.
	Changed int64 `json:"changed"`
	// Broken are those of the priced ones that break an invariant under the new
	// rules.
	Broken int64      `json:"broken"`
	First  *time.Time `json:"first,omitempty"` // when the first was placed
	Last   *time.Time `json:"last,omitempty"`
}

// Sums are what orders come to under one ruleset.
type Sums struct {
	// Discount is what promotions take off, shipping included.
	Discount engine.Amount `json:"discount"`
	// Gifts is what gifts are worth.
	Gifts engine.Amount `json:"gifts"`
	// Revenue is what customers pay, shipping included.
	Revenue engine.Amount `json:"revenue"`
	// Discounted are the orders that have a discount or a gift.
	Discounted int64 `json:"discounted"`
}

// Currency is the part of a result that is in one currency.
type Currency struct {
	Currency engine.Currency `json:"currency"`
	Digits   int             `json:"digits"`
	Orders   int64           `json:"orders"`
	Changed  int64           `json:"changed"`
	// Cheaper and Dearer are the changed orders for which the customer saves
	// more or less, gifts included; what is left of them is as cheap.
	Cheaper int64 `json:"cheaper"`
	Dearer  int64 `json:"dearer"`
	// Subtotal is the list price of all orders, shipping included.
	Subtotal engine.Amount `json:"subtotal"`
	Old      Sums          `json:"old"`
	New      Sums          `json:"new"`
	Measures Measures      `json:"measures"`
	// Promotions of both rulesets, those with the most different spend first.
	Promotions []Promotion `json:"promotions"`
	// Pairs of promotions that took something off the same line, those with the
	// most different count first.
	Pairs []Pair `json:"pairs"`
	// Days are those with orders, in UTC.
	Days []Day `json:"days"`
	// Distribution counts orders by how much of their price is taken off.
	Distribution []Bucket `json:"distribution"`
	// Worst are the orders that change most.
	Worst []Changed `json:"worst"`
}

// Promotion is what a promotion does in all orders.
type Promotion struct {
	Promotion string `json:"promotion"`
	Name      string `json:"name,omitempty"`
	Old       *Spend `json:"old"` // nil where the old rules do not have it
	New       *Spend `json:"new"`
}

// Spend is what a promotion does under one ruleset.
type Spend struct {
	Orders       int64         `json:"orders"`       // in which it was applied
	Applications int64         `json:"applications"` // how often it fired in them
	Discount     engine.Amount `json:"discount"`
	Gifts        engine.Amount `json:"gifts"` // what they are worth
	// Unanswered are orders in which it had no effect because the record has no
	// answer of its plugin.
	Unanswered int64 `json:"unanswered,omitempty"`
	// Budget is what it may take off, in a period where Per is not empty, such
	// as 2010-12, the last that had orders.
	Budget *engine.Amount `json:"budget,omitempty"`
	Per    string         `json:"per,omitempty"`
	// LimitedSince is when what the orders before had used of its limits first
	// kept it from an order.
	LimitedSince *time.Time `json:"limited_since,omitempty"`
}

// Total is the discount with the gifts.
func (s *Spend) Total() engine.Amount {
	if s == nil {
		return 0
	}
	return s.Discount + s.Gifts
}

// Pair is two promotions on the same line.
type Pair struct {
	Promotions [2]string `json:"promotions"`
	Old        Stacked   `json:"old"`
	New        Stacked   `json:"new"`
}

// Stacked is what a pair does under one ruleset.
type Stacked struct {
	Orders int64 `json:"orders"`
	// Discount is what both took off the lines that they share.
	Discount engine.Amount `json:"discount"`
}

// Day has the orders that were placed on a day.
type Day struct {
	Day    string `json:"day"` // 2010-12-01
	Orders int64  `json:"orders"`
	Old    Sums   `json:"old"`
	New    Sums   `json:"new"`
	// Promotions is what each takes off with its gifts, by id.
	Promotions []DaySpend `json:"promotions"`
}

// DaySpend is what a promotion took off on a day, gifts included.
type DaySpend struct {
	Promotion string        `json:"promotion"`
	Old       engine.Amount `json:"old"`
	New       engine.Amount `json:"new"`
}

// Bucket counts orders of which more than From and at most To per cent of the
// price are taken off, none where both are 0.
type Bucket struct {
	From int   `json:"from"`
	To   int   `json:"to"`
	Old  int64 `json:"old"`
	New  int64 `json:"new"`
}

// Changed is an order that changes.
type Changed struct {
	Reference string        `json:"reference"`
	Place     string        `json:"place"`
	PlacedAt  time.Time     `json:"placed_at"`
	Subtotal  engine.Amount `json:"subtotal"`
	Old       Outcome       `json:"old"`
	New       Outcome       `json:"new"`
	Lines     []CartLine    `json:"lines"`
	// Order is a line of checkout orders export without its quote, which can be
	// priced again, also by a backtest.
	Order json.RawMessage `json:"order"`
	// Test is a rule test of the order that expects what the new rules make of
	// it, without personal fields; see package record.
	Test string `json:"test"`
}

// Outcome is what a ruleset makes of an order.
type Outcome struct {
	Discount   engine.Amount `json:"discount"`
	Gifts      engine.Amount `json:"gifts"`
	Payable    engine.Amount `json:"payable"`
	Promotions []Applied     `json:"promotions"`
}

// Applied is a promotion that was applied to an order.
type Applied struct {
	Promotion string        `json:"promotion"`
	Discount  engine.Amount `json:"discount"`
	Gifts     engine.Amount `json:"gifts"`
}

// CartLine is a line of a cart.
type CartLine struct {
	SKU      string        `json:"sku"`
	Name     string        `json:"name"`
	Quantity int64         `json:"quantity"`
	Price    engine.Amount `json:"price"`
}

// Failure counts orders that could not be priced.
type Failure struct {
	Kind   Kind  `json:"kind"`
	Orders int64 `json:"orders"`
	// Examples are the first ones.
	Examples []Example `json:"examples"`
}

// Example is an order with what is wrong.
type Example struct {
	Reference string `json:"reference"`
	Place     string `json:"place"`
	Problem   string `json:"problem"`
}

// Checked is an invariant, and what came of it.
type Checked struct {
	Invariant string `json:"invariant"`
	// Place is where it is written, as file:line:column.
	Place string `json:"place"`
	// Orders are those that it was checked on.
	Orders int64 `json:"orders"`
	// Old and New are the orders that break it under the old and under the new
	// rules, Both those that do under both.
	Old  int64 `json:"old"`
	New  int64 `json:"new"`
	Both int64 `json:"both"`
	// Examples are the first that break it under the new rules, without those the
	// first under the old ones.
	Examples []Breach `json:"examples"`
}

// Breach is an order that breaks an invariant.
type Breach struct {
	Reference string `json:"reference"`
	Place     string `json:"place"`
	// Old and New are the values with which it is broken under the old and under
	// the new rules, "" where it holds.
	Old string `json:"old"`
	New string `json:"new"`
	// Test is a rule test of the order, as Changed has it, "" where only the old
	// rules break the invariant.
	Test string `json:"test,omitempty"`
}

// Verdict is what came of a condition.
type Verdict struct {
	Condition string `json:"condition"`
	// Met are the currencies for which it holds.
	Met []string `json:"met"`
}
