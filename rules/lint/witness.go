package lint

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/record"
)

// price prices a cart by some rules, whose plugins tell what the request says and
// give nothing. It returns the request as it was priced.
func price(rules *engine.Ruleset, request engine.Request) (engine.Request, engine.Quote, bool) {
	request, err := rules.Consult(context.Background(), stubbed{facts: request.Facts}, request)
	if err != nil {
		return request, engine.Quote{}, false
	}
	q, err := rules.Price(request)
	return request, q, err == nil
}

// outcomeOf is what became of a promotion.
func outcomeOf(q *engine.Quote, id string) engine.Outcome {
	i := slices.IndexFunc(q.Promotions, func(o engine.Outcome) bool { return o.Promotion == id })
	if i < 0 {
		return engine.Outcome{}
	}
	return q.Promotions[i]
}

func applied(q *engine.Quote, id string) bool { return outcomeOf(q, id).Reason == engine.Applied }

// prove looks among carts for the promotions for one whose quote shows what a
// finding says. shows returns a sentence, or "" for a quote that does not.
func (l *linter) prove(finding *Finding, promotions []*promotion, extra *formula, shows func(*engine.Quote) string, notApplied ...string) {
	l.carts(promotions, extra, nil, func(request engine.Request) bool {
		request.Explain = len(notApplied) > 0
		request, q, ok := price(l.rules, request)
		if !ok {
			return true
		}
		text := shows(&q)
		if text == "" {
			return true
		}
		finding.Witness = &Witness{Shows: text, Request: request, Quote: q, NotApplied: notApplied}
		return false
	})
}

// nearest shows the condition of a promotion false where as many of its first
// parts hold as can.
func (c *conditionLinter) nearest(finding *Finding) {
	if c.promotion == nil {
		return
	}
	p := *c.promotion
	p.meaning = constant(true)
	var terms []*formula
	if f := c.formula(c.tree.Root); f.kind == isAll {
		terms = flattened(f)
	}
	for len(terms) > 0 && c.folder.solver().never(all(terms...)) {
		terms = terms[:len(terms)-1]
	}
	c.prove(finding, []*promotion{&p}, all(terms...), func(q *engine.Quote) string {
		if o := outcomeOf(q, p.ID); o.Reason == engine.ConditionFalse {
			return fmt.Sprintf("%s is not applied: %s", p.ID, clauses(o))
		}
		return ""
	}, p.ID)
}

func flattened(f *formula) []*formula {
	if f.kind != isAll {
		return []*formula{f}
	}
	var parts []*formula
	for _, part := range f.parts {
		parts = append(parts, flattened(part)...)
	}
	return parts
}

// clauses are the parts of a condition that were false, with their values.
func clauses(o engine.Outcome) string {
	if o.Obstacle == nil || len(o.Obstacle.Why) == 0 {
		return "its condition is false"
	}
	var parts []string
	for _, c := range o.Obstacle.Why {
		parts = append(parts, fmt.Sprintf("%s is false (%s)", c.Source, c.Values))
	}
	return strings.Join(parts, ", ")
}

// anyCart shows the condition hold for the plainest cart.
func (c *conditionLinter) anyCart(finding *Finding) {
	c.prove(finding, []*promotion{c.promotion}, constant(true), func(q *engine.Quote) string {
		if applied(q, c.promotion.ID) {
			return c.promotion.ID + " is applied to a cart that has nothing but what its deal needs"
		}
		return ""
	})
}

// expired shows the promotion not applied now.
func (l *linter) expired(finding *Finding, p *promotion) {
	again := *p
	timeless := *p.Promotion
	timeless.Schedule = engine.Schedule{}
	again.Promotion = &timeless
	l.prove(finding, []*promotion{&again}, constant(true), func(q *engine.Quote) string {
		if outcomeOf(q, p.ID).Reason == engine.Ended {
			return fmt.Sprintf("%s has ended on %s", p.ID, p.Schedule.Until.Format("2006-01-02 15:04 MST"))
		}
		return ""
	}, p.ID)
}

// withoutEffect shows the promotion do nothing where its condition holds.
func (l *linter) withoutEffect(finding *Finding, p *promotion) {
	l.prove(finding, []*promotion{p}, constant(true), func(q *engine.Quote) string {
		if outcomeOf(q, p.ID).Reason == engine.NoEffect {
			return p.ID + " has units for its deal and takes nothing off"
		}
		return ""
	}, p.ID)
}

