package record

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
)

// reducer takes from a request what its quote does not need.
type reducer struct {
	rules   *engine.Ruleset
	request engine.Request
	want    outcome
}

// outcome is what a smaller request must still come to.
type outcome struct {
	Total, Shipping engine.Amount
	Lines           []engine.QuoteLine
	Shipments       []engine.QuoteShipment
	Gifts           []engine.Gift
	Awards          []engine.AwardGiven
	Applied         []engine.Outcome
}

func (r *reducer) outcome(request engine.Request) (outcome, bool) {
	request.Explain, request.Hints = false, false
	q, err := r.rules.Price(request)
	if err != nil {
		return outcome{}, false
	}
	o := outcome{q.Total, q.ShippingTotal, q.Lines, q.Shipments, q.Gifts, q.Awards, q.Promotions}
	for i := range o.Applied {
		o.Applied[i].Coupon = "" // codes get other names
	}
	return o, true
}

// try keeps the change where the request still comes to the same.
func (r *reducer) try(change func(*engine.Request)) bool {
	smaller := r.request
	change(&smaller)
	got, ok := r.outcome(smaller)
	if ok && reflect.DeepEqual(got, r.want) {
		r.request = smaller
		return true
	}
	return false
}

// reduce takes away what is not needed, and returns what is left of the customer
// and the delivery.
func (r *reducer) reduce() (kept []string) {
	keep := func(what string, changed bool) {
		if !changed {
			kept = append(kept, what)
		}
	}
	r.coupons()
	if c := r.request.Cart.Customer; c.ID != "" && !r.try(func(q *engine.Request) { q.Cart.Customer.ID = "" }) {
		keep("the customer's id", r.try(func(q *engine.Request) { q.Cart.Customer.ID = "customer-1" }))
	}
	r.each("group", r.request.Cart.Customer.Groups, func(q *engine.Request, left []string) { q.Cart.Customer.Groups = left })
	kept = append(kept, r.each("the customer's tag", r.request.Cart.Customer.Tags, func(q *engine.Request, left []string) { q.Cart.Customer.Tags = left })...)
	if r.request.Cart.Customer.Orders != 0 {
		r.try(func(q *engine.Request) { q.Cart.Customer.Orders = 0 })
	}
	if r.request.Cart.Customer.LifetimeSpend != 0 {
		keep("the customer's lifetime_spend", r.try(func(q *engine.Request) { q.Cart.Customer.LifetimeSpend = 0 }))
	}
	kept = append(kept, r.attributes("the customer's attribute", func(q *engine.Request) *engine.Attributes { return &q.Cart.Customer.Attributes })...)
	kept = append(kept, r.attributes("the cart's attribute", func(q *engine.Request) *engine.Attributes { return &q.Cart.Attributes })...)
	if r.request.Cart.Shipping.Region != "" {
		keep("the region of the delivery", r.try(func(q *engine.Request) { q.Cart.Shipping.Region = "" }))
	}
	for _, text := range []func(*engine.Request) *string{
		func(q *engine.Request) *string { return &q.Cart.Shipping.Country },
		func(q *engine.Request) *string { return &q.Cart.Payment },
		func(q *engine.Request) *string { return &q.Cart.Channel },
	} {
		if *text(&r.request) != "" {
			r.try(func(q *engine.Request) { *text(q) = "" })
		}
	}
	r.usage()
	r.catalog()
	return kept
}

// each takes the texts away one by one, and names those that stay.
func (r *reducer) each(what string, texts []string, set func(*engine.Request, []string)) (kept []string) {
	left := slices.Clone(texts)
	for _, text := range texts {
		fewer := slices.DeleteFunc(slices.Clone(left), func(t string) bool { return t == text })
		if r.try(func(q *engine.Request) { set(q, fewer) }) {
			left = fewer
		} else {
			kept = append(kept, fmt.Sprintf("%s %q", what, text))
		}
	}
	return kept
}

func (r *reducer) attributes(what string, of func(*engine.Request) *engine.Attributes) (kept []string) {
	for _, name := range slices.Sorted(maps.Keys(*of(&r.request))) {
		gone := r.try(func(q *engine.Request) {
			fewer := maps.Clone(*of(q))
			delete(fewer, name)
			*of(q) = fewer
		})
		if !gone {
			kept = append(kept, what+" "+name)
		}
	}
	return kept
}

// coupons takes away the codes that unlock nothing, and gives those of pools other
// names.
func (r *reducer) coupons() {
	r.each("coupon", r.request.Cart.Coupons, func(q *engine.Request, left []string) { q.Cart.Coupons = left })
	for i, code := range r.request.Cart.Coupons {
		known, ofPool := r.request.Usage.Codes[engine.NormalizeCoupon(code)]
		if !ofPool {
			continue
		}
		r.try(func(q *engine.Request) {
			name := fmt.Sprintf("CODE-%d", i+1)
			q.Cart.Coupons = slices.Clone(q.Cart.Coupons)
			q.Cart.Coupons[i] = name
			q.Usage.Codes = maps.Clone(q.Usage.Codes)
			delete(q.Usage.Codes, engine.NormalizeCoupon(code))
			q.Usage.Codes[engine.NormalizeCoupon(name)] = known
		})
	}
}

func (r *reducer) usage() {
	for _, id := range slices.Sorted(maps.Keys(r.request.Paused)) {
		r.try(func(q *engine.Request) {
			q.Paused = maps.Clone(q.Paused)
			delete(q.Paused, id)
		})
	}
	for _, id := range slices.Sorted(maps.Keys(r.request.Usage.Promotions)) {
		r.try(func(q *engine.Request) {
			q.Usage.Promotions = maps.Clone(q.Usage.Promotions)
			delete(q.Usage.Promotions, id)
		})
	}
	for _, code := range slices.Sorted(maps.Keys(r.request.Usage.Codes)) {
		r.try(func(q *engine.Request) {
			q.Usage.Codes = maps.Clone(q.Usage.Codes)
			delete(q.Usage.Codes, code)
		})
	}
}

// catalog takes away the items that are neither sold nor given.
func (r *reducer) catalog() {
	all, ok := r.request.Catalog.(engine.CatalogMap)
	if !ok {
		return
	}
	for _, sku := range slices.Sorted(maps.Keys(all)) {
		r.try(func(q *engine.Request) {
			fewer := maps.Clone(q.Catalog.(engine.CatalogMap))
			delete(fewer, sku)
			q.Catalog = fewer
		})
	}
}
