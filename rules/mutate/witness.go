package mutate

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/record"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// maxTries is how many carts are priced in search of a witness.
const maxTries = 4000

// witness returns a test that fails for the mutant and passes for the rules, and the
// file it belongs into; nothing where none is found.
func (f *folder) witness(ctx context.Context, m Mutant, mutant *engine.Ruleset) (test, file string) {
	s := search{rules: f.rules, mutant: mutant, tuned: f.tuning(m)}
	for _, deep := range []bool{false, true} {
		for _, near := range []bool{true, false} {
			for _, c := range f.cases {
				if c.applied[m.Owner.Name] != near || s.tries > maxTries || ctx.Err() != nil {
					continue
				}
				if text := f.tried(&s, c, m, deep); text != "" {
					return text, c.suite.File
				}
			}
		}
	}
	return "", ""
}

// tried returns the test of a cart near those of the case that makes a difference, and
// that can be written as a test.
func (f *folder) tried(s *search, c caseOf, m Mutant, deep bool) string {
	for _, request := range c.requests {
		written := ""
		s.around(request, deep, func(found engine.Request) bool {
			text, err := record.Case(f.rules, found, fmt.Sprintf("%s %s", m.Owner.Name, m.What))
			if err == nil && f.proves(c.suite.File, text, s.mutant) {
				written = string(text)
			}
			return written != ""
		})
		if written != "" {
			return written
		}
	}
	return ""
}

// proves reports whether the test, at the end of the file, passes for the rules and
// fails for the mutant.
func (f *folder) proves(file string, test []byte, mutant *engine.Ruleset) bool {
	source := appended{f.Source, file, test}
	suites, err := ruletest.LoadFrom(source, []string{file})
	if err != nil || len(suites) == 0 || len(suites[0].Cases) == 0 {
		return false
	}
	last := suites[0]
	last.Cases = last.Cases[len(last.Cases)-1:]
	passes, err := ruletest.Run([]ruletest.Suite{last}, ruletest.Filter{})
	if err != nil || passes.Failed > 0 {
		return false
	}
	last.Rules = mutant
	fails, err := ruletest.Run([]ruletest.Suite{last}, ruletest.Filter{})
	return err == nil && fails.Failed > 0
}

// appended is a source in which a file has a text at its end.
type appended struct {
	ruletest.Source
	file string
	text []byte
}

// ReadFile implements ruletest.Source.
func (a appended) ReadFile(name string) ([]byte, error) {
	data, err := a.Source.ReadFile(name)
	if err != nil || name != a.file {
		return data, err
	}
	return slices.Concat(bytes.TrimRight(data, "\n"), []byte("\n\n"), a.text), nil
}

// tuning is what may make the difference: numbers, texts and instants of the part
// that was changed.
type tuning struct {
	numbers  []int64
	texts    []string
	instants []time.Time
	coupon   string
	id       string
}

func (f *folder) tuning(m Mutant) tuning {
	t := tuning{id: m.Owner.Name}
	for _, text := range append(slices.Clone(m.Before), m.After...) {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789", r) }) {
			if n, err := strconv.ParseInt(word, 10, 32); err == nil && n > 0 && n <= 10_000 {
				t.numbers = append(t.numbers, n-1, n, n+1)
			}
		}
		for i, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '\'' || r == '"' }) {
			// Of quotes within quotes it cannot be told which are which.
			if i%2 == 1 || !strings.ContainsAny(part, " ,:[]{}()") {
				t.texts = append(t.texts, part)
			}
		}
	}
	if p, known := f.rules.Promotion(m.Owner.Name); known {
		t.coupon = p.Coupon.Code
		for _, at := range []time.Time{p.Schedule.From, p.Schedule.Until} {
			if at.IsZero() {
				continue
			}
			for _, by := range []time.Duration{-24 * time.Hour, -time.Minute, -time.Second, 0, time.Second, time.Hour, 24 * time.Hour} {
				t.instants = append(t.instants, at.Add(by))
			}
		}
	}
	slices.Sort(t.numbers)
	t.numbers = slices.Compact(t.numbers)
	return t
}

// search prices carts by the rules and by the mutant.
type search struct {
	rules, mutant *engine.Ruleset
	tuned         tuning
	tries         int
}

// around gives the carts near the request, that make a difference, to accept until it
// takes one. Deep are those that two changes away.
func (s *search) around(request engine.Request, deep bool, accept func(engine.Request) bool) {
	try := func(changed engine.Request) bool {
		s.tries++
		return s.differs(changed) && accept(changed)
	}
	if !deep && try(request) {
		return
	}
	for _, once := range s.variations(request) {
		if s.tries > maxTries {
			return
		}
		if !deep {
			if try(once) {
				return
			}
			continue
		}
		for _, twice := range s.variations(once) {
			if s.tries > maxTries || try(twice) {
				return
			}
		}
	}
}

func (s *search) differs(request engine.Request) bool {
	want, wantErr := s.rules.Price(request)
	got, err := s.mutant.Price(request)
	return wantErr == nil && err == nil && effectOf(want) != effectOf(got)
}

