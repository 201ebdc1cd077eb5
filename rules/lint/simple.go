package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// unused finds sets and conditions that no promotion reads, directly or through
// others.
func (l *linter) unused() {
	outline := compile.OutlineOf(l.files)
	reads := make(map[int][]int) // by the symbol that a reference is part of; -1 is the policy
	for _, r := range outline.References {
		reads[r.In] = append(reads[r.In], r.Symbol)
	}
	used := make(map[int]bool)
	var use func(symbol int)
	use = func(symbol int) {
		if used[symbol] {
			return
		}
		used[symbol] = true
		for _, next := range reads[symbol] {
			use(next)
		}
	}
	for _, symbol := range reads[-1] {
		use(symbol)
	}
	for i, s := range outline.Symbols {
		if s.Kind == compile.PromotionSymbol {
			use(i)
		}
	}
	for i, s := range outline.Symbols {
		if d := l.definitions[s.Name]; d != nil && !used[i] && (s.Kind == compile.SetSymbol || s.Kind == compile.ConditionSymbol) {
			finding := l.report(d.key, diag.SeverityWarning, diag.Unused, "remove it, or use it", "no promotion uses the %s %s", s.Kind, s.Name)
			finding.Fix = l.withoutDefinition(d)
		}
	}
}

// withoutDefinition takes a set or a condition out of its file, with its section if
// that has no other.
func (l *linter) withoutDefinition(d *definition) *diag.Fix {
	title := "Remove " + d.name
	section := "conditions"
	if d.isSet {
		section = "sets"
	}
	i := slices.IndexFunc(l.docs, func(doc *syntax.Document) bool { return doc.Name() == d.key.File() })
	root := l.docs[i].Root()
	m := root.At([]string{section})
	if len(m.Entries()) == 1 {
		return l.withoutEntry(root, section, title)
	}
	return l.withoutEntry(m, d.name, title)
}

// promotionsAlone finds what is to be said of one promotion.
func (l *linter) promotionsAlone() {
	for _, p := range l.promotions {
		if p.Disabled {
			continue
		}
		if until := p.Schedule.Until; !until.IsZero() && !l.options.At.Before(until) {
			finding := l.report(p.Get("schedule").At([]string{"until"}), diag.SeverityNote, diag.Expired, "remove it, or give it another end",
				"%s is over", p.ID)
			finding.Promotions = []string{p.ID}
			l.expired(finding, p)
		}
		l.idle(p)
		l.nothing(p)
		l.unbounded(p)
	}
}

// nothing finds deals that take nothing off, whatever the cart.
func (l *linter) nothing(p *promotion) {
	for i, d := range p.Deals {
		if zeroDeal(d) {
			finding := l.report(p.dealAt(i), diag.SeverityWarning, diag.GivesNothing, "write what it gives, or remove it", "a deal of %s gives nothing", p.ID)
			finding.Promotions = []string{p.ID}
			if len(p.Deals) == 1 {
				l.withoutEffect(finding, p)
			}
		}
	}
}

// dealAt is where the deal is written.
func (p *promotion) dealAt(i int) syntax.Value {
	v := p.Get("deal")
	if !v.Present() {
		if items := p.Get("deals").Items(); i < len(items) {
			v = items[i]
		}
	}
	if entries := v.Entries(); len(entries) == 1 {
		return entries[0].Key
	}
	return v
}

// deal is what is written in the deal.
func (p *promotion) deal(i int) syntax.Value {
	v := p.Get("deal")
	if !v.Present() {
		if items := p.Get("deals").Items(); i < len(items) {
			v = items[i]
		}
	}
	if entries := v.Entries(); len(entries) == 1 {
		return entries[0].Value
	}
	return v
}

// isZero reports whether a number is written out, and 0 in every currency.
func isZero(n engine.Number) bool {
	switch n := n.(type) {
	case engine.Constant:
		return engine.Decimal(n).Sign() == 0
	case engine.PerCurrency:
		for _, d := range n {
			if d.Sign() != 0 {
				return false
			}
		}
		return len(n) > 0
	default:
		return false
	}
}

func zeroReward(r engine.Reward) bool {
	return r.PercentOff != nil && isZero(r.PercentOff) || r.AmountOff != nil && isZero(r.AmountOff)
}

func zeroDeal(d engine.Deal) bool {
	switch d := d.(type) {
	case *engine.PercentOff:
		return isZero(d.Percent) || d.MaxDiscount != nil && isZero(d.MaxDiscount)
	case *engine.AmountOff:
		return isZero(d.Amount)
	case *engine.Multibuy:
		return zeroReward(d.Reward) || equalConstants(d.Reward.PayFor, d.Quantity)
	case *engine.BuyGet:
		return zeroReward(d.Reward)
	case *engine.Bundle:
		return zeroReward(d.Reward)
	case *engine.ShippingOff:
		return zeroReward(d.Reward)
	case *engine.Award:
		return isZero(d.Amount)
	case *engine.Tiers:
		return !slices.ContainsFunc(d.Steps, func(s engine.TierStep) bool { return !zeroReward(s.Reward) })
	default:
		return false
	}
}

func equalConstants(a, b engine.Number) bool {
	x, xOK := a.(engine.Constant)
	y, yOK := b.(engine.Constant)
	return xOK && yOK && engine.Decimal(x).Cmp(engine.Decimal(y)) == 0
}

