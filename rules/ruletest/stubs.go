package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// anyCustomer stands for the customers that a stub does not name.
const anyCustomer = "*"

// stubs say what plugins answer in a case.
type stubs struct {
	facts   map[engine.FactKey]stubFact
	answers map[stubDeal]engine.Answer
}

// stubDeal names a kind of deal, for one promotion or, where that is "", for all.
type stubDeal struct{ plugin, kind, promotion string }

// stubFact is what a fact is worth: by the id of the customer, or for everybody.
// A value of no kind is a fact that the plugin does not tell.
type stubFact map[string]engine.Value

// stubsOf reads what plugins answer: that of the test over that of the file, fact by
// fact and deal by deal.
func (r *reader) stubsOf(currency engine.Currency, s scope, from ...syntax.Value) stubs {
	read := stubs{facts: make(map[engine.FactKey]stubFact), answers: make(map[stubDeal]engine.Answer)}
	for _, v := range from {
		for _, e := range v.Entries() {
			plugin, known := r.lock.Plugin(e.Name)
			if !known {
				e.Key.Report(diag.UnknownPlugin, r.pluginHint(e.Name), "%s of the rules has no plugin %.70q", lock.File, e.Name)
				continue
			}
			m := e.Value.Map(keysIn(ofStub)...)
			for _, f := range m.Get("facts").Entries() {
				read.fact(plugin, f, s)
			}
			for _, d := range m.Get("deals").Entries() {
				r.stubDeals(&read, plugin, d, currency, s)
			}
		}
	}
	return read
}

func (r *reader) pluginHint(name string) string {
	if len(r.lock.Plugins) == 0 {
		return "checkout plugins lock writes it"
	}
	return diag.Suggest(name, r.lock.Names())
}

// fact reads one value, or a value for each customer.
func (st *stubs) fact(plugin lock.Plugin, e syntax.Entry, s scope) {
	declared, known := plugin.Fact(e.Name)
	if !known {
		var names []string
		for _, f := range plugin.Facts {
			names = append(names, f.Name)
		}
		e.Key.Report(diag.UnknownName, diag.Suggest(e.Name, names), "the plugin %s has no fact %.70q", plugin.Name, e.Name)
		return
	}
	values := make(stubFact)
	if e.Value.Kind() == syntax.Mapping {
		for _, by := range e.Value.Entries() {
			values[by.Name] = factValue(by.Value, declared, s)
		}
	} else {
		values[anyCustomer] = factValue(e.Value, declared, s)
	}
	st.facts[engine.FactKey{Plugin: plugin.Name, Name: e.Name}] = values
}

// factValue reads a value of the fact's type; nothing is a fact that is not told.
func factValue(v syntax.Value, f lock.Fact, s scope) engine.Value {
	if v.Kind() != syntax.Scalar {
		if v.Kind() != syntax.Null {
			v.Report(diag.WrongValue, "", "want %s, got %s", lock.TypeName(f.Type), v.Describe())
		}
		return engine.Value{}
	}
	text, filled := s.text(v), strings.Contains(v.Text(), "${")
	number, err := engine.ParseDecimal(text)
	switch plain := !v.Quoted() || filled; {
	case f.Type == engine.KindText:
		return engine.TextValue(text)
	case f.Type == engine.KindNumber && err == nil && plain:
		return engine.NumberValue(number)
	case f.Type == engine.KindBool && (text == "true" || text == "false") && plain:
		return engine.BoolValue(text == "true")
	case !strings.Contains(text, "${"): // else it has been reported
		v.Report(diag.WrongValue, "", "the fact %s is a %s, got %q", f.Name, lock.TypeName(f.Type), text)
	}
	return engine.Value{}
}

// answerKeys are the keys of an answer.
func answerKeys() []string { return []string{"units", "off", "gift", "award", "none", "fault"} }

// stubDeals reads an answer for all promotions, or one for each.
func (r *reader) stubDeals(st *stubs, plugin lock.Plugin, e syntax.Entry, currency engine.Currency, s scope) {
	kind, known := plugin.Deal(e.Name)
	if !known {
		e.Key.Report(diag.UnknownPlugin, diag.Suggest(e.Name, plugin.Kinds()), "the plugin %s has no kind of deal %.70q", plugin.Name, e.Name)
		return
	}
	key := stubDeal{plugin: plugin.Name, kind: kind.Kind}
	if !byPromotion(e.Value) {
		for named := range st.answers { // the test's answer is for all promotions
			if named.plugin == key.plugin && named.kind == key.kind {
				delete(st.answers, named)
			}
		}
		st.answers[key] = r.answer(e.Value, kind, currency, s)
		return
	}
	for _, by := range e.Value.Entries() {
		r.checkPromotion(by.Key, by.Name)
		key.promotion = by.Name
		st.answers[key] = r.answer(by.Value, kind, currency, s)
	}
}

// byPromotion tells whether the value has an answer for each of some promotions.
func byPromotion(v syntax.Value) bool {
	if v.Kind() != syntax.Mapping {
		return false
	}
	entries := v.Entries()
	return len(entries) > 0 && !slices.ContainsFunc(entries, func(e syntax.Entry) bool {
		return slices.Contains(answerKeys(), e.Name) || e.Value.Kind() != syntax.Mapping
	})
}

