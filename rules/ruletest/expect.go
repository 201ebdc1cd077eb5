package ruletest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// expectKeys are the keys of expect, which may also stand in a row of a table.
func expectKeys() []string {
	return append(sumKeys(), "applied", "not_applied", "lines", "gifts", "shipments", "awards", "coupons", "optimal", "hints", "rejected", "includes", "explain")
}

// expectation is what a quote must be. Parts that are nil or empty are not
// checked.
type expectation struct {
	sums       map[string]engine.Amount // by key
	applied    *[]string
	notApplied map[string]refusal
	lines      map[string]lineExpectation
	gifts      *[]string
	shipments  map[string]shipmentExpectation
	awards     *[]string
	coupons    map[string]engine.Reason // by normalised code
	optimal    *bool
	hints      *[]hintExpectation
	rejected   *rejection
	includes   inclusion
	explain    *string
	from       []syntax.Map // where it stands, of which a later one wins
}

// inclusion is what must be there, among others, in any order.
type inclusion struct{ applied, gifts, awards []string }

type refusal struct {
	reason engine.Reason
	by     []string
	fault  engine.PluginFault
}

// rejection is a cart that is not priced, because a plugin of the promotion fails.
type rejection struct {
	promotion string
	fault     engine.PluginFault // "" for any
}

type lineExpectation struct {
	quantity        *int64
	discount, total *engine.Amount
	unitPrices      []engine.Amount
}

type shipmentExpectation struct{ discount, total *engine.Amount }

type hintExpectation struct {
	promotion string
	add       []string
	saves     *engine.Amount
}

func (x expectation) empty() bool {
	return !x.ofQuote() && x.rejected == nil
}

// ofQuote reports whether something of a quote is expected.
func (x expectation) ofQuote() bool {
	checked := len(x.sums) + len(x.notApplied) + len(x.lines) + len(x.shipments) + len(x.coupons) + len(x.includes.applied) + len(x.includes.gifts) + len(x.includes.awards)
	return checked > 0 || x.applied != nil || x.gifts != nil || x.awards != nil || x.optimal != nil || x.hints != nil || x.explain != nil
}

// ofReasons reports whether promotions that are not applied matter.
func (x expectation) ofReasons() bool {
	return len(x.notApplied)+len(x.coupons) > 0 || x.optimal != nil || x.hints != nil || x.explain != nil
}

// expectation reads the mappings, of which a later one wins key by key.
func (r *reader) expectation(s scope, currency engine.Currency, from ...syntax.Map) expectation {
	get := func(key string) syntax.Value { return topmost(from, key) }
	x := expectation{
		sums:       expectSums(get, currency, s),
		applied:    r.promotions(get("applied"), s),
		notApplied: r.refusals(get("not_applied"), s),
		lines:      lineExpectations(get("lines"), r.items, currency, s),
		gifts:      gifts(get("gifts"), r.items, s),
		shipments:  shipmentExpectations(get("shipments"), currency, s),
		awards:     awards(get("awards"), s),
		coupons:    r.couponReasons(get("coupons"), s),
		optimal:    optimal(get("optimal")),
		hints:      r.hints(get("hints"), currency, s),
		rejected:   r.rejection(get("rejected"), s),
		includes:   r.inclusion(get("includes"), s),
		explain:    explained(get("explain"), s),
		from:       from,
	}
	if x.rejected != nil && x.ofQuote() {
		get("rejected").Report(diag.WrongValue, "expect nothing else", "a cart that is rejected has no quote")
	}
	return x
}

// rejection reads a promotion, or {promotion, fault}.
func (r *reader) rejection(v syntax.Value, s scope) *rejection {
	if !v.Present() {
		return nil
	}
	promotion, want := v, rejection{}
	if v.Kind() == syntax.Mapping {
		m := v.Map(keysIn(ofRejection)...)
		promotion, want.fault = m.Require("promotion"), pluginFault(m.Get("fault"), s)
	}
	want.promotion = s.text(promotion)
	r.checkPromotion(promotion, want.promotion)
	return &want
}

