package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// offOrder is what each offer but the gift takes off an order.
const offOrder engine.Amount = 100

// The limits of the offers.
const (
	allowedTotal, allowedEach, allowedDaily, allowedCode, allowedGifts = 3, 1, 2, 1, 4
	allowedBudget                                                      = 2 * offOrder
)

// offers are a promotion of each kind of limit, and one that gives an A.
func offers() []engine.Promotion {
	number := func(n int64) engine.Number { return engine.Constant(engine.NewDecimal(n)) }
	return []engine.Promotion{
		{ID: "total", Limits: engine.Limits{Redemptions: number(allowedTotal)}},
		{ID: "each", Limits: engine.Limits{PerCustomer: number(allowedEach)}},
		{ID: "daily", Limits: engine.Limits{Redemptions: number(allowedDaily), Per: engine.DayPeriod}},
		{ID: "budget", Limits: engine.Limits{Budget: number(int64(allowedBudget / 100))}},
		{ID: "code", Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: number(allowedCode)}},
		{
			ID: "gift", Limits: engine.Limits{Redemptions: number(allowedGifts)},
			Deals: []engine.Deal{&engine.Giveaway{Items: []string{"A"}, Quantity: number(1)}},
		},
	}
}

// use is what a limit counts: the uses of a promotion in a period, by a customer,
// or of a code.
type use struct{ promotion, period, customer, code string }

// used is how often, and what was taken off.
type used struct {
	times int64
	spent engine.Amount
}

// exhausted tells whether a limit of all orders is used up.
func (m *model) exhausted(u use) bool {
	n := m.uses[u]
	switch u.promotion {
	case "total":
		return n.times == allowedTotal
	case "daily":
		return n.times == allowedDaily
	case "budget":
		return n.spent == allowedBudget
	case "gift":
		return n.times == allowedGifts
	default:
		return false // of a customer, or of a code
	}
}

// cart is what a customer wants to buy.
type cart struct {
	skus           []string
	customer, code string
	expected       *engine.Amount
}

func (m *model) anyCart(rt *rapid.T) cart {
	c := cart{
		skus:     rapid.SliceOfN(rapid.SampledFrom([]string{"A", "A", "A", "B", "B", "B", "C", "C", "C", "D"}), 1, 4).Draw(rt, "skus"),
		customer: rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(rt, "customer"),
		code:     rapid.SampledFrom([]string{"", "C1", "C2", "NOPE"}).Draw(rt, "code"),
	}
	if wrong := rapid.SampledFrom([]engine.Amount{-1, -1, 0, 0, 0, 1}).Draw(rt, "expected"); wrong >= 0 {
		total := m.quote(c).total + wrong
		c.expected = &total
	}
	return c
}

// sale is the cart priced by the offers.
func (m *model) sale(c cart) engine.Sale {
	var codes []string
	if c.code != "" {
		codes = []string{c.code}
	}
	return engine.Sale{
		Units: c.skus, Expected: c.expected,
		Inquiry: engine.Inquiry{SKUs: []string{"A"}, Customer: c.customer, Codes: codes, Limited: m.rules.UsageKeys(m.clock.now())},
		Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
			request := engine.Request{
				Cart:    engine.Cart{Currency: m.rules.Currency(), Coupons: codes, Customer: engine.Customer{ID: c.customer}},
				Catalog: engine.CatalogMap(b.Items), Usage: b.Usage, At: m.clock.now(),
			}
			units := count(c.skus)
			for _, sku := range slices.Sorted(maps.Keys(units)) {
				request.Cart.Lines = append(request.Cart.Lines, engine.Line{Item: b.Items[sku], Quantity: units[sku]})
			}
			quote, err := m.rules.Price(request)
			return request, quote, err
		},
	}
}

// quoted is what the model says of a price.
type quoted struct {
	total, discount engine.Amount
	gift            bool
	uses            []use
}