// effectOf writes of a quote what a written test expects.
func effectOf(q engine.Quote) string {
	var b strings.Builder
	fmt.Fprintln(&b, q.Total, q.Discount, q.ShippingTotal)
	for _, o := range q.Promotions {
		fmt.Fprintln(&b, o.Promotion, o.Reason == engine.Applied)
	}
	for _, l := range q.Lines {
		fmt.Fprintln(&b, l.SKU, l.Total)
	}
	for _, g := range q.Gifts {
		fmt.Fprintln(&b, g.SKU, g.Quantity)
	}
	for _, a := range q.Awards {
		fmt.Fprintln(&b, a.Kind, a.Amount)
	}
	return b.String()
}

// variations are requests that differ in one thing.
func (s *search) variations(request engine.Request) []engine.Request {
	var all []engine.Request
	with := func(change func(*engine.Request)) {
		changed := request
		changed.Cart.Lines = slices.Clone(request.Cart.Lines)
		change(&changed)
		all = append(all, changed)
	}
	for i, line := range request.Cart.Lines {
		quantities := slices.Concat([]int64{line.Quantity + 1, line.Quantity - 1, 2 * line.Quantity}, s.tuned.numbers)
		for _, n := range quantities {
			if n > 0 && n != line.Quantity {
				with(func(r *engine.Request) { r.Cart.Lines[i].Quantity = n })
			}
		}
		if len(request.Cart.Lines) > 1 {
			with(func(r *engine.Request) { r.Cart.Lines = slices.Delete(r.Cart.Lines, i, i+1) })
		}
	}
	for i, line := range request.Cart.Lines {
		for _, n := range s.reaching(request, line.Item) {
			with(func(r *engine.Request) { r.Cart.Lines[i].Quantity = n })
		}
	}
	for _, sku := range s.tuned.texts {
		item, known := itemOf(request, sku)
		if !known {
			continue
		}
		for _, n := range s.tuned.numbers {
			with(func(r *engine.Request) { r.Cart.Lines = append(r.Cart.Lines, engine.Line{Item: item, Quantity: n}) })
		}
	}
	for _, item := range itemsOf(request) {
		for _, n := range append([]int64{1}, s.reaching(request, item)...) {
			with(func(r *engine.Request) { r.Cart.Lines = append(r.Cart.Lines, engine.Line{Item: item, Quantity: n}) })
		}
	}
	for _, at := range s.tuned.instants {
		with(func(r *engine.Request) { r.At = at })
	}
	if !request.At.IsZero() {
		for _, by := range []time.Duration{-24 * time.Hour, -time.Hour, -time.Minute, time.Minute, time.Hour, 24 * time.Hour} {
			with(func(r *engine.Request) { r.At = r.At.Add(by) })
		}
	}
	s.customers(request, with)
	return all
}

// reaching returns how many units of the item cost as much as the numbers at hand, or
// nearly.
func (s *search) reaching(request engine.Request, item *engine.Item) []int64 {
	var all []int64
	for _, n := range s.tuned.numbers {
		amount := engine.Amount(n)
		for range request.Cart.Currency.Digits() {
			amount *= 10
		}
		if q := int64(amount / max(1, item.Price)); q > 0 && q < 10_000 {
			all = append(all, q, q+1)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// customers varies who buys, and with what.
func (s *search) customers(request engine.Request, with func(func(*engine.Request))) {
	if len(request.Cart.Coupons) > 0 {
		with(func(r *engine.Request) { r.Cart.Coupons = nil })
	} else if s.tuned.coupon != "" {
		with(func(r *engine.Request) { r.Cart.Coupons = []string{s.tuned.coupon} })
	}
	if len(request.Cart.Customer.Groups) > 0 {
		with(func(r *engine.Request) { r.Cart.Customer.Groups = nil })
	}
	for _, text := range s.tuned.texts {
		with(func(r *engine.Request) { r.Cart.Customer.Groups = []string{text} })
		with(func(r *engine.Request) { r.Cart.Shipping.Country = text })
		with(func(r *engine.Request) { r.Cart.Channel = text })
	}
	for _, n := range s.tuned.numbers {
		with(func(r *engine.Request) { r.Cart.Customer.Orders = n })
		with(func(r *engine.Request) {
			usage := maps.Clone(r.Usage.Promotions)
			if usage == nil {
				usage = make(map[string]engine.PromotionUsage)
			}
			used := usage[s.tuned.id]
			used.Redemptions = n
			usage[s.tuned.id] = used
			r.Usage.Promotions = usage
		})
	}
}

// itemOf is an item of the catalogue that the cart lacks.
func itemOf(request engine.Request, sku string) (*engine.Item, bool) {
	if request.Catalog == nil || slices.ContainsFunc(request.Cart.Lines, func(l engine.Line) bool { return l.Item.SKU == sku }) {
		return nil, false
	}
	return request.Catalog.Item(sku)
}

// itemsOf are those of the catalogue that the cart lacks, by SKU.
func itemsOf(request engine.Request) []*engine.Item {
	all, _ := request.Catalog.(engine.CatalogMap)
	var items []*engine.Item
	for _, sku := range slices.Sorted(maps.Keys(all)) {
		in := func(l engine.Line) bool { return l.Item.SKU == sku }
		if item := all[sku]; !slices.ContainsFunc(request.Cart.Lines, in) && len(items) < 40 {
			items = append(items, item)
		}
	}
	return items
}
