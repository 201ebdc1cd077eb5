package invariant

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Invariant is one thing that must be true. It is safe for concurrent use.
type Invariant struct {
	// Text is the condition as it is written, or "permute cart.lines".
	Text string
	// Place is where it is written, as file:line:column.
	Place     string
	condition *compile.Invariant
	permute   string // "" for a condition
}

// Violation is an invariant that does not hold.
type Violation struct {
	Invariant string `json:"invariant"`
	// Values are the parts that are false with their values in place, or how the
	// quotes differ.
	Values string `json:"values"`
}

// Read reads a list of invariants, for a shop with the currency. Faults are
// reported at their places.
func Read(v syntax.Value, currency engine.Currency) []Invariant {
	var all []Invariant
	for _, item := range v.Items() {
		if item.Kind() == syntax.Mapping {
			what := item.Map("permute").Require("permute")
			text, ok := what.WantText()
			if ok && !slices.Contains(Permutable(), text) {
				what.Report(diag.WrongValue, "write "+strings.Join(Permutable(), " or "), "the order of %.40q cannot be changed", text)
			}
			all = append(all, Invariant{Text: "permute " + text, Place: item.Location(), permute: text})
			continue
		}
		if condition := compile.NewInvariant(item, currency); condition != nil {
			all = append(all, Invariant{Text: strings.TrimSpace(item.Text()), Place: item.Location(), condition: condition})
		}
	}
	return all
}

// Permutable returns what permute can be of.
func Permutable() []string { return []string{"cart.lines", "coupons"} }

// Permutes reports whether the invariant is about the order of something, so that
// to check it costs two prices more.
func (i Invariant) Permutes() bool { return i.condition == nil }

// Check returns which of the invariants do not hold of a request and the quote that
// the rules gave for it. The request has what plugins answered. The error is that of
// engine.Ruleset.Price.
func Check(all []Invariant, rules *engine.Ruleset, req engine.Request, q *engine.Quote) ([]Violation, error) {
	var violations []Violation
	broken, err := Broken(all, rules, req, q)
	for i, values := range broken {
		if values != "" {
			violations = append(violations, Violation{all[i].Text, values})
		}
	}
	return violations, err
}

// Broken returns for each of the invariants the values with which it is broken, as
// in Violation, and "" where it holds; nil where there are no invariants. It is Check
// for many carts.
func Broken(all []Invariant, rules *engine.Ruleset, req engine.Request, q *engine.Quote) ([]string, error) {
	if len(all) == 0 {
		return nil, nil
	}
	broken := make([]string, len(all))
	if slices.ContainsFunc(all, func(i Invariant) bool { return !i.Permutes() }) {
		err := rules.Read(req, q, func(s *engine.Scope) {
			for n, i := range all {
				if !i.Permutes() {
					broken[n] = i.values(s)
				}
			}
		})
		if err != nil {
			return nil, fmt.Errorf("check what is always true: %w", err)
		}
	}
	for n, i := range all {
		if i.Permutes() {
			values, err := i.permuted(rules, req, q)
			if err != nil {
				return nil, fmt.Errorf("check %s: %w", i.Text, err)
			}
			broken[n] = values
		}
	}
	return broken, nil
}

// values are those of the parts that are false, "" where the condition holds.
func (i Invariant) values(s *engine.Scope) string {
	holds, clauses := i.condition.Check(s)
	if holds {
		return ""
	}
	var values []string
	for _, c := range clauses {
		values = append(values, c.Values)
	}
	return cmp.Or(strings.Join(values, ", "), "false")
}

// permuted prices the cart in other orders.
func (i Invariant) permuted(rules *engine.Ruleset, req engine.Request, q *engine.Quote) (string, error) {
	for _, turn := range []struct {
		how    string
		change func(*engine.Cart)
	}{{"backwards", i.backwards}, {"from the second", i.rotated}} {
		other := req
		turn.change(&other.Cart)
		priced, err := rules.Price(other)
		switch {
		case err != nil:
			return "", err
		case priced.Total != q.Total || priced.Payable != q.Payable:
			return fmt.Sprintf("%s, %s is payable in place of %s", turn.how, q.Currency.Format(priced.Payable), q.Currency.Format(q.Payable)), nil
		case !reflect.DeepEqual(priced, *q):
			return turn.how + ", the same is payable, and something else of the quote differs", nil
		}
	}
	return "", nil
}

func (i Invariant) backwards(c *engine.Cart) {
	if i.permute == "coupons" {
		c.Coupons = slices.Clone(c.Coupons)
		slices.Reverse(c.Coupons)
		return
	}
	c.Lines = slices.Clone(c.Lines)
	slices.Reverse(c.Lines)
}

func (i Invariant) rotated(c *engine.Cart) {
	if i.permute == "coupons" {
		c.Coupons = firstLast(c.Coupons)
		return
	}
	c.Lines = firstLast(c.Lines)
}

func firstLast[T any](list []T) []T {
	if len(list) < 2 {
		return list
	}
	return append(slices.Clone(list[1:]), list[0])
}
