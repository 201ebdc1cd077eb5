package record

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// stubs writes what plugins told, and answered.
func (w *writer) stubs() {
	deals := w.answers()
	facts := w.facts()
	plugins := make(map[string]bool)
	for plugin := range facts {
		plugins[plugin] = true
	}
	for plugin := range deals {
		plugins[plugin] = true
	}
	if len(plugins) == 0 {
		return
	}
	w.linef("    stubs:")
	for _, plugin := range slices.Sorted(maps.Keys(plugins)) {
		w.linef("      %s:", syntax.Word(plugin))
		if len(facts[plugin]) > 0 {
			w.linef("        facts: {%s}", strings.Join(facts[plugin], ", "))
		}
		if len(deals[plugin]) > 0 {
			w.linef("        deals:")
		}
		for _, kind := range slices.Sorted(maps.Keys(deals[plugin])) {
			w.linef("          %s: {%s}", syntax.Word(kind), strings.Join(deals[plugin][kind], ", "))
		}
	}
}

// facts returns what plugins are asked, with what they told; nothing is a fact that
// they did not tell.
func (w *writer) facts() map[string][]string {
	asked := new(asked)
	_, _ = w.rules.Consult(context.Background(), asked, w.request) // only the questions matter
	facts := make(map[string][]string)
	for _, key := range asked.facts {
		told := "null"
		if v := w.request.Facts[key.Plugin][key.Name]; v.Kind() != engine.KindNone {
			told = value(v)
		}
		facts[key.Plugin] = append(facts[key.Plugin], syntax.Word(key.Name)+": "+told)
	}
	return facts
}

// asked notes the facts that rules ask for.
type asked struct {
	engine.NoPlugins
	facts []engine.FactKey
}

// Facts implements engine.Plugins.
func (a *asked) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	a.facts = wanted
	return nil
}

// answers returns the answers by plugin and kind of deal, each for its promotion.
func (w *writer) answers() map[string]map[string][]string {
	all := make(map[string]map[string][]string)
	for _, a := range w.request.Answers {
		p, known := w.rules.Promotion(a.Promotion)
		if !known || a.Deal >= len(p.Deals) {
			continue // the rules of that time would have had it
		}
		deal, ok := p.Deals[a.Deal].(*engine.PluginDeal)
		if !ok {
			continue
		}
		if all[deal.Plugin] == nil {
			all[deal.Plugin] = make(map[string][]string)
		}
		all[deal.Plugin][deal.Kind] = append(all[deal.Plugin][deal.Kind], syntax.Word(a.Promotion)+": "+w.answer(&a))
	}
	return all
}

func (w *writer) answer(a *engine.Answer) string {
	switch {
	case a.Fault != "":
		return fmt.Sprintf("{fault: %s}", syntax.Word(string(a.Fault)))
	case len(a.Units) > 0:
		var units []string
		for _, u := range a.Units {
			units = append(units, fmt.Sprintf("{sku: %s, quantity: %d, each: %s}", syntax.Word(u.SKU), u.Quantity, w.money(u.Each)))
		}
		return "{units: [" + strings.Join(units, ", ") + "]}"
	case a.Off != 0:
		return fmt.Sprintf("{off: %s}", w.money(a.Off))
	case a.Gift != engine.AnswerGift{}:
		return fmt.Sprintf("{gift: {sku: %s, quantity: %d}}", syntax.Word(a.Gift.SKU), a.Gift.Quantity)
	case a.Award != engine.AnswerAward{}:
		return fmt.Sprintf("{award: {kind: %s, amount: %s}}", syntax.Word(a.Award.Kind), a.Award.Amount)
	default:
		return fmt.Sprintf("{none: %s}", syntax.Quoted(a.Why))
	}
}