// quote prices a cart, of items that are known.
func (m *model) quote(c cart) quoted {
	var q quoted
	for _, sku := range c.skus {
		q.total += m.items[sku].Price
	}
	day := m.clock.now().Format(time.DateOnly)
	for _, offer := range []struct {
		use     use
		applies bool
	}{
		{use{promotion: "total"}, m.uses[use{promotion: "total"}].times < allowedTotal},
		{use{promotion: "each", customer: c.customer}, c.customer != "" && m.uses[use{promotion: "each", customer: c.customer}].times < allowedEach},
		{use{promotion: "daily", period: day}, m.uses[use{promotion: "daily", period: day}].times < allowedDaily},
		{use{promotion: "budget"}, m.uses[use{promotion: "budget"}].spent < allowedBudget},
		{use{code: c.code}, (c.code == "C1" || c.code == "C2") && m.uses[use{code: c.code}].times < allowedCode},
	} {
		if offer.applies {
			q.discount += offOrder
			q.uses = append(q.uses, offer.use)
		}
	}
	q.total -= q.discount
	gifts := use{promotion: "gift"}
	if m.uses[gifts].times < allowedGifts && m.items["A"].Stock > count(c.skus)["A"] {
		q.gift = true
		q.uses = append(q.uses, gifts)
	}
	return q
}

// refusal is the error that a purchase must end with, nil for none.
func (m *model) refusal(c cart, q quoted) error {
	for _, sku := range c.skus {
		if _, known := m.items[sku]; !known {
			return &engine.UnknownItemError{Key: sku}
		}
	}
	if c.expected != nil && *c.expected != q.total {
		return &engine.PriceChangedError{Expected: *c.expected}
	}
	units := count(c.skus)
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		if left := m.items[sku].Stock; left < units[sku] {
			return &engine.OutOfStockError{SKU: sku, Requested: units[sku], Available: left}
		}
	}
	return nil
}

// take takes the units of a cart and counts its uses. It returns all units, gifts
// last.
func (m *model) take(c cart, q quoted) []string {
	units := slices.Clone(c.skus)
	if q.gift {
		units = append(units, "A")
	}
	for sku, n := range count(units) {
		m.move(sku, -n)
		if m.items[sku].Stock == 0 {
			m.events = append(m.events, "stock.low item:"+sku)
		}
	}
	for _, u := range q.uses {
		n := m.uses[u]
		n.times++
		if u.promotion != "gift" {
			n.spent += offOrder
		}
		m.uses[u] = n
	}
	return units
}

// giveBackUses is what a cancelled order, or a hold that ends, gives back of uses.
func (m *model) giveBackUses(uses []use) {
	for _, u := range uses {
		n := m.uses[u]
		n.times--
		if u.promotion != "gift" {
			n.spent -= offOrder
		}
		m.uses[u] = n
	}
}

// place remembers an order that was placed and what that tells.
func (m *model) place(o *modelOrder) {
	m.orders = append(m.orders, o)
	m.events = append(m.events, "order.placed order:"+o.Reference)
	for _, u := range o.uses {
		if m.exhausted(u) && !m.told[u] {
			m.told[u] = true
			m.events = append(m.events, "promotion.exhausted promotion:"+u.promotion)
		}
	}
}

// modelOrder is an order and what it has used.
type modelOrder struct {
	engine.Order
	uses          []use
	bought, gifts map[string]int64 // with the customer
	proRata       bool             // a return was by that policy
	repriceKept   bool
}

func newModelOrder(o engine.Order, uses []use, bought int) *modelOrder {
	return &modelOrder{Order: o, uses: uses, bought: count(o.SKUs[:bought]), gifts: count(o.SKUs[bought:])}
}

// consistent demands what holds for every order at any time.
func (o *modelOrder) consistent(rt *rapid.T) {
	var refunds engine.Amount
	for _, r := range o.Returns {
		if refunds += r.Refund; r.Refund < 0 {
			rt.Fatalf("order %s: got a refund of %d", o.Reference, r.Refund)
		}
	}
	if o.State == engine.OrderCancelled {
		refunds = o.Quote.Total
	}
	if o.Refunded != refunds || o.Refunded > o.Quote.Total {
		rt.Fatalf("order %s: got %d refunded, want %d, and no more than %d", o.Reference, o.Refunded, refunds, o.Quote.Total)
	}
	if o.State == engine.OrderReturned && o.proRata != o.repriceKept && o.Refunded != o.Quote.Total {
		rt.Fatalf("order %s: all came back by one policy, got %d refunded, want %d", o.Reference, o.Refunded, o.Quote.Total)
	}
}

// modelHold is a hold and what it has used.
type modelHold struct {
	persistence.Hold
	uses   []use
	bought int
}

