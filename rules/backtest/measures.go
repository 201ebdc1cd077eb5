package backtest

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"github.com/checkout-promotions/checkout/engine"
)

// Measures are the numbers that a Condition can name. Amounts are in whole units
// of the currency, such as pounds; a percentage is of the old value, and huge
// where that is 0 and the new one is not.
type Measures struct {
	Orders          int     `expr:"orders" json:"orders"`
	Failed          int     `expr:"failed" json:"failed"`
	FailedPct       float64 `expr:"failed_pct" json:"failed_pct"`
	Changed         int     `expr:"changed" json:"changed"`
	ChangedPct      float64 `expr:"changed_pct" json:"changed_pct"`
	Cheaper         int     `expr:"cheaper" json:"cheaper"`
	Dearer          int     `expr:"dearer" json:"dearer"`
	Discount        float64 `expr:"discount" json:"discount"`
	DiscountDelta   float64 `expr:"discount_delta" json:"discount_delta"`
	DiscountPct     float64 `expr:"discount_pct" json:"discount_pct"`
	DiscountDelPct  float64 `expr:"discount_delta_pct" json:"discount_delta_pct"`
	Gifts           float64 `expr:"gifts" json:"gifts"`
	GiftsDelta      float64 `expr:"gifts_delta" json:"gifts_delta"`
	Revenue         float64 `expr:"revenue" json:"revenue"`
	RevenueDelta    float64 `expr:"revenue_delta" json:"revenue_delta"`
	RevenueDeltaPct float64 `expr:"revenue_delta_pct" json:"revenue_delta_pct"`
	LargestChange   float64 `expr:"largest_change" json:"largest_change"`
	Broken          int     `expr:"invariants_broken" json:"invariants_broken"`
}

// NoBase is the percentage of a change from nothing to something.
const NoBase = 1e9

// MeasureNames lists the names of measures with what they mean.
func MeasureNames() [][2]string {
	return [][2]string{
		{"orders", "orders priced"},
		{"failed", "orders that could not be priced, of all currencies"},
		{"failed_pct", "of the orders read and asked for"},
		{"changed", "orders for which the customer pays or gets something else"},
		{"changed_pct", "of the orders priced"},
		{"cheaper", "orders for which the customer saves more"},
		{"dearer", "orders for which the customer saves less"},
		{"discount", "what the new rules take off, shipping included"},
		{"discount_pct", "of the list price of all orders"},
		{"discount_delta", "how much more the new rules take off than the old ones"},
		{"discount_delta_pct", "of what the old rules take off"},
		{"gifts", "what the gifts of the new rules are worth"},
		{"gifts_delta", "how much more than those of the old rules"},
		{"revenue", "what customers pay under the new rules"},
		{"revenue_delta", "how much more than under the old rules"},
		{"revenue_delta_pct", "of what they pay under the old rules"},
		{"largest_change", "how much one order changes at most"},
		{"invariants_broken", "orders that break an invariant under the new rules, of all currencies"},
	}
}

func (r *Result) measures(c *Currency) Measures {
	unit := math.Pow10(c.Digits)
	amount := func(a engine.Amount) float64 { return float64(a) / unit }
	m := Measures{
		Orders: int(c.Orders), Failed: int(r.Orders.Failed), FailedPct: percent(r.Orders.Failed, r.Orders.Failed+r.Orders.Priced),
		Changed: int(c.Changed), ChangedPct: percent(c.Changed, c.Orders), Cheaper: int(c.Cheaper), Dearer: int(c.Dearer),
		Discount: amount(c.New.Discount), DiscountPct: percent(int64(c.New.Discount), int64(c.Subtotal)),
		DiscountDelta: amount(c.New.Discount - c.Old.Discount), DiscountDelPct: percent(int64(c.New.Discount-c.Old.Discount), int64(c.Old.Discount)),
		Gifts: amount(c.New.Gifts), GiftsDelta: amount(c.New.Gifts - c.Old.Gifts),
		Revenue: amount(c.New.Revenue), RevenueDelta: amount(c.New.Revenue - c.Old.Revenue),
		RevenueDeltaPct: percent(int64(c.New.Revenue-c.Old.Revenue), int64(c.Old.Revenue)),
	}
	if len(c.Worst) > 0 {
		w := &c.Worst[0]
		m.LargestChange = amount(magnitude(w.New.Discount + w.New.Gifts - w.Old.Discount - w.Old.Gifts))
	}
	m.Broken = int(r.Orders.Broken)
	return m
}

// percent is part of whole in per cent, rounded to six digits.
func percent(part, whole int64) float64 {
	switch {
	case part == 0:
		return 0
	case whole == 0:
		return math.Copysign(NoBase, float64(part))
	default:
		return math.Round(float64(part)/float64(whole)*1e8) / 1e6
	}
}

// Condition is a condition on measures, such as "discount_delta_pct > 2".
type Condition struct {
	text    string
	program *vm.Program
}

// ParseCondition reads a condition in the language of rules. A name that is none
// of MeasureNames, or a value that is not true or false, is an error.
func ParseCondition(text string) (*Condition, error) {
	program, err := expr.Compile(text, expr.Env(Measures{}), expr.AsBool())
	if err != nil {
		names := make([]string, 0, reflect.TypeFor[Measures]().NumField())
		for _, name := range MeasureNames() {
			names = append(names, name[0])
		}
		return nil, fmt.Errorf("condition %q: %w\nthe names are %s", text, err, strings.Join(names, ", "))
	}
	return &Condition{text, program}, nil
}

// Names reports whether the condition reads the measure of the name.
func (c *Condition) Names(measure string) bool {
	found := namedIn{name: measure}
	node := c.program.Node()
	ast.Walk(&node, &found)
	return found.found
}

// namedIn looks for a name.
type namedIn struct {
	name  string
	found bool
}

// Visit implements ast.Visitor.
func (f *namedIn) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok && id.Value == f.name {
		f.found = true
	}
}

// Judge notes in the result the currencies for which the condition holds, and
// reports whether there are any.
func (c *Condition) Judge(r *Result) (bool, error) {
	verdict := &Verdict{Condition: c.text, Met: []string{}}
	for _, part := range r.Currencies {
		met, err := expr.Run(c.program, part.Measures)
		if err != nil {
			return false, fmt.Errorf("condition %q: %w", c.text, err)
		}
		if met == true {
			verdict.Met = append(verdict.Met, part.Currency.Code())
		}
	}
	r.FailIf = verdict
	return len(verdict.Met) > 0, nil
}
