package ruletest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
)

// EngineSurface is the name of pricing in process, which every run does.
const EngineSurface = "engine"

// Surface is a way by which a shop prices besides the engine in process, such as a
// version of the API. Each case is priced on it too, and what it tells has to be what
// the engine says. A surface is used by one goroutine at a time.
type Surface interface {
	// Name is what results and --surface call it.
	Name() string
	// Price prices the cart and returns what the surface tells of it. A cart that it
	// cannot carry is a *NotCarriedError, and one that is refused a *RefusedError;
	// another error says that the surface does not serve.
	Price(ctx context.Context, asked Asked) ([]Told, error)
	// Tells returns what the surface tells of a quote of the engine, with the same
	// fields in the same order as Price.
	Tells(q engine.Quote) []Told
}

// Asked is what a surface prices: a cart, the catalogue and its stock, the instant
// and what has been used, by the rules, with plugins that answer as in the case.
type Asked struct {
	Rules   *engine.Ruleset
	Plugins engine.Plugins
	// Request is as it is before plugins are asked.
	Request engine.Request
}

// Told is a field of a price, such as total or line TV discount, with its value as
// expect writes it.
type Told struct{ Field, Value string }

// NotCarriedError says what of a cart a surface has no place for. Such a case is
// skipped there.
type NotCarriedError struct {
	Needs []string // such as a customer
}

// Error implements error.
func (e *NotCarriedError) Error() string {
	return "not on this surface, because it cannot carry " + strings.Join(e.Needs, ", ")
}

// RefusedError is a cart that a surface does not price.
type RefusedError struct {
	Answer string // what it says
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Answer }

// onSurface prices the cart of the case on its surface, and compares that with what
// the engine made of it.
func (r *caseRun) onSurface(ctx context.Context, req engine.Request, quote engine.Quote, engineErr error, label string) {
	told, err := r.surface.Price(ctx, Asked{Rules: r.suite.Rules, Plugins: r.plugins, Request: req})
	r.plugins.missing = nil // the engine has asked for the same
	var unfit *NotCarriedError
	var refused *RefusedError
	switch {
	case errors.As(err, &unfit):
		r.notCarried = append(r.notCarried, unfit.Needs...)
	case errors.As(err, &refused) && engineErr != nil: // they agree
	case err != nil && engineErr == nil:
		r.Mismatches = append(r.Mismatches, Mismatch{Field: label + "quote", Want: "a price", Got: err.Error()})
	case err != nil:
		r.Mismatches = append(r.Mismatches, Mismatch{Field: label + "quote", Want: "a refusal: " + engineErr.Error(), Got: err.Error()})
	case engineErr != nil:
		r.Mismatches = append(r.Mismatches, Mismatch{Field: label + "quote", Want: "a refusal: " + engineErr.Error(), Got: "a price"})
	default:
		r.Mismatches = append(r.Mismatches, labelled(compareTold(r.surface.Tells(quote), told), label)...)
	}
}

// compareTold returns the fields in which a surface says something else than the
// engine.
func compareTold(engine, surface []Told) []Mismatch {
	var c comparison
	value := func(of []Told, field string) string {
		if i := slices.IndexFunc(of, func(t Told) bool { return t.Field == field }); i >= 0 {
			return of[i].Value
		}
		return "nothing"
	}
	for _, t := range engine {
		c.text(t.Field, t.Value, value(surface, t.Field))
	}
	for _, t := range surface {
		if !slices.ContainsFunc(engine, func(e Told) bool { return e.Field == t.Field }) {
			c.text(t.Field, "nothing", t.Value)
		}
	}
	return c.mismatches
}

// pricesNothing is why a case without a cart is on no surface.
func pricesNothing(c Case) string {
	if c.Prices() {
		return ""
	}
	return "not on this surface, because it prices nothing"
}

// conclude says why the case was not run on its surface, unless it failed there.
func (r *caseRun) conclude() {
	if len(r.notCarried) == 0 || len(r.Mismatches) > 0 {
		return
	}
	slices.Sort(r.notCarried)
	r.Skipped = (&NotCarriedError{Needs: slices.Compact(r.notCarried)}).Error()
}

// onSurfaces returns each case once for the engine and once for each surface.
func onSurfaces(cases []chosen, surfaces []Surface) []chosen {
	if len(surfaces) == 0 {
		return cases
	}
	all := make([]chosen, 0, len(cases)*(len(surfaces)+1))
	for _, c := range cases {
		c.on = EngineSurface
		all = append(all, c)
		for _, s := range surfaces {
			c.on, c.surface = s.Name(), s
			all = append(all, c)
		}
	}
	return all
}