// at is the hold as it is at an instant.
func (h *modelHold) at(now time.Time) persistence.Hold {
	hold := h.Hold
	if hold.State == persistence.HoldHeld && !now.Before(hold.ExpiresAt) {
		hold.State = persistence.HoldExpired
	}
	return hold
}

func newName() string { return uuid.NewString() }

// purchase buys random units.
func (m *model) purchase(rt *rapid.T) {
	c := m.anyCart(rt)
	q, sale := m.quote(c), m.sale(c)
	result, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) { return s.Purchase(ctx, sale) })
	if m.refused(rt, err, m.refusal(c, q)) {
		return
	}
	order := result.(engine.Order)
	m.agreeOnQuote(rt, &order.Quote, q)
	want := engine.Order{Reference: order.Reference, Customer: c.customer, Quote: order.Quote, State: engine.OrderPlaced, PlacedAt: m.clock.now()}
	want.SKUs = m.take(c, q)
	m.same(rt, "order", order, want)
	m.place(newModelOrder(order, q.uses, len(c.skus)))
}

// hold holds random units.
func (m *model) hold(rt *rapid.T) {
	c := m.anyCart(rt)
	q, sale := m.quote(c), m.sale(c)
	ttl := rapid.SampledFrom([]time.Duration{30 * time.Second, time.Minute, 8 * time.Hour}).Draw(rt, "ttl")
	result, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) { return s.Hold(ctx, sale, ttl) })
	if m.refused(rt, err, m.refusal(c, q)) {
		return
	}
	hold, now := result.(persistence.Hold), m.clock.now()
	m.agreeOnQuote(rt, &hold.Quote, q)
	want := persistence.Hold{Reference: hold.Reference, State: persistence.HoldHeld, Customer: c.customer, Quote: hold.Quote, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	want.SKUs = m.take(c, q)
	m.same(rt, "hold", hold, want)
	m.holds = append(m.holds, &modelHold{Hold: hold, uses: q.uses, bought: len(c.skus)})
}

// refused demands the error, and tells whether one was wanted.
func (m *model) refused(rt *rapid.T, err, want error) bool {
	if changed, ok := err.(*engine.PriceChangedError); ok {
		err = &engine.PriceChangedError{Expected: changed.Expected}
	}
	m.same(rt, "error", err, want)
	return want != nil
}

func (m *model) agreeOnQuote(rt *rapid.T, got *engine.Quote, want quoted) {
	m.same(rt, "total and discount", []engine.Amount{got.Total, got.Discount}, []engine.Amount{want.total, want.discount})
	m.same(rt, "gift", len(got.Gifts) == 1, want.gift)
}

// anyHold is a hold, of whatever state.
func (m *model) anyHold(rt *rapid.T) *modelHold {
	if len(m.holds) == 0 {
		rt.Skip("no holds")
	}
	return m.holds[rapid.IntRange(0, len(m.holds)-1).Draw(rt, "hold")]
}

// over is the error of a hold that cannot be ended. Holds are expired for commits
// when their time is over, for releases when that has been noticed.
func (m *model) over(h *modelHold, state persistence.HoldState) error {
	if state == persistence.HoldHeld {
		return nil
	}
	return &persistence.HoldStateError{Reference: h.Reference, State: state}
}

func (m *model) commitHold(rt *rapid.T) {
	h := m.anyHold(rt)
	result, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) { return s.CommitHold(ctx, h.Reference) })
	if m.refused(rt, err, m.over(h, h.at(m.clock.now()).State)) {
		return
	}
	order := result.(engine.Order)
	m.same(rt, "order of a hold", order, engine.Order{
		Reference: h.Reference, Customer: h.Customer, SKUs: h.SKUs, Quote: h.Quote, State: engine.OrderPlaced, PlacedAt: m.clock.now(),
	})
	h.State = persistence.HoldCommitted
	m.place(newModelOrder(order, h.uses, h.bought))
}

func (m *model) releaseHold(rt *rapid.T) {
	h := m.anyHold(rt)
	_, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) { return nil, s.ReleaseHold(ctx, h.Reference) })
	if !m.refused(rt, err, m.over(h, h.State)) {
		m.end(h, persistence.HoldReleased)
	}
}