func expectSums(get func(string) syntax.Value, currency engine.Currency, s scope) map[string]engine.Amount {
	expected := make(map[string]engine.Amount)
	for _, key := range sumKeys() {
		if v := get(key); v.Present() {
			expected[key] = amount(v, currency, s)
		}
	}
	return expected
}

func (r *reader) promotions(v syntax.Value, s scope) *[]string {
	if !v.Present() {
		return nil
	}
	ids := s.texts(v)
	for i, item := range v.Texts() {
		if i < len(ids) {
			r.checkPromotion(item, ids[i])
		}
	}
	return &ids
}

func (r *reader) checkPromotion(v syntax.Value, id string) {
	if ids := r.rules.PromotionIDs(); !slices.Contains(ids, id) {
		v.Report(diag.UnknownTarget, diag.Suggest(id, ids), "no promotion has the id %q", id)
	}
}

func expectAmount(v syntax.Value, currency engine.Currency, s scope) *engine.Amount {
	if !v.Present() {
		return nil
	}
	a := amount(v, currency, s)
	return &a
}

// refusals reads {promotion: reason} or {promotion: {reason, by, fault}}.
func (r *reader) refusals(v syntax.Value, s scope) map[string]refusal {
	refusals := make(map[string]refusal)
	for _, e := range v.Entries() {
		r.checkPromotion(e.Key, e.Name)
		why := e.Value
		var want refusal
		if e.Value.Kind() == syntax.Mapping {
			m := e.Value.Map(keysIn(ofRefusal)...)
			why = m.Require("reason")
			want.by, want.fault = s.texts(m.Get("by")), pluginFault(m.Get("fault"), s)
		}
		want.reason = reason(why, s, r.reasons)
		refusals[e.Name] = want
	}
	return refusals
}

// reason reads one of the known reasons.
func reason(v syntax.Value, s scope, known []string) engine.Reason {
	text := s.text(v)
	if !slices.Contains(known, text) {
		v.Report(diag.WrongValue, diag.Suggest(text, known), "%q is no reason", text)
	}
	parsed, _ := engine.ParseReason(text) // what is not known has been reported
	return parsed
}

// refusalReasons are the reasons why a promotion is not applied.
func refusalReasons() []string {
	var list []string
	for _, reason := range engine.Reasons() {
		if reason != engine.Applied {
			list = append(list, reason.String())
		}
	}
	return list
}

// couponReasons reads {CODE: reason}, where a code can also be applied or
// unknown.
func (r *reader) couponReasons(v syntax.Value, s scope) map[string]engine.Reason {
	known := append(slices.Clone(r.reasons), engine.Applied.String(), engine.UnknownCode.String())
	reasons := make(map[string]engine.Reason)
	for _, e := range v.Entries() {
		reasons[engine.NormalizeCoupon(e.Name)] = reason(e.Value, s, known)
	}
	return reasons
}

// lineExpectations reads {SKU: total} or {SKU: {quantity discount total
// unit_prices}}.
func lineExpectations(v syntax.Value, items engine.CatalogMap, currency engine.Currency, s scope) map[string]lineExpectation {
	expected := make(map[string]lineExpectation)
	for _, e := range v.Entries() {
		checkItem(e.Key, e.Name, items)
		if e.Value.Kind() != syntax.Mapping {
			expected[e.Name] = lineExpectation{total: expectAmount(e.Value, currency, s)}
			continue
		}
		m := e.Value.Map(keysIn(ofLine)...)
		x := lineExpectation{discount: expectAmount(m.Get("discount"), currency, s), total: expectAmount(m.Get("total"), currency, s)}
		if q := m.Get("quantity"); q.Present() {
			n := count(q, s)
			x.quantity = &n
		}
		for _, price := range m.Get("unit_prices").Texts() {
			x.unitPrices = append(x.unitPrices, amount(price, currency, s))
		}
		expected[e.Name] = x
	}
	return expected
}

