package difference

import (
	"cmp"
	"context"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Outcome is a case of a rule test that comes out otherwise.
type Outcome struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Name string `json:"name"`
	Row  string `json:"row,omitempty"`
	// Old and New are what the cart comes to.
	Old Priced `json:"old"`
	New Priced `json:"new"`
}

// Priced is what a cart comes to, or why it has no price.
type Priced struct {
	// Total, Discount and Payable are amounts with their digits.
	Total    string   `json:"total,omitempty"`
	Discount string   `json:"discount,omitempty"`
	Payable  string   `json:"payable,omitempty"`
	Gifts    []string `json:"gifts,omitempty"`
	// Applied are the promotions with an effect.
	Applied []string `json:"applied"`
	// Error says why there is no price: a plugin that rejects the cart, or a stub
	// that is missing.
	Error string `json:"error,omitempty"`
}

// Outcomes prices the cases of the suites by both rules and returns those that come
// out otherwise, with how many there are in all.
func Outcomes(ctx context.Context, suites []ruletest.Suite, old, now *engine.Ruleset) (changed []Outcome, cases int, err error) {
	changed = []Outcome{}
	for _, suite := range suites {
		for _, c := range suite.Cases {
			if err := ctx.Err(); err != nil {
				return nil, cases, err
			}
			if !c.Prices() {
				continue
			}
			cases++
			was, is := price(ctx, suite, c, old), price(ctx, suite, c, now)
			if !was.equal(is) {
				changed = append(changed, Outcome{File: suite.File, Line: c.Line, Name: c.Name, Row: c.Row, Old: was, New: is})
			}
		}
	}
	return changed, cases, nil
}

func (p Priced) equal(q Priced) bool {
	return p.Total == q.Total && p.Payable == q.Payable && p.Error == q.Error &&
		slices.Equal(p.Applied, q.Applied) && slices.Equal(p.Gifts, q.Gifts)
}

func price(ctx context.Context, suite ruletest.Suite, c ruletest.Case, rules *engine.Ruleset) Priced {
	priced := Priced{Applied: []string{}}
	request, err := suite.RequestOf(ctx, rules, c)
	var q engine.Quote
	if err == nil {
		request.Explain, request.Hints = false, false
		q, err = rules.Price(request)
	}
	if err != nil {
		priced.Error = cmp.Or(err.Error(), "no price")
		return priced
	}
	priced.Total, priced.Discount, priced.Payable = q.Currency.Format(q.Total), q.Currency.Format(q.Discount), q.Currency.Format(q.Payable)
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			priced.Applied = append(priced.Applied, o.Promotion)
		}
	}
	for _, g := range q.Gifts {
		priced.Gifts = append(priced.Gifts, g.SKU)
	}
	return priced
}
