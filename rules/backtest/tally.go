package backtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/record"
)

// The bounds of what a result lists.
const (
	worstOrders = 20
	examples    = 5
	bucketWidth = 5 // per cent
)

// tally adds up orders in the order of the input. It is for one goroutine.
type tally struct {
	*Options
	read, priced, changed, failed int64
	first, last                   time.Time
	ledgers                       [2]*ledger
	failures                      map[Kind]*Failure
	invariants                    []checked
	broken                        int64
	currencies                    map[engine.Currency]*sums
}

// sums are the tally of one currency.
type sums struct {
	currency     engine.Currency
	orders       int64
	changed      int64
	cheaper      int64
	dearer       int64
	subtotal     engine.Amount
	total        [2]Sums
	promotions   [2]map[string]*spend
	pairs        map[[2]string]*[2]Stacked
	days         map[int64]*day // by days since 1970
	distribution [100/bucketWidth + 1][2]int64
	worst        []worst
}

type spend struct {
	Spend
	byDay *daySpend // of the last day that had it
	dayIs int64
}

type day struct {
	orders     int64
	total      [2]Sums
	promotions map[string]*daySpend
}

type daySpend [2]engine.Amount

// worst is an order that changes much.
type worst struct {
	by      engine.Amount
	order   Changed
	request engine.Request // as the new rules have priced it
}

func newTally(o *Options) *tally {
	t := &tally{Options: o, failures: make(map[Kind]*Failure), currencies: make(map[engine.Currency]*sums)}
	t.ledgers = [2]*ledger{newLedger(o.Old), newLedger(o.New)}
	for _, i := range o.Invariants {
		t.invariants = append(t.invariants, checked{Checked: Checked{Invariant: i.Text, Place: i.Place}})
	}
	return t
}

// add counts an order.
func (t *tally) add(p *pricedOrder) {
	if p.problem == nil && !t.Recorded {
		t.limit(p)
	}
	if p.problem != nil {
		t.fail(p)
		return
	}
	for s, l := range t.ledgers {
		l.count(&p.order, p.quotes[s].Redemptions)
	}
	t.priced++
	if t.first.IsZero() || p.order.PlacedAt.Before(t.first) {
		t.first = p.order.PlacedAt
	}
	if p.order.PlacedAt.After(t.last) {
		t.last = p.order.PlacedAt
	}
	if p.changed {
		t.changed++
	}
	t.check(p)
	t.sums(p.quotes[old].Currency).add(p, t.Options)
}

// limit prices the order again where limits are used up that it was priced
// without.
func (t *tally) limit(p *pricedOrder) {
	again := false
	for s := range candidate + 1 {
		if l := t.ledgers[s]; p.problem == nil && !l.holds(&p.order, p.quotes[s].Redemptions) {
			p.problem = t.quote(p, s, l.usage(&p.order))
			again = true
		}
	}
	if again && p.problem == nil {
		p.changed = differ(&p.quotes[old], &p.quotes[candidate])
	}
}

func (t *tally) fail(p *pricedOrder) {
	t.failed++
	f := t.failures[p.problem.Kind]
	if f == nil {
		f = &Failure{Kind: p.problem.Kind}
		t.failures[p.problem.Kind] = f
	}
	f.Orders++
	if len(f.Examples) < examples {
		f.Examples = append(f.Examples, Example{p.order.Reference, p.order.Place, p.problem.Text})
	}
}

// checked is an invariant with orders that break it.
type checked struct {
	Checked
	byNew, byOld []breach // byOld are those that the new rules do not break
}

type breach struct {
	Breach
	request engine.Request // as the new rules have priced it
}

// check counts the invariants that the order breaks.
func (t *tally) check(p *pricedOrder) {
	broken := false
	for i := range p.broken[candidate] {
		c := &t.invariants[i]
		c.Orders++
		before, after := p.broken[old][i], p.broken[candidate][i]
		if before == "" && after == "" {
			continue
		}
		b := breach{Breach: Breach{Reference: p.order.Reference, Place: p.order.Place, Old: before, New: after}}
		if before != "" {
			c.Old++
		}
		if after == "" {
			c.byOld = appendFirst(c.byOld, b)
			continue
		}
		broken = true
		c.New++
		if before != "" {
			c.Both++
		}
		if len(c.byNew) < examples {
			b.request = t.reduced(p.order.Request)
			b.request.Usage = p.usage
			c.byNew = append(c.byNew, b)
		}
	}
	if broken {
		t.broken++
	}
}

// appendFirst keeps the first ones.
func appendFirst(list []breach, b breach) []breach {
	if len(list) < examples {
		list = append(list, b)
	}
	return list
}

