package ruletest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// correction says what has to be changed of an expectation for a quote.
type correction struct {
	quote engine.Quote
	x     expectation
	s     scope
	// cells are columns of the row of a table in which an expected value is a
	// variable, with the text that they have to have.
	cells map[string]string
	fault string // why a value cannot be changed
}

// key returns what has to be changed of the value of a key of expect.
func (c *correction) key(key string, v syntax.Value) *patch {
	q := &c.quote
	switch key {
	case "applied":
		return c.texts(v, appliedIn(*q))
	case "not_applied":
		return c.orDrop(c.mapping(v, func(e syntax.Entry) *patch { return c.refusal(e) }))
	case "lines":
		return c.orDrop(c.mapping(v, c.line))
	case "gifts":
		return c.units(v, giftsIn(*q))
	case "shipments":
		return c.orDrop(c.mapping(v, c.shipment))
	case "awards":
		return c.awards(v)
	case "coupons":
		return c.orDrop(c.mapping(v, c.coupon))
	case "optimal":
		return c.scalar(v, strconv.FormatBool(q.Optimal), v.Text() == strconv.FormatBool(q.Optimal))
	case "hints":
		return c.hints(v)
	case "includes":
		return c.orDrop(c.mapping(v, c.included))
	case "explain":
		text := Explain(*q)
		return c.scalar(v, text, strings.TrimSpace(c.s.text(v)) == text)
	}
	for _, sum := range sums(*q) {
		if sum.key == key {
			return c.amount(v, sum.amount)
		}
	}
	return nil // rejected: then there is no quote
}

// scalar writes the text unless the value is right. A variable of a table's row is
// changed in the row.
func (c *correction) scalar(v syntax.Value, text string, right bool) *patch {
	name, isVariable := strings.CutPrefix(v.Text(), "${")
	switch {
	case right:
		return nil
	case !strings.Contains(v.Text(), "${"):
		return textPatch(text)
	case isVariable && strings.HasSuffix(name, "}") && strings.Count(name, "}") == 1:
		if c.cells == nil {
			c.cells = make(map[string]string)
		}
		c.cells[strings.TrimSuffix(name, "}")] = text
		return nil
	default:
		c.fault = fmt.Sprintf("what is expected is made of a variable, %s", v.Text())
		return nil
	}
}

func (c *correction) amount(v syntax.Value, got engine.Amount) *patch {
	want, err := c.quote.Currency.Parse(c.s.text(v))
	return c.scalar(v, c.quote.Currency.Format(got), err == nil && want == got)
}

// mapping returns what has to be changed of the entries.
func (c *correction) mapping(v syntax.Value, of func(syntax.Entry) *patch) (*patch, syntax.Value) {
	p := &patch{}
	for _, e := range v.Entries() {
		p.entry(e.Name, of(e))
	}
	return p.orNil(), v
}

// orDrop drops a mapping of which all entries are dropped.
func (c *correction) orDrop(p *patch, v syntax.Value) *patch {
	if !p.wrong() {
		return nil
	}
	for _, e := range v.Entries() {
		if change := p.entries[e.Name]; !change.wrong() || !change.drop {
			return p
		}
	}
	return &patch{drop: true}
}

// texts are the elements of a list, in order.
func (c *correction) texts(v syntax.Value, got []string) *patch {
	have := c.s.texts(v)
	written := make([]string, len(got))
	for i, text := range got {
		written[i] = syntax.Word(text)
	}
	return listPatch(len(have), written, func(i, j int) bool { return have[i] == got[j] })
}

// units are the elements of a list of "SKU x2" in any order: those that are right stay
// where they are.
func (c *correction) units(v syntax.Value, got []string) *patch {
	missing := slices.Clone(got)
	have := c.unitsOf(v)
	var wanted []string
	for _, text := range have {
		if i := slices.Index(missing, text); i >= 0 {
			wanted, missing = append(wanted, text), slices.Delete(missing, i, i+1)
		}
	}
	wanted = append(wanted, missing...)
	return listPatch(len(have), unitTexts(wanted), func(i, j int) bool { return have[i] == wanted[j] })
}

// unitsOf writes the elements as "SKU x1".
func (c *correction) unitsOf(v syntax.Value) []string {
	var have []string
	for _, item := range v.Items() {
		sku, quantity := lineParts(item, c.s)
		have = append(have, sku+" x"+quantity)
	}
	return have
}