// great shows a cart of which the promotion takes much.
func (l *linter) great(finding *Finding, p *promotion) {
	l.carts([]*promotion{p}, constant(true), nil, func(request engine.Request) bool {
		request.Explain = false
		lines := request.Cart.Lines
		lines[len(lines)-1].Quantity = max(lines[len(lines)-1].Quantity, 1000)
		request, q, ok := price(l.rules, request)
		if !ok || !applied(&q, p.ID) {
			return true
		}
		text := fmt.Sprintf("%s takes %s %s off one cart", p.ID, q.Currency.Format(outcomeOf(&q, p.ID).Discount), q.Currency)
		finding.Witness = &Witness{Shows: text, Request: request, Quote: q}
		return false
	})
}

// atStep shows the smallest cart for the promotion at a later step.
func (l *linter) atStep(finding *Finding, p *promotion, t *engine.Tiers, step int) {
	from := engine.Decimal(t.Steps[step].From.(engine.Constant))
	l.prove(finding, []*promotion{p}, constant(true), func(q *engine.Quote) string {
		if applied(q, p.ID) {
			return fmt.Sprintf("%s is applied, at the step from %s or beyond", p.ID, from)
		}
		return ""
	})
}

// bothApply shows two promotions that say the same on one cart.
func (l *linter) bothApply(finding *Finding, a, b *promotion) {
	l.prove(finding, []*promotion{a, b}, constant(true), func(q *engine.Quote) string {
		if applied(q, a.ID) && applied(q, b.ID) {
			return fmt.Sprintf("%s and %s are both applied and take %s %s off together", a.ID, b.ID,
				q.Currency.Format(outcomeOf(q, a.ID).Discount+outcomeOf(q, b.ID).Discount), q.Currency)
		}
		return ""
	})
	if finding.Witness != nil {
		return
	}
	l.prove(finding, []*promotion{a, b}, constant(true), func(q *engine.Quote) string {
		for _, ids := range [][2]string{{a.ID, b.ID}, {b.ID, a.ID}} {
			o := outcomeOf(q, ids[1])
			if applied(q, ids[0]) && o.Obstacle != nil && slices.Contains(o.Obstacle.By, ids[0]) {
				return fmt.Sprintf("%s stands in the way of %s", ids[0], ids[1])
			}
		}
		return ""
	}, b.ID)
}

// stubbed tells the facts that a witness has, and gives nothing else.
type stubbed struct {
	engine.NoPlugins
	facts map[string]engine.Attributes
}

// Facts implements engine.Plugins.
func (s stubbed) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	told := make(map[engine.FactKey]engine.Value)
	for _, key := range wanted {
		if v, known := s.facts[key.Plugin][key.Name]; known {
			told[key] = v
		}
	}
	return told
}

// Evaluate implements engine.Plugins.
func (stubbed) Evaluate(_ context.Context, _ *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	answers := make([]engine.Answer, len(questions))
	for i, q := range questions {
		answers[i] = engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Why: "nothing"}
	}
	return answers
}

// Cart says in one line what is in the cart of the witness, and whose it is.
func (w *Witness) Cart() string {
	cart := &w.Request.Cart
	var parts []string
	for _, l := range cart.Lines {
		parts = append(parts, fmt.Sprintf("%s x%d at %s", l.Item.SKU, l.Quantity, cart.Currency.Format(l.Item.Price)))
	}
	list := func(what string, texts []string) {
		if len(texts) > 0 {
			parts = append(parts, what+" "+strings.Join(texts, ", "))
		}
	}
	text := func(what, text string) {
		if text != "" {
			parts = append(parts, what+" "+text)
		}
	}
	list("coupon", cart.Coupons)
	text("customer", cart.Customer.ID)
	list("group", cart.Customer.Groups)
	list("tag", cart.Customer.Tags)
	text("channel", cart.Channel)
	text("to", cart.Shipping.Country)
	text("by", cart.Shipping.Method())
	text("payment", cart.Payment)
	if w.timed {
		parts = append(parts, "on "+w.Request.At.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, "; ")
}

// Test is a test file that has the witness and expects what it costs today. It is
// to stand beside the rules.
func (f *Finding) Test(rules *engine.Ruleset) ([]byte, error) {
	if f.Witness == nil {
		return nil, nil
	}
	text, err := record.Exact(rules, f.Witness.Request, f.Witness.Shows, f.Witness.NotApplied)
	if err != nil {
		return nil, err
	}
	return append([]byte(fmt.Sprintf("# %s %s\n", f.Code, f.Message)), text...), nil
}