func (t *tally) sums(c engine.Currency) *sums {
	s := t.currencies[c]
	if s == nil {
		s = &sums{currency: c, pairs: make(map[[2]string]*[2]Stacked), days: make(map[int64]*day)}
		for i := range s.promotions {
			s.promotions[i] = make(map[string]*spend)
		}
		t.currencies[c] = s
	}
	return s
}

const secondsOfDay = 24 * 60 * 60

func (c *sums) add(p *pricedOrder, o *Options) {
	c.orders++
	before, after := &p.quotes[old], &p.quotes[candidate]
	subtotal := before.Payable + before.Discount + before.ShippingDiscount
	c.subtotal += subtotal
	number := floorDiv(p.order.PlacedAt.Unix(), secondsOfDay)
	d := c.days[number]
	if d == nil {
		d = &day{promotions: make(map[string]*daySpend)}
		c.days[number] = d
	}
	d.orders++
	for s := range candidate + 1 {
		q := &p.quotes[s]
		sums := sumsOf(q)
		c.total[s].add(sums)
		d.total[s].add(sums)
		c.distribution[bucketOf(sums.Discount, subtotal)][s]++
		c.promote(q, s, d, number)
		c.stack(q, s)
	}
	if !p.changed {
		return
	}
	c.changed++
	by := after.Saving() - before.Saving()
	switch {
	case by > 0:
		c.cheaper++
	case by < 0:
		c.dearer++
	}
	c.keepWorst(p, o, max(by, -by), subtotal)
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

func sumsOf(q *engine.Quote) Sums {
	s := Sums{Discount: q.Discount + q.ShippingDiscount, Revenue: q.Payable}
	for i := range q.Gifts {
		s.Gifts += q.Gifts[i].Worth * engine.Amount(q.Gifts[i].Quantity)
	}
	if s.Discount > 0 || len(q.Gifts) > 0 {
		s.Discounted = 1
	}
	return s
}

func (s *Sums) add(t Sums) {
	s.Discount += t.Discount
	s.Gifts += t.Gifts
	s.Revenue += t.Revenue
	s.Discounted += t.Discounted
}

// bucketOf is the place of a discount in the distribution.
func bucketOf(discount, subtotal engine.Amount) int {
	if discount <= 0 || subtotal <= 0 {
		return 0
	}
	// Amounts are at most engine.MaxAmount, far from the end of int64.
	return int(min((discount*100+bucketWidth*subtotal-1)/(bucketWidth*subtotal), 100/bucketWidth))
}

// promote counts what each promotion did.
func (c *sums) promote(q *engine.Quote, s side, d *day, number int64) {
	for i := range q.Promotions {
		o := &q.Promotions[i]
		p := c.promotions[s][o.Promotion]
		if p == nil {
			p = &spend{}
			c.promotions[s][o.Promotion] = p
		}
		if o.Reason != engine.Applied {
			p.Unanswered++
			continue
		}
		p.Orders++
		p.Applications += o.Applications
		p.Discount += o.Discount
		p.spent(d, number, s, o.Promotion, o.Discount)
	}
	for i := range q.Gifts {
		g := &q.Gifts[i]
		p, worth := c.promotions[s][g.Promotion], g.Worth*engine.Amount(g.Quantity)
		p.Gifts += worth
		p.spent(d, number, s, g.Promotion, worth)
	}
	for i := range q.Redemptions {
		if r := &q.Redemptions[i]; r.Budget != nil {
			p := c.promotions[s][r.Promotion]
			p.Budget, p.Per = r.Budget, r.Period
		}
	}
}

func (p *spend) spent(d *day, number int64, s side, promotion string, amount engine.Amount) {
	if p.byDay == nil || p.dayIs != number {
		p.byDay, p.dayIs = d.promotions[promotion], number
		if p.byDay == nil {
			p.byDay = new(daySpend)
			d.promotions[promotion] = p.byDay
		}
	}
	p.byDay[s] += amount
}

// stack counts the pairs that took something off the same line.
func (c *sums) stack(q *engine.Quote, s side) {
	for i := range q.Promotions {
		for j := range i {
			off, shared := sharedDiscount(q.Promotions[i].Lines, q.Promotions[j].Lines)
			if !shared {
				continue
			}
			names := [2]string{q.Promotions[j].Promotion, q.Promotions[i].Promotion}
			if names[0] > names[1] {
				names[0], names[1] = names[1], names[0]
			}
			pair := c.pairs[names]
			if pair == nil {
				pair = new([2]Stacked)
				c.pairs[names] = pair
			}
			pair[s].Orders++
			pair[s].Discount += off
		}
	}
}

// sharedDiscount is what is taken off the lines that are in both lists, which have
// the order of the quote.
func sharedDiscount(a, b []engine.OutcomeLine) (off engine.Amount, shared bool) {
	for len(a) > 0 && len(b) > 0 {
		switch order := compareLines(&a[0], &b[0]); {
		case order < 0:
			a = a[1:]
		case order > 0:
			b = b[1:]
		default:
			off, shared = off+a[0].Discount+b[0].Discount, true
			a, b = a[1:], b[1:]
		}
	}
	return off, shared
}

// compareLines puts goods by SKU before shipments by method, as quotes do.
func compareLines(a, b *engine.OutcomeLine) int {
	switch {
	case a.Shipment == "" && b.Shipment == "":
		return strings.Compare(a.SKU, b.SKU)
	case a.Shipment == "":
		return -1
	case b.Shipment == "":
		return 1
	default:
		return strings.Compare(a.Shipment, b.Shipment)
	}
}

// keepWorst keeps the order if it is one of those that change most; of two that
// change alike, the earlier one.
func (c *sums) keepWorst(p *pricedOrder, o *Options, by, subtotal engine.Amount) {
	if len(c.worst) == worstOrders && by <= c.worst[worstOrders-1].by {
		return
	}
	at := len(c.worst)
	for at > 0 && c.worst[at-1].by < by {
		at--
	}
	request := o.reduced(p.order.Request)
	entry := worst{by, changedOrder(p, request, subtotal), request}
	entry.request.Usage = p.usage
	c.worst = slices.Insert(c.worst, at, entry)
	c.worst = c.worst[:min(len(c.worst), worstOrders)]
}

func changedOrder(p *pricedOrder, priced engine.Request, subtotal engine.Amount) Changed {
	o := &p.order
	c := Changed{
		Reference: o.Reference, Place: o.Place, PlacedAt: o.PlacedAt, Subtotal: subtotal,
		Old: outcomeOf(&p.quotes[old]), New: outcomeOf(&p.quotes[candidate]), Order: json.RawMessage("null"),
	}
	for _, l := range p.quotes[old].Lines {
		c.Lines = append(c.Lines, CartLine{l.SKU, l.Name, l.Quantity, l.UnitPrice})
	}
	request, err := engine.EncodeRequest(priced)
	if err != nil {
		return c // the record has nothing that cannot be recorded
	}
	if order, err := json.Marshal(envelope{1, o.Reference, o.PlacedAt, request}); err == nil {
		c.Order = order
	}
	return c
}

// reduced has a catalogue of the gifts that the rules can give, in place of one of
// a whole shop.
func (o *Options) reduced(r engine.Request) engine.Request {
	catalog := make(engine.CatalogMap)
	from := giftCatalog{r.Catalog, o.Catalog}
	for s := range candidate + 1 {
		for _, sku := range o.rules(s).GiftSKUs() {
			if item, ok := from.Item(sku); ok {
				catalog[sku] = item
			}
		}
	}
	r.Catalog = nil
	if len(catalog) > 0 {
		r.Catalog = catalog
	}
	return r
}

func outcomeOf(q *engine.Quote) Outcome {
	sums := sumsOf(q)
	o := Outcome{Discount: sums.Discount, Gifts: sums.Gifts, Payable: q.Payable, Promotions: []Applied{}}
	for i := range q.Promotions {
		p := &q.Promotions[i]
		if p.Reason != engine.Applied {
			continue
		}
		a := Applied{Promotion: p.Promotion, Discount: p.Discount}
		for _, g := range q.Gifts {
			if g.Promotion == p.Promotion {
				a.Gifts += g.Worth * engine.Amount(g.Quantity)
			}
		}
		o.Promotions = append(o.Promotions, a)
	}
	return o
}

// result writes the tally.
func (t *tally) result() *Result {
	r := &Result{
		Version: 1,
		Old:     Rules{Digest: t.Old.Digest(), Promotions: len(t.Old.PromotionIDs())},
		New:     Rules{Digest: t.New.Digest(), Promotions: len(t.New.PromotionIDs())},
		Input:   Input{Since: instant(t.Since), Until: instant(t.Until), Sample: t.Sample, Limit: t.Limit, Usage: "counted"},
		Orders: Orders{
			Read: t.read, Skipped: t.read - t.priced - t.failed, Priced: t.priced, Failed: t.failed, Changed: t.changed, Broken: t.broken,
			First: instant(t.first), Last: instant(t.last),
		},
		Currencies: []Currency{}, Failures: []Failure{}, Invariants: []Checked{},
	}
	if t.Sample > 0 {
		r.Input.Seed = t.Seed
	}
	if t.Recorded {
		r.Input.Usage = "recorded"
	}
	for _, c := range slices.SortedFunc(maps.Values(t.currencies), func(a, b *sums) int { return cmp.Compare(a.currency.Code(), b.currency.Code()) }) {
		r.Currencies = append(r.Currencies, t.currency(c))
	}
	for _, f := range slices.SortedFunc(maps.Values(t.failures), func(a, b *Failure) int {
		return cmp.Or(cmp.Compare(b.Orders, a.Orders), cmp.Compare(a.Kind, b.Kind))
	}) {
		r.Failures = append(r.Failures, *f)
	}
	for _, c := range t.invariants {
		r.Invariants = append(r.Invariants, t.checked(c))
	}
	for i := range r.Currencies {
		c := &r.Currencies[i]
		c.Measures = r.measures(c)
	}
	return r
}

// checked writes what came of an invariant.
func (t *tally) checked(c checked) Checked {
	result := c.Checked
	result.Examples = []Breach{}
	list := c.byNew
	if len(list) == 0 {
		list = c.byOld
	}
	for _, b := range list {
		if b.New != "" {
			b.Test = t.test(b.request, b.Reference)
		}
		result.Examples = append(result.Examples, b.Breach)
	}
	return result
}

// test is a rule test of an order, "" for one that cannot be written as one.
func (t *tally) test(request engine.Request, reference string) string {
	test, err := record.Test(t.New, request, "order "+reference)
	if err != nil {
		return ""
	}
	return string(test.File)
}

func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

func (t *tally) currency(c *sums) Currency {
	part := Currency{
		Currency: c.currency, Digits: c.currency.Digits(), Orders: c.orders, Changed: c.changed, Cheaper: c.cheaper, Dearer: c.dearer,
		Subtotal: c.subtotal, Old: c.total[old], New: c.total[candidate],
		Promotions: t.promotions(c), Pairs: c.pairList(), Days: c.dayList(), Worst: []Changed{},
	}
	for i, n := range c.distribution {
		part.Distribution = append(part.Distribution, Bucket{From: max(0, i-1) * bucketWidth, To: i * bucketWidth, Old: n[old], New: n[candidate]})
	}
	for _, w := range c.worst {
		w.order.Test = t.test(w.request, w.order.Reference)
		part.Worst = append(part.Worst, w.order)
	}
	return part
}

// promotions lists those of both rulesets, also those that did nothing.
func (t *tally) promotions(c *sums) []Promotion {
	list := []Promotion{}
	at := make(map[string]int)
	for s := range candidate + 1 {
		rules := t.rules(s)
		for _, id := range rules.PromotionIDs() {
			i, known := at[id]
			if !known {
				i = len(list)
				at[id] = i
				list = append(list, Promotion{Promotion: id})
			}
			promotion, _ := rules.Promotion(id)
			list[i].Name = promotion.Name
			spent := t.spent(c, s, id)
			if s == old {
				list[i].Old = spent
			} else {
				list[i].New = spent
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Promotion) int {
		return cmp.Or(
			cmp.Compare(magnitude(b.New.Total()-b.Old.Total()), magnitude(a.New.Total()-a.Old.Total())),
			cmp.Compare(b.New.Total()+b.Old.Total(), a.New.Total()+a.Old.Total()),
			cmp.Compare(a.Promotion, b.Promotion))
	})
	return list
}

func (t *tally) spent(c *sums, s side, id string) *Spend {
	spent := Spend{}
	if known := c.promotions[s][id]; known != nil {
		spent = known.Spend
	}
	if since, limited := t.ledgers[s].refused[id]; limited {
		spent.LimitedSince = instant(since)
	}
	return &spent
}

func magnitude(a engine.Amount) engine.Amount { return max(a, -a) }

func (c *sums) pairList() []Pair {
	list := make([]Pair, 0, len(c.pairs))
	for names, p := range c.pairs {
		list = append(list, Pair{Promotions: names, Old: p[old], New: p[candidate]})
	}
	slices.SortFunc(list, func(a, b Pair) int {
		change := func(p Pair) int64 { return max(p.New.Orders-p.Old.Orders, p.Old.Orders-p.New.Orders) }
		return cmp.Or(cmp.Compare(change(b), change(a)), cmp.Compare(b.New.Orders, a.New.Orders), slices.Compare(a.Promotions[:], b.Promotions[:]))
	})
	return list
}

func (c *sums) dayList() []Day {
	list := make([]Day, 0, len(c.days))
	for _, number := range slices.Sorted(maps.Keys(c.days)) {
		d := c.days[number]
		day := Day{
			Day: time.Unix(number*secondsOfDay, 0).UTC().Format(time.DateOnly), Orders: d.orders,
			Old: d.total[old], New: d.total[candidate], Promotions: []DaySpend{},
		}
		for _, id := range slices.Sorted(maps.Keys(d.promotions)) {
			day.Promotions = append(day.Promotions, DaySpend{id, d.promotions[id][old], d.promotions[id][candidate]})
		}
		list = append(list, day)
	}
	return list
}