// unitTexts writes units as a file does.
func unitTexts(units []string) []string {
	texts := make([]string, len(units))
	for i, text := range units {
		texts[i] = syntax.Word(strings.TrimSuffix(text, " x1"))
	}
	return texts
}

func (c *correction) awards(v syntax.Value) *patch {
	var have []string
	for _, item := range v.Items() {
		kind, amount := awardParts(item, c.s)
		have = append(have, kind+" "+plainNumber(amount))
	}
	got := awardsIn(c.quote)
	written := make([]string, len(got))
	for i, text := range got {
		written[i] = syntax.Word(text)
	}
	return listPatch(len(have), written, func(i, j int) bool { return have[i] == got[j] })
}

// refusal is a reason, or {reason, by, fault}.
func (c *correction) refusal(e syntax.Entry) *patch {
	i := slices.IndexFunc(c.quote.Promotions, func(o engine.Outcome) bool { return o.Promotion == e.Name })
	if i < 0 {
		return nil
	}
	got := c.quote.Promotions[i]
	if got.Reason == engine.Applied {
		return &patch{drop: true}
	}
	if e.Value.Kind() != syntax.Mapping {
		return c.scalar(e.Value, got.Reason.String(), c.s.text(e.Value) == got.Reason.String())
	}
	p, _ := c.mapping(e.Value, func(part syntax.Entry) *patch {
		switch part.Name {
		case "reason":
			return c.scalar(part.Value, got.Reason.String(), c.s.text(part.Value) == got.Reason.String())
		case "by":
			if len(blockers(got)) == 0 {
				return &patch{drop: true}
			}
			return c.texts(part.Value, blockers(got))
		default:
			if faultOf(got) == "" {
				return &patch{drop: true}
			}
			return c.scalar(part.Value, string(faultOf(got)), c.s.text(part.Value) == string(faultOf(got)))
		}
	})
	return p
}

// line is a total, or {quantity, discount, total, unit_prices}.
func (c *correction) line(e syntax.Entry) *patch {
	i := slices.IndexFunc(c.quote.Lines, func(l engine.QuoteLine) bool { return l.SKU == e.Name })
	if i < 0 {
		return &patch{drop: true}
	}
	got := c.quote.Lines[i]
	if e.Value.Kind() != syntax.Mapping {
		return c.amount(e.Value, got.Total)
	}
	p, _ := c.mapping(e.Value, func(part syntax.Entry) *patch {
		switch part.Name {
		case "quantity":
			n := strconv.FormatInt(got.Quantity, 10)
			return c.scalar(part.Value, n, c.s.text(part.Value) == n)
		case "discount":
			return c.amount(part.Value, got.Discount)
		case "total":
			return c.amount(part.Value, got.Total)
		default:
			return c.unitPrices(part.Value, got)
		}
	})
	return p
}

// maxUnitPrices bounds how many prices are written.
const maxUnitPrices = 100

// unitPrices are those of all units, in any order.
func (c *correction) unitPrices(v syntax.Value, line engine.QuoteLine) *patch {
	if line.Quantity > maxUnitPrices {
		c.fault = fmt.Sprintf("of %d units no prices are written; expect a total", line.Quantity)
		return nil
	}
	var have []engine.Amount
	for _, price := range v.Texts() {
		a, err := c.quote.Currency.Parse(c.s.text(price))
		if err != nil {
			return nil // reported when the file was read
		}
		have = append(have, a)
	}
	missing := unitPrices(line, int(line.Quantity))
	var wanted []engine.Amount
	for _, a := range have {
		if i := slices.Index(missing, a); i >= 0 {
			wanted, missing = append(wanted, a), slices.Delete(missing, i, i+1)
		}
	}
	wanted = append(wanted, missing...)
	written := make([]string, len(wanted))
	for i, a := range wanted {
		written[i] = c.quote.Currency.Format(a)
	}
	return listPatch(len(have), written, func(i, j int) bool { return have[i] == wanted[j] })
}