// unbounded finds percentages without any bound on what they cost: neither limits,
// nor an end, nor a code, nor a cap of the policy.
func (l *linter) unbounded(p *promotion) {
	limits := p.Limits
	bounded := limits.Budget != nil || limits.MaxDiscount != nil || limits.Redemptions != nil || limits.PerCustomer != nil || limits.PerCode != nil ||
		!p.Schedule.Until.IsZero() || p.Coupon.Pool != "" || l.config.Policy.Cap != nil
	if bounded || !l.acts(p) {
		return
	}
	for i, d := range p.Deals {
		percent, ok := d.(*engine.PercentOff)
		if !ok || percent.MaxDiscount != nil || percent.MaxUnits != nil || zeroDeal(d) {
			continue
		}
		finding := l.report(p.dealAt(i), diag.SeverityNote, diag.Unbounded, "give it limits, such as budget or max_discount, or an end",
			"nothing bounds what %s takes off", p.ID)
		finding.Promotions = []string{p.ID}
		l.great(finding, p)
		return
	}
}

// tiers finds steps that no cart for which the condition holds can be at.
func (l *linter) tiers() {
	for _, p := range l.promotions {
		for i, d := range p.Deals {
			if t, ok := d.(*engine.Tiers); ok && len(p.Deals) == 1 {
				l.steps(p, i, t)
			}
		}
	}
}

func (l *linter) steps(p *promotion, deal int, t *engine.Tiers) {
	measured, ok := l.measureOf(t)
	steps := p.deal(deal).At([]string{"steps"}).Items()
	if !ok || len(steps) != len(t.Steps) || l.solver().never(p.meaning) {
		return
	}
	for i, step := range t.Steps {
		from, fromOK := step.From.(engine.Constant)
		if !fromOK {
			return
		}
		reached := ofFact(measured, passing(">=", numberPoint(engine.Decimal(from))))
		switch {
		case l.solver().never(all(p.meaning, reached)):
			finding := l.report(steps[i], diag.SeverityWarning, diag.UnreachableTier, "remove the step, or change the condition",
				"no cart reaches the step from %s where the condition of %s holds", engine.Decimal(from), p.ID)
			finding.Promotions = []string{p.ID}
			continue
		case t.Graduated || i+1 == len(t.Steps):
			continue
		}
		next, nextOK := t.Steps[i+1].From.(engine.Constant)
		if nextOK && l.solver().never(all(p.meaning, reached, ofFact(measured, passing("<", numberPoint(engine.Decimal(next)))))) {
			finding := l.report(steps[i], diag.SeverityWarning, diag.UnreachableTier, "remove the step, or change the condition",
				"every cart for which the condition of %s holds is beyond the step from %s", p.ID, engine.Decimal(from))
			finding.Promotions = []string{p.ID}
			l.atStep(finding, p, t, i+1)
		}
	}
}

// measureOf is the fact that decides which step is reached.
func (l *linter) measureOf(t *engine.Tiers) (*fact, bool) {
	e := expression{translator: l.translator}
	part := "quantity"
	switch {
	case t.BySpend && t.OfList:
		part = "subtotal"
	case t.BySpend:
		part = "total"
	}
	if t.Of.Order {
		o, _ := e.cartOperand("cart", part)
		return e.fact(o), true
	}
	name := l.setName(t.Of.Set)
	if d := l.definitions[name]; d == nil || !d.isSet {
		return nil, false
	}
	o, ok := setOperand(name, part)
	return e.fact(o), ok
}

// plugins finds plugins that may only run in development, and those that no rule
// asks.
func (l *linter) plugins() {
	asked := make(map[string]bool)
	for _, p := range l.promotions {
		for _, d := range p.Deals {
			if d, ok := d.(*engine.PluginDeal); ok {
				asked[d.Plugin] = true
			}
		}
	}
	for _, f := range l.config.Facts {
		asked[f.Plugin] = true
	}
	for _, name := range l.lock.Names() {
		plugin, _ := l.lock.Plugin(name)
		switch {
		case !asked[name]:
			l.report(l.lockPlaces[name], diag.SeverityNote, diag.NotPinned, "checkout plugins lock leaves it out", "no rule asks the plugin %s", name)
		case len(plugin.SHA256) == 0:
			l.report(l.lockPlaces[name], diag.SeverityWarning, diag.NotPinned, "run checkout plugins lock where the program is installed",
				"the plugin %s has no checksum, so that it runs in development only", name)
		}
	}
}

// repeated finds promotions that say the same.
func (l *linter) repeated() {
	first := make(map[string]*promotion)
	for _, p := range l.promotions {
		if p.Disabled {
			continue
		}
		var words strings.Builder
		for _, key := range []string{"when", "deal", "deals", "coupon", "schedule", "group", "exclusive", "excludes", "limits", "currencies"} {
			fmt.Fprintf(&words, "%s: %s\n", key, wordsIn(p.Get(key)))
		}
		other := first[words.String()]
		if other == nil {
			first[words.String()] = p
			continue
		}
		finding := l.report(p.Get("id"), diag.SeverityWarning, diag.Repeated, "remove one of the two, or set them apart",
			"%s says the same as %s at %s", p.ID, other.ID, other.Get("id").Location())
		finding.Promotions = []string{other.ID, p.ID}
		l.bothApply(finding, other, p)
	}
}

// wordsIn writes a value without its layout.
func wordsIn(v syntax.Value) string {
	switch v.Kind() {
	case syntax.Scalar:
		return cmp.Or(compile.Words(v.Text()), v.Text())
	case syntax.Sequence:
		var b strings.Builder
		for _, item := range v.Items() {
			b.WriteString("[" + wordsIn(item) + "]")
		}
		return b.String()
	case syntax.Mapping:
		var parts []string
		for _, e := range v.Entries() {
			parts = append(parts, e.Name+":{"+wordsIn(e.Value)+"}")
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	default:
		return ""
	}
}