// shipmentExpectations reads {METHOD: total} or {METHOD: {discount total}}.
func shipmentExpectations(v syntax.Value, currency engine.Currency, s scope) map[string]shipmentExpectation {
	expected := make(map[string]shipmentExpectation)
	for _, e := range v.Entries() {
		if e.Value.Kind() != syntax.Mapping {
			expected[e.Name] = shipmentExpectation{total: expectAmount(e.Value, currency, s)}
			continue
		}
		m := e.Value.Map(keysIn(ofShipmentCost)...)
		expected[e.Name] = shipmentExpectation{expectAmount(m.Get("discount"), currency, s), expectAmount(m.Get("total"), currency, s)}
	}
	return expected
}

// unitList reads a list of "SKU x2".
func unitList(v syntax.Value, items engine.CatalogMap, s scope) []string {
	list := []string{}
	for _, item := range v.Items() {
		sku, quantity := lineParts(item, s)
		if n, err := strconv.ParseInt(quantity, 10, 64); sku != "" && !strings.Contains(quantity, "${") && (err != nil || n < 1) {
			wrongQuantity(item, quantity)
		}
		checkItem(item, sku, items)
		list = append(list, sku+" x"+quantity)
	}
	return list
}

// gifts reads a list of "SKU x2", in any order.
func gifts(v syntax.Value, items engine.CatalogMap, s scope) *[]string {
	if !v.Present() {
		return nil
	}
	list := unitList(v, items, s)
	slices.Sort(list)
	return &list
}

// awards reads a list of "points 12.5" or {kind, amount}.
func awards(v syntax.Value, s scope) *[]string {
	if !v.Present() {
		return nil
	}
	list := []string{}
	for _, item := range v.Items() {
		kind, amount := awardParts(item, s)
		number, err := engine.ParseDecimal(amount)
		if err != nil {
			item.Report(diag.WrongValue, `write "points 12.5"`, "want a kind and a number, got %s", item.Describe())
			continue
		}
		list = append(list, kind+" "+plainNumber(number.String()))
	}
	return &list
}

func awardParts(v syntax.Value, s scope) (kind, amount string) {
	if v.Kind() == syntax.Mapping {
		m := v.Map(keysIn(ofAward)...)
		return s.text(m.Require("kind")), s.text(m.Require("amount"))
	}
	kind, amount, _ = strings.Cut(strings.TrimSpace(s.text(v)), " ")
	return kind, strings.TrimSpace(amount)
}

func optimal(v syntax.Value) *bool {
	if !v.Present() {
		return nil
	}
	b := v.WantBool(true)
	return &b
}

// hints reads a list of {promotion, add, saves}.
func (r *reader) hints(v syntax.Value, currency engine.Currency, s scope) *[]hintExpectation {
	if !v.Present() {
		return nil
	}
	list := []hintExpectation{}
	for _, item := range v.Items() {
		m := item.Map(keysIn(ofHint)...)
		promotion := m.Require("promotion")
		hint := hintExpectation{
			promotion: s.text(promotion),
			add:       unitList(m.Require("add"), r.items, s),
			saves:     expectAmount(m.Get("saves"), currency, s),
		}
		r.checkPromotion(promotion, hint.promotion)
		list = append(list, hint)
	}
	return &list
}

// inclusion reads {applied, gifts, awards}.
func (r *reader) inclusion(v syntax.Value, s scope) inclusion {
	m := v.Map(keysIn(ofIncludes)...)
	orNone := func(list *[]string) []string {
		if list == nil {
			return nil
		}
		return *list
	}
	return inclusion{
		applied: orNone(r.promotions(m.Get("applied"), s)),
		gifts:   orNone(gifts(m.Get("gifts"), r.items, s)),
		awards:  orNone(awards(m.Get("awards"), s)),
	}
}

// explained reads the text of an explanation.
func explained(v syntax.Value, s scope) *string {
	if !v.Present() {
		return nil
	}
	text := s.text(v)
	return &text
}

// mentions returns the promotions of which something is expected.
func (x expectation) mentions() []string {
	ids := slices.Concat(slices.Collect(maps.Keys(x.notApplied)), x.includes.applied)
	if x.applied != nil {
		ids = append(ids, *x.applied...)
	}
	if x.hints != nil {
		for _, h := range *x.hints {
			ids = append(ids, h.promotion)
		}
	}
	if x.rejected != nil {
		ids = append(ids, x.rejected.promotion)
	}
	return ids
}