// answer reads {off: 5.00} and the like.
func (r *reader) answer(v syntax.Value, kind lock.Deal, currency engine.Currency, s scope) engine.Answer {
	m := v.Map(answerKeys()...)
	var a engine.Answer
	switch key, body := m.OneOf(answerKeys()...); key {
	case "units":
		for _, item := range body.Items() {
			u := item.Map(keysIn(ofAnswerUnits)...)
			sku := u.Require("sku")
			a.Units = append(a.Units, engine.AnswerUnits{SKU: s.text(sku), Quantity: countOr(u.Get("quantity"), 1, s), Each: amount(u.Require("each"), currency, s)})
		}
	case "off":
		a.Off = amount(body, currency, s)
	case "gift":
		g := body.Map(keysIn(ofUnits)...)
		a.Gift = engine.AnswerGift{SKU: s.text(g.Require("sku")), Quantity: countOr(g.Get("quantity"), 1, s)}
	case "award":
		w := body.Map(keysIn(ofAward)...)
		a.Award = engine.AnswerAward{Kind: s.text(w.Require("kind")), Amount: s.text(w.Require("amount"))}
	case "none":
		a.Why = s.text(body)
	case "fault":
		a.Fault = pluginFault(body, s)
		a.Detail = "the stub says so"
	}
	return a
}

func countOr(v syntax.Value, fallback int64, s scope) int64 {
	if !v.Present() {
		return fallback
	}
	return count(v, s)
}

// pluginFault reads the name of a fault.
func pluginFault(v syntax.Value, s scope) engine.PluginFault {
	if !v.Present() {
		return ""
	}
	var known []string
	for _, f := range engine.PluginFaults() {
		known = append(known, string(f))
	}
	text := s.text(v)
	if !slices.Contains(known, text) {
		v.Report(diag.WrongValue, diag.Suggest(text, known), "%.40q is no fault of a plugin", text)
	}
	return engine.PluginFault(text)
}

// stubbed answers for plugins in one run of a case. It notes what is asked and no
// stub says.
type stubbed struct {
	stubs   stubs
	real    engine.Plugins // for the plugins of which isReal is true
	isReal  func(plugin string) bool
	missing []Mismatch
}

func newStubbed(s stubs, options Options) *stubbed {
	return &stubbed{stubs: s, real: options.Plugins, isReal: func(plugin string) bool { return slices.Contains(options.Real, plugin) }}
}

// Facts implements engine.Plugins.
func (p *stubbed) Facts(ctx context.Context, cart *engine.Cart, at time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	told := make(map[engine.FactKey]engine.Value)
	var ask []engine.FactKey
	for _, key := range wanted {
		if p.isReal(key.Plugin) {
			ask = append(ask, key)
			continue
		}
		if value := p.fact(key, cart.Customer.ID); value.Kind() != engine.KindNone {
			told[key] = value
		}
	}
	if len(ask) > 0 {
		for key, value := range p.real.Facts(ctx, cart, at, ask) {
			told[key] = value
		}
	}
	return told
}

func (p *stubbed) fact(key engine.FactKey, customer string) engine.Value {
	values, listed := p.stubs.facts[key]
	value, known := values[customer]
	if !known || customer == "" || customer == anyCustomer {
		value, known = values[anyCustomer]
	}
	switch {
	case !listed:
		p.miss(key.Plugin+"."+key.Name, fmt.Sprintf("a value in stubs: {%s: {facts: {%s: …}}}", key.Plugin, key.Name))
	case !known:
		p.miss(key.Plugin+"."+key.Name, fmt.Sprintf("a value for the customer %q or for %q in stubs: {%s: {facts: {%s: {%s: …}}}}", customer, anyCustomer, key.Plugin, key.Name, cmp.Or(customer, `"*"`)))
	}
	return value
}

// Evaluate implements engine.Plugins.
func (p *stubbed) Evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) []engine.Answer {
	var answers []engine.Answer
	var ask []engine.Question
	for _, q := range questions {
		answer, listed := p.stubs.answers[stubDeal{q.Plugin, q.Kind, q.Promotion}]
		if !listed {
			answer, listed = p.stubs.answers[stubDeal{plugin: q.Plugin, kind: q.Kind}]
		}
		if p.isReal(q.Plugin) && answer.Fault == "" {
			ask = append(ask, q)
			continue
		}
		if !listed {
			p.miss(q.Plugin+"."+q.Kind, fmt.Sprintf("an answer for promotion %s in stubs: {%s: {deals: {%s: {none: why}}}}", q.Promotion, q.Plugin, q.Kind))
			continue
		}
		answer.Promotion, answer.Deal = q.Promotion, q.Deal
		answers = append(answers, answer)
	}
	if len(ask) > 0 {
		answers = append(answers, p.real.Evaluate(ctx, cart, at, ask)...)
	}
	return answers
}

// Refused implements engine.Plugins. The case sees the fault in its quote.
func (p *stubbed) Refused(q engine.Question, fault engine.PluginFault, detail string) {
	if p.isReal(q.Plugin) {
		p.real.Refused(q, fault, detail)
	}
}

func (p *stubbed) miss(field, want string) {
	p.missing = append(p.missing, Mismatch{Field: "plugin " + field, Want: want, Got: "nothing"})
}