// shipment is a total, or {discount, total}.
func (c *correction) shipment(e syntax.Entry) *patch {
	got, found := shipmentIn(e.Name, c.quote)
	switch {
	case !found:
		return &patch{drop: true}
	case e.Value.Kind() != syntax.Mapping:
		return c.amount(e.Value, got.Total)
	}
	p, _ := c.mapping(e.Value, func(part syntax.Entry) *patch {
		if part.Name == "discount" {
			return c.amount(part.Value, got.Discount)
		}
		return c.amount(part.Value, got.Total)
	})
	return p
}

func (c *correction) coupon(e syntax.Entry) *patch {
	code := engine.NormalizeCoupon(e.Name)
	if !slices.ContainsFunc(c.quote.Coupons, func(o engine.CouponOutcome) bool { return o.Code == code }) {
		return &patch{drop: true}
	}
	got := couponReasonIn(code, c.quote)
	return c.scalar(e.Value, got, c.s.text(e.Value) == got)
}

// hints are elements {promotion, add, saves}; what one saves is compared where it says
// so.
func (c *correction) hints(v syntax.Value) *patch {
	compared := comparison{currency: c.quote.Currency}
	have := *c.x.hints
	var got []hintExpectation
	var written []string
	for _, h := range c.quote.Hints {
		hint := hintOf(h)
		got = append(got, hint)
		written = append(written, fmt.Sprintf("{promotion: %s, add: [%s], saves: %s}",
			syntax.Word(h.Promotion), strings.Join(unitTexts(hint.add), ", "), c.quote.Currency.Format(h.Saves)))
	}
	return listPatch(len(have), written, func(i, j int) bool {
		other := got[j]
		if have[i].saves == nil {
			other.saves = nil
		}
		return compared.hint(have[i]) == compared.hint(other)
	})
}

// included are lists of what has to be there among others.
func (c *correction) included(e syntax.Entry) *patch {
	var have, got []string
	switch e.Name {
	case "applied":
		have, got = c.s.texts(e.Value), appliedIn(c.quote)
	case "gifts":
		have, got = c.unitsOf(e.Value), giftsIn(c.quote)
	default:
		for _, item := range e.Value.Items() {
			kind, amount := awardParts(item, c.s)
			have = append(have, kind+" "+plainNumber(amount))
		}
		got = awardsIn(c.quote)
	}
	left := slices.DeleteFunc(slices.Clone(have), func(text string) bool { return !slices.Contains(got, text) })
	if len(left) == 0 {
		return &patch{drop: true}
	}
	return listPatch(len(have), left, func(i, j int) bool { return have[i] == left[j] })
}

// rejected is a promotion, or {promotion, fault}.
func (c *correction) rejected(v syntax.Value, err error) *patch {
	var got *engine.PluginError
	if !errors.As(err, &got) {
		return nil // which has been refused
	}
	promotion := func(v syntax.Value) *patch {
		p := c.scalar(v, got.Promotion, c.s.text(v) == got.Promotion)
		if p.wrong() {
			p.word = true
		}
		return p
	}
	if v.Kind() != syntax.Mapping {
		return promotion(v)
	}
	p, _ := c.mapping(v, func(part syntax.Entry) *patch {
		if part.Name == "promotion" {
			return promotion(part.Value)
		}
		return c.scalar(part.Value, string(got.Fault), c.s.text(part.Value) == string(got.Fault))
	})
	return p
}

// correction is what has to be changed of compile_error for the faults that came.
func (r *refusedRules) correction(got diag.List) *patch {
	named := len(r.files) > 1
	if r.from.Kind() == syntax.Mapping && len(got) == 1 {
		p, want := &patch{}, r.faults[0]
		if want.code != got[0].Code {
			p.entry("code", textPatch(string(got[0].Code)))
		}
		if at := placeOf(got[0], named); want.at != "" && want.at != placeOf(got[0], false) && want.at != at {
			p.entry("at", wordPatch(at))
		}
		if want.text != "" && want.text != got[0].Message {
			p.entry("text", wordPatch(got[0].Message))
		}
		return p.orNil()
	}
	written := make([]string, len(got))
	for i, d := range got {
		written[i] = fmt.Sprintf("{code: %s, at: %q, text: %s}", d.Code, placeOf(d, named), syntax.Word(d.Message))
	}
	return listPatch(len(r.faults), written, func(i, j int) bool { return r.faults[i].meets(got[j]) })
}