// end gives back what a hold has taken.
func (m *model) end(h *modelHold, state persistence.HoldState) {
	h.State = state
	m.giveBackUses(h.uses)
	for _, sku := range h.SKUs {
		m.move(sku, 1)
	}
}

func (m *model) expireHolds(rt *rapid.T) {
	limit := rapid.IntRange(0, 3).Draw(rt, "limit")
	n, err := m.store(rt).ExpireHolds(m.ctx, limit)
	m.same(rt, "error", err, nil)
	due := slices.DeleteFunc(slices.Clone(m.holds), func(h *modelHold) bool {
		return h.State != persistence.HoldHeld || m.clock.now().Before(h.ExpiresAt)
	})
	slices.SortStableFunc(due, func(a, b *modelHold) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	due = due[:min(limit, len(due))]
	m.same(rt, "holds expired", n, len(due))
	for _, h := range due {
		m.end(h, persistence.HoldExpired)
	}
}

// anyOrder is an order, mostly one that is placed.
func (m *model) anyOrder(rt *rapid.T) *modelOrder {
	if len(m.orders) == 0 {
		rt.Skip("no orders")
	}
	placed := slices.DeleteFunc(slices.Clone(m.orders), func(o *modelOrder) bool { return o.State != engine.OrderPlaced })
	if len(placed) == 0 || rapid.IntRange(0, 4).Draw(rt, "whatever state") == 0 {
		placed = m.orders
	}
	return placed[rapid.IntRange(0, len(placed)-1).Draw(rt, "order")]
}

func (m *model) cancel(rt *rapid.T) {
	o := m.anyOrder(rt)
	result, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) { return s.CancelOrder(ctx, o.Reference, "late") })
	var want error
	if o.State != engine.OrderPlaced || len(o.Returns) > 0 {
		want = &engine.OrderStateError{Reference: o.Reference, State: o.State, Returns: len(o.Returns)}
	}
	if m.refused(rt, err, want) {
		return
	}
	o.State, o.Refunded = engine.OrderCancelled, o.Quote.Total
	m.same(rt, "cancelled order", result, o.Order)
	m.giveBackUses(o.uses)
	for _, sku := range o.SKUs {
		m.move(sku, 1)
	}
	m.events = append(m.events, "order.cancelled order:"+o.Reference)
}

// returnItems brings units of an order back, by either policy. What the kept units
// would cost is anything.
func (m *model) returnItems(rt *rapid.T) {
	o := m.anyOrder(rt)
	units := o.anyUnits(rt)
	request := engine.ReturnRequest{Units: units, Policy: rapid.SampledFrom([]engine.ReturnPolicy{engine.ProRata, engine.RepriceKept}).Draw(rt, "policy")}
	price := engine.Amount(rapid.SampledFrom([]int64{0, 500, 3000}).Draw(rt, "price of the kept"))
	request.KeptPrice = func(map[string]int64) (engine.Amount, error) { return price, nil }
	options := persistence.ReturnOptions{NoRestock: rapid.Bool().Draw(rt, "no restock")}
	result, err := m.once(rt, func(s *shop, ctx context.Context) (any, error) {
		return s.ReturnItems(ctx, o.Reference, request, options)
	})
	if m.refused(rt, err, o.returnRefusal(units)) {
		return
	}
	got := result.(engine.Order)
	if len(got.Returns) != len(o.Returns)+1 {
		rt.Fatalf("got %d returns, want one more than %d", len(got.Returns), len(o.Returns))
	}
	made := got.Returns[len(o.Returns)]
	m.same(rt, "units that came back", texts(made.Units), o.bringBack(units))
	o.Returns, o.Refunded = append(o.Returns, made), o.Refunded+made.Refund
	o.proRata, o.repriceKept = o.proRata || request.Policy == engine.ProRata, o.repriceKept || request.Policy == engine.RepriceKept
	if len(o.bought)+len(o.gifts) == 0 {
		o.State = engine.OrderReturned
		m.giveBackUses(o.uses)
	}
	m.same(rt, "order with the return", got, o.Order)
	m.same(rt, "policy of the return", made.Policy, request.Policy)
	for sku, n := range units {
		if !options.NoRestock {
			m.move(sku, n)
		}
	}
	m.events = append(m.events, "order.returned order:"+o.Reference)
}

