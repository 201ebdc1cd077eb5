package lint

import (
	"cmp"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// DefaultCost is the attribute of an item that says what it costs the shop.
const DefaultCost = "cost"

// Options say what rules are checked against.
type Options struct {
	// At is the instant that schedules are compared with, and at which witnesses
	// are priced where nothing else is asked for.
	At time.Time
	// Inventory are the items of the shop; with none, nothing is said of items
	// that rules name.
	Inventory []engine.Item
	// Cost names the attribute of an item that is its cost; "" means DefaultCost.
	Cost string
	// MaxStack is the percentage of the list price of a line that several
	// promotions may take off it together; 0 means that policy.yaml says it with
	// max_stack, without which any may.
	MaxStack int
	// Pools are the coupon pools of the shop by name; with nil, nothing is said of
	// those that rules name.
	Pools map[string]Pool
}

// Finding is a finding with what shows it.
type Finding struct {
	diag.Diagnostic
	// Promotions are the ids of those that it is about.
	Promotions []string `json:"promotions,omitempty"`
	// Witness shows it, nil where no cart does.
	Witness *Witness `json:"witness,omitempty"`
}

// Witness is a cart on which the finding can be seen. The engine has priced it by
// the rules, and what it shows was looked up in the quote.
type Witness struct {
	// Shows says in a sentence what is to be seen.
	Shows   string         `json:"shows"`
	Request engine.Request `json:"-"`
	Quote   engine.Quote   `json:"quote"`
	// NotApplied are promotions of which the quote tells why they are not applied.
	NotApplied []string `json:"-"`
	timed      bool     // the instant has a bearing
}

// Check returns the findings in rules that compile, sorted by place. The error is
// that of compile.Compile. What a comment allows is left out.
func Check(files []compile.File, o Options) ([]Finding, error) {
	f, err := newFolder(files)
	if err != nil {
		return nil, err
	}
	if o.Cost == "" {
		o.Cost = DefaultCost
	}
	if o.MaxStack == 0 {
		o.MaxStack = f.maxStack()
	}
	l := &linter{folder: f, options: o, reported: make(map[string]bool), acting: make(map[*promotion]bool)}
	l.conditions()
	l.unused()
	l.promotionsAlone()
	l.tiers()
	l.items()
	l.plugins()
	l.coupons()
	l.repeated()
	l.compete()
	l.stacks()
	l.costs()
	l.allowances()
	for _, found := range l.findings {
		if found.Witness != nil {
			found.Witness.timed = len(f.rules.Timed()) > 0
		}
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Range.Start.Column, b.Range.Start.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return l.findings, nil
}

// linter collects findings.
type linter struct {
	*folder
	options  Options
	findings []Finding
	reported map[string]bool     // definitions about whose condition there is a finding
	acting   map[*promotion]bool // what acts has found
	// suggested counts the words that have been searched for others like them.
	suggested int
}

// report adds a finding at the value.
func (l *linter) report(v syntax.Value, severity diag.Severity, code diag.Code, hint, format string, args ...any) *Finding {
	return l.add(v.Diagnostic(code, hint, format, args...), severity)
}

func (l *linter) add(d diag.Diagnostic, severity diag.Severity) *Finding {
	d.Severity = severity
	l.findings = append(l.findings, Finding{Diagnostic: d})
	return &l.findings[len(l.findings)-1]
}