// anyUnits are some that the customer still has, all of them, or others.
func (o *modelOrder) anyUnits(rt *rapid.T) map[string]int64 {
	left := maps.Clone(o.bought)
	for sku, n := range o.gifts {
		left[sku] += n
	}
	switch which := rapid.IntRange(0, 5).Draw(rt, "which units"); {
	case which == 0 || len(left) == 0:
		return count(rapid.SliceOfN(rapid.SampledFrom(o.SKUs), 1, 3).Draw(rt, "units"))
	case which == 1:
		return left
	default:
		sku := rapid.SampledFrom(slices.Sorted(maps.Keys(left))).Draw(rt, "sku")
		return map[string]int64{sku: rapid.Int64Range(1, left[sku]).Draw(rt, "units")}
	}
}

// returnRefusal is the error that a return of the units must end with.
func (o *modelOrder) returnRefusal(units map[string]int64) error {
	if o.State != engine.OrderPlaced {
		return &engine.OrderStateError{Reference: o.Reference, State: o.State, Returns: len(o.Returns)}
	}
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		if left := o.bought[sku] + o.gifts[sku]; units[sku] > left {
			return &engine.ReturnError{Reference: o.Reference, SKU: sku, Requested: units[sku], Left: left}
		}
	}
	return nil
}

// bringBack takes the units from the customer, bought ones before gifts, and
// returns them as text.
func (o *modelOrder) bringBack(units map[string]int64) []string {
	var all []string
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		bought := min(units[sku], o.bought[sku])
		gifts := units[sku] - bought
		o.bought[sku] -= bought
		o.gifts[sku] -= gifts
		if bought > 0 {
			all = append(all, fmt.Sprint(bought, " ", sku))
		}
		if gifts > 0 {
			all = append(all, fmt.Sprint(gifts, " ", sku, " as a gift"))
		}
	}
	none := func(_ string, n int64) bool { return n == 0 }
	maps.DeleteFunc(o.bought, none)
	maps.DeleteFunc(o.gifts, none)
	return all
}

func texts(units []engine.ReturnedUnits) []string {
	var all []string
	for _, u := range units {
		text := fmt.Sprint(u.Quantity, " ", u.SKU)
		if u.Gift {
			text += " as a gift"
		}
		all = append(all, text)
	}
	return all
}

// agreeOnUses compares what a next quote would be told of uses: those of a customer,
// today or on another day on which there were some.
func (m *model) agreeOnUses(rt *rapid.T, s *shop) {
	days := map[string]bool{m.clock.now().Format(time.DateOnly): true}
	for u := range m.uses {
		if u.promotion == "daily" {
			days[u.period] = true
		}
	}
	day := rapid.SampledFrom(slices.Sorted(maps.Keys(days))).Draw(rt, "day")
	customer := rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "customer")
	basis, err := s.Basis(m.ctx, engine.Inquiry{Customer: customer, Codes: []string{"C1", "C2"}, Limited: []engine.UsageKey{
		{Promotion: "total"}, {Promotion: "each"}, {Promotion: "daily", Period: day}, {Promotion: "budget"}, {Promotion: "gift"},
	}})
	s.check(err)
	got, want := usesOf(&basis.Usage, day, customer), make(map[use]used)
	for u, n := range m.uses {
		if u.customer != "" || u.code != "" {
			n.spent = 0 // nobody is told
		}
		if n != (used{}) && (u.period == "" || u.period == day) && (u.customer == "" || u.customer == customer) {
			want[u] = n
		}
	}
	m.same(rt, "uses on "+day, got, want)
}

// usesOf returns the uses that a quote is told of, without those that are none.
func usesOf(usage *engine.Usage, day, customer string) map[use]used {
	all := make(map[use]used)
	for id, n := range usage.Promotions {
		switch id {
		case "each":
			all[use{promotion: id, customer: customer}] = used{times: n.ByCustomer}
		case "daily":
			all[use{promotion: id, period: day}] = used{n.Redemptions, n.Spent}
		default:
			all[use{promotion: id}] = used{n.Redemptions, n.Spent}
		}
	}
	for code, n := range usage.Codes {
		all[use{code: code}] = used{times: n.Redemptions}
	}
	maps.DeleteFunc(all, func(_ use, n used) bool { return n == used{} })
	return all
}
