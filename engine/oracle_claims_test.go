package engine_test

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// The oracle of this file knows deals as their definition has them and tries
// every application of every deal, one after the other, on every unit. It has
// its own form of a deal and shares no code with the engine.

// claimCart is a basket of a few units with the promotions that compete for
// them.
type claimCart struct {
	kinds      []claimKind
	promotions []claimPromotion
	halfEven   bool
	roundPrice bool
}

// claimKind is units that are alike. Bit s of sets says that they are in set s.
type claimKind struct {
	list, price, floor int
	sets               int
	n                  int
}

func (k *claimKind) room() int { return max(0, k.price-k.floor) }

type claimPromotion struct {
	deals                        []claimDeal
	perCart, maxDiscount, budget int // noLimit for none
	spent, priority              int
}

const noLimit = -1

// everything is the set of all units.
const everything = -1

// claimDeal is a multibuy, a bundle or a buy_get, as slots of units.
type claimDeal struct {
	buyGet  bool
	slots   []claimSlot // of a buy_get: what to buy, what to get
	reward  claimReward
	dearest bool
	repeat  int
}

type claimSlot struct{ set, quantity, spend int }

// claimReward is pay_for, price, amount or percent, the last in tenths.
type claimReward struct {
	kind  string
	value int
}

func (s claimSlot) takes(k *claimKind) bool { return s.set == everything || k.sets&(1<<s.set) != 0 }

func (c *claimCart) round(numerator, denominator int) int {
	q, twice := numerator/denominator, 2*(numerator%denominator)
	if twice > denominator || twice == denominator && (!c.halfEven || q%2 == 1) {
		q++
	}
	return q
}

// percentOf is the discount of a percentage, in tenths, of an amount.
func (c *claimCart) percentOf(tenths, amount int) int {
	if c.roundPrice {
		return amount - c.round(amount*(1000-tenths), 1000)
	}
	return c.round(amount*tenths, 1000)
}

// gainsAlone says whether a unit gets cheaper by a reward of its own.
func (r claimReward) gainsAlone(k *claimKind) bool {
	switch r.kind {
	case "price":
		return k.room() > 0 && k.price > r.value
	default:
		return k.room() > 0 && r.value > 0
	}
}

// percentOff is what a percentage takes off units together: those that it would
// bring below the floor give what they can, the rest is rounded once.
func (c *claimCart) percentOff(tenths int, units []*claimKind) int {
	given, rest := 0, 0
	for _, u := range units {
		if u.price*tenths > u.room()*1000 {
			given += u.room()
		} else {
			rest += u.price
		}
	}
	return given + c.percentOf(tenths, rest)
}

// gain is what an application takes off the units that it rewards.
func (c *claimCart) gain(d *claimDeal, units []*claimKind) int {
	value, most := 0, 0
	for _, u := range units {
		value, most = value+u.price, most+u.room()
	}
	off := 0
	switch kind := d.reward.kind; {
	case kind == "percent":
		off = c.percentOff(d.reward.value, units)
	case d.buyGet:
		for _, u := range units {
			if kind == "price" {
				off += max(0, min(u.room(), u.price-d.reward.value))
			} else {
				off += min(u.room(), d.reward.value)
			}
		}
	case kind == "price":
		off = value - d.reward.value
	case kind == "amount":
		off = d.reward.value
	default:
		// All but the dearest are free. Of units that cost the same, those are
		// paid that could give less.
		byPrice := slices.Clone(units)
		slices.SortStableFunc(byPrice, func(a, b *claimKind) int { return cmp.Or(b.price-a.price, a.room()-b.room()) })
		for _, u := range byPrice[min(d.reward.value, len(units)):] {
			off += u.room()
		}
	}
	return max(0, min(off, most))
}

// claimApplication is a way to apply a deal once.
type claimApplication struct {
	used claimUnits
	gain int
	// Of a buy_get: the last place in the pick order that is rewarded, the last
	// one rewarded that could be bought, the first one bought that could be
	// rewarded.
	reward, swap, kept int16
	rewarded           []int8 // kinds
}

// claimUnits counts units of up to ten kinds, six bits for each.
type claimUnits uint64

const claimGuards claimUnits = 0b100000_100000_100000_100000_100000_100000_100000_100000_100000_100000

func (u claimUnits) has(used claimUnits) bool {
	return ((u|claimGuards)-used)&claimGuards == claimGuards
}

func (u claimUnits) of(kind int) int { return int(u >> (6 * kind) & 31) }

func oneUnit(kind int) claimUnits { return 1 << (6 * kind) }

func (c *claimCart) units() claimUnits {
	var all claimUnits
	for i := range c.kinds {
		all += oneUnit(i) * claimUnits(c.kinds[i].n)
	}
	return all
}

// place is where a unit stands in the deal's pick order, lower first.
func (d *claimDeal) place(k *claimKind) int16 {
	if d.dearest {
		return int16(-k.price)
	}
	return int16(k.price)
}

// applications lists every way to apply the deal once.
func (c *claimCart) applications(d *claimDeal) []claimApplication {
	var all []claimApplication
	seen := make(map[string]bool)
	chosen := make([][]int, len(d.slots)) // kinds by slot
	var fill func(slot, from, need, spent int, left claimUnits)
	next := func(slot int, left claimUnits) {
		if slot < len(d.slots) {
			fill(slot, 0, d.slots[slot].quantity, 0, left)
			return
		}
		a, ok := c.application(d, chosen)
		key := fmt.Sprint(a.used, a.rewarded)
		if !ok || seen[key] {
			return
		}
		seen[key] = true
		all = append(all, a)
	}
	fill = func(slot, from, need, spent int, left claimUnits) {
		s := d.slots[slot]
		if s.spend > 0 && spent >= s.spend || s.spend == 0 && need == 0 {
			if c.couldLeaveOut(s, chosen[slot], spent) {
				return
			}
			next(slot+1, left)
			return
		}
		for k := from; k < len(c.kinds); k++ {
			kind := &c.kinds[k]
			if left.of(k) == 0 || !s.takes(kind) || d.buyGet && slot == 1 && !d.reward.gainsAlone(kind) {
				continue
			}
			chosen[slot] = append(chosen[slot], k)
			fill(slot, k, need-1, spent+kind.price, left-oneUnit(k))
			chosen[slot] = chosen[slot][:len(chosen[slot])-1]
		}
	}
	next(0, c.units())
	return all
}

// couldLeaveOut says whether enough would be spent without one of the units.
func (c *claimCart) couldLeaveOut(s claimSlot, kinds []int, spent int) bool {
	return s.spend > 0 && slices.ContainsFunc(kinds, func(k int) bool { return spent-c.kinds[k].price >= s.spend })
}

// application makes one of the chosen units; false when it gains nothing or the
// pick does not allow it.
func (c *claimCart) application(d *claimDeal, chosen [][]int) (claimApplication, bool) {
	a := claimApplication{reward: math.MinInt16, swap: math.MinInt16, kept: math.MaxInt16}
	var rewarded []*claimKind
	for slot, kinds := range chosen {
		for _, k := range kinds {
			a.used += oneUnit(k)
			if !d.buyGet || slot == 1 {
				rewarded = append(rewarded, &c.kinds[k])
				a.rewarded = append(a.rewarded, int8(k))
			}
		}
	}
	slices.Sort(a.rewarded)
	a.gain = c.gain(d, rewarded)
	if d.buyGet {
		if c.wrongPick(d, chosen) {
			return a, false
		}
		c.notePick(d, &a, chosen)
	} else {
		a.rewarded = nil
	}
	return a, a.gain > 0
}

func (d *claimDeal) couldReward(k *claimKind) bool {
	return d.slots[1].takes(k) && d.reward.gainsAlone(k)
}

// bySpendDearest are the deals of which only single applications are asked not
// to buy what they should reward.
func (d *claimDeal) bySpendDearest() bool { return d.slots[0].spend > 0 && d.dearest }

func (c *claimCart) notePick(d *claimDeal, a *claimApplication, chosen [][]int) {
	for _, k := range chosen[1] {
		kind := &c.kinds[k]
		a.reward = max(a.reward, d.place(kind))
		if d.slots[0].takes(kind) && !d.bySpendDearest() {
			a.swap = max(a.swap, d.place(kind))
		}
	}
	for _, k := range chosen[0] {
		if kind := &c.kinds[k]; d.couldReward(kind) {
			a.kept = min(a.kept, d.place(kind))
		}
	}
}

// wrongPick says whether a bought unit and a rewarded one should change places.
func (c *claimCart) wrongPick(d *claimDeal, chosen [][]int) bool {
	spent := 0
	for _, k := range chosen[0] {
		spent += c.kinds[k].price
	}
	for _, b := range chosen[0] {
		for _, r := range chosen[1] {
			bought, rewarded := &c.kinds[b], &c.kinds[r]
			if !d.couldReward(bought) || !d.slots[0].takes(rewarded) || d.place(bought) >= d.place(rewarded) {
				continue
			}
			if !d.bySpendDearest() || spent-bought.price+rewarded.price >= d.slots[0].spend {
				return true
			}
		}
	}
	return false
}

const maxClaimDeals = 6

// claimState is how far a choice has come: the deal at hand, the application
// tried last, what is left, and what the pick rules will ask.
type claimState struct {
	deal, from, times int16
	left              claimUnits
	sum               int32 // of the promotion at hand, where it has a limit
	swap, kept        int16 // of the deal at hand
	reward            [maxClaimDeals]int16
}

// claimOracle tries everything.
type claimOracle struct {
	cart         *claimCart
	deals        []*claimDeal
	owner        []int
	applications [][]claimApplication
	seen         map[claimState]int
}

// impossible is less than any choice is worth.
const impossible = math.MinInt32

func newClaimOracle(c *claimCart) *claimOracle {
	o := &claimOracle{cart: c, seen: make(map[claimState]int)}
	for p := range c.promotions {
		if c.promotions[p].maxDiscount == 0 {
			continue // it may take nothing off, so it has no effect
		}
		for d := range c.promotions[p].deals {
			deal := &c.promotions[p].deals[d]
			o.deals, o.owner = append(o.deals, deal), append(o.owner, p)
			o.applications = append(o.applications, c.applications(deal))
		}
	}
	return o
}

// most is the most that the promotions can take off together.
func (o *claimOracle) most() int { return o.best(o.start()) }

func (o *claimOracle) start() claimState {
	s := claimState{left: o.cart.units(), swap: math.MinInt16, kept: math.MaxInt16}
	for i := range s.reward {
		s.reward[i] = math.MinInt16
	}
	return s
}

// best is the most that can still be gained.
func (o *claimOracle) best(s claimState) int {
	if int(s.deal) == len(o.deals) {
		if o.picksHold(&s) {
			return 0
		}
		return impossible
	}
	if known, ok := o.seen[s]; ok {
		return known
	}
	most := o.settled(s) + o.best(o.next(s))
	for i, n := range o.further(s) {
		most = max(most, o.now(s, &o.applications[s.deal][i])+o.best(n))
	}
	o.seen[s] = most
	return most
}

// further yields the applications by which the deal at hand can go on, and what
// the state is then.
func (o *claimOracle) further(s claimState) iter.Seq2[int, claimState] {
	d, p := o.deals[s.deal], &o.cart.promotions[o.owner[s.deal]]
	allowed := d.repeat
	if p.perCart != noLimit && (allowed == noLimit || p.perCart < allowed) {
		allowed = p.perCart
	}
	return func(yield func(int, claimState) bool) {
		for i := int(s.from); i < len(o.applications[s.deal]) && (allowed == noLimit || int(s.times) < allowed); i++ {
			a, n := &o.applications[s.deal][i], s
			if !s.left.has(a.used) {
				continue
			}
			n.from, n.left = int16(i), s.left-a.used
			if allowed != noLimit {
				n.times++
			}
			if o.limited(s.deal) {
				n.sum += int32(a.gain)
			}
			if d.buyGet {
				n.swap, n.kept, n.reward[s.deal] = max(n.swap, a.swap), min(n.kept, a.kept), max(n.reward[s.deal], a.reward)
			}
			if n.swap > n.kept || p.budget != noLimit && int(n.sum) > p.budget-p.spent {
				continue
			}
			if !yield(i, n) {
				return
			}
		}
	}
}

func (o *claimOracle) limited(deal int16) bool {
	p := &o.cart.promotions[o.owner[deal]]
	return p.maxDiscount != noLimit || p.budget != noLimit
}

// now is what an application gains at once; where the promotion has a limit on
// its sum, that is settled in the end.
func (o *claimOracle) now(s claimState, a *claimApplication) int {
	if o.limited(s.deal) {
		return 0
	}
	return a.gain
}

// next is the state when nothing more comes of the deal at hand.
func (o *claimOracle) next(s claimState) claimState {
	n := s
	n.deal, n.from, n.times, n.swap, n.kept = s.deal+1, 0, 0, math.MinInt16, math.MaxInt16
	if o.lastOfPromotion(s.deal) {
		n.sum = 0
	}
	return n
}

func (o *claimOracle) lastOfPromotion(deal int16) bool {
	return int(deal)+1 == len(o.deals) || o.owner[deal+1] != o.owner[deal]
}

// settled is what the promotion's sum is worth, when its last deal is done.
func (o *claimOracle) settled(s claimState) int {
	if !o.lastOfPromotion(s.deal) {
		return 0
	}
	if limit := o.cart.promotions[o.owner[s.deal]].maxDiscount; limit != noLimit {
		return min(int(s.sum), limit)
	}
	return int(s.sum)
}

// picksHold says whether no unit is left over that a deal should have rewarded
// before one that it did.
func (o *claimOracle) picksHold(s *claimState) bool {
	for i, d := range o.deals {
		for k := range o.cart.kinds {
			kind := &o.cart.kinds[k]
			if d.buyGet && s.left.of(k) > 0 && d.couldReward(kind) && d.place(kind) < s.reward[i] {
				return false
			}
		}
	}
	return true
}

// The same basket as the engine takes it.

func claimSets() []engine.ItemSet {
	var sets []engine.ItemSet
	for s := range 3 {
		sets = append(sets, engine.ItemSet{Name: fmt.Sprint("set", s), Match: func(item *engine.Item, _ int64) bool {
			return (item.SKU[0]-'0')&(1<<s) != 0
		}})
	}
	return sets
}

func claimSKU(kind int, k *claimKind) string { return fmt.Sprintf("%d-%d", k.sets, kind) }

func (c *claimCart) lines() []engine.Line {
	var lines []engine.Line
	for i := range c.kinds {
		k := &c.kinds[i]
		l := line(claimSKU(i, k), engine.Amount(k.list), int64(k.n))
		l.Item.MinPrice = engine.Amount(k.floor)
		lines = append(lines, l)
	}
	return lines
}

func minor(n int) engine.Number {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		panic(err)
	}
	return engine.Constant(usd.Decimal(engine.Amount(n)))
}

func whole(n int) engine.Number { return engine.Constant(engine.NewDecimal(int64(n))) }

// limit is no Number for no limit.
func limit(n int, number func(int) engine.Number) engine.Number {
	if n == noLimit {
		return nil
	}
	return number(n)
}

func tenths(n int) engine.Number {
	d, err := engine.ParseDecimal(fmt.Sprintf("%d.%d", n/10, n%10))
	if err != nil {
		panic(err)
	}
	return engine.Constant(d)
}

func (s claimSlot) of() engine.Selection {
	if s.set == everything {
		return order
	}
	return engine.Selection{Set: s.set}
}

func (r claimReward) reward() engine.Reward {
	switch r.kind {
	case "pay_for":
		return engine.Reward{PayFor: whole(r.value)}
	case "price":
		return engine.Reward{Price: minor(r.value)}
	case "amount":
		return engine.Reward{AmountOff: minor(r.value)}
	default:
		return engine.Reward{PercentOff: tenths(r.value)}
	}
}

func (d *claimDeal) deal() engine.Deal {
	repeat := limit(d.repeat, whole)
	switch {
	case d.buyGet:
		deal := &engine.BuyGet{
			Buy: d.slots[0].of(), Get: d.slots[1].of(), Units: whole(d.slots[1].quantity),
			Reward: d.reward.reward(), Repeat: repeat,
		}
		if d.dearest {
			deal.Pick = engine.Dearest
		}
		if d.slots[0].spend > 0 {
			deal.Spend = minor(d.slots[0].spend)
		} else {
			deal.Quantity = whole(d.slots[0].quantity)
		}
		return deal
	case len(d.slots) == 1:
		return &engine.Multibuy{Of: d.slots[0].of(), Quantity: whole(d.slots[0].quantity), Reward: d.reward.reward(), Repeat: repeat}
	default:
		bundle := &engine.Bundle{Reward: d.reward.reward(), Repeat: repeat}
		for _, s := range d.slots {
			bundle.Slots = append(bundle.Slots, engine.BundleSlot{Of: s.of(), Quantity: whole(s.quantity)})
		}
		return bundle
	}
}

// quote prices the basket with the engine; earlier promotions have gone before.
func (c *claimCart) quote(t interface{ Fatalf(string, ...any) }, earlier ...engine.Promotion) engine.Quote {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatalf("%v", err)
	}
	config := engine.RulesetConfig{Digest: "test", Currency: usd, Sets: claimSets(), Promotions: earlier}
	if c.halfEven {
		config.Policy.Rounding = engine.HalfEven
	}
	config.Policy.RoundPrice = c.roundPrice
	usage := engine.Usage{Promotions: make(map[string]engine.PromotionUsage)}
	for i := range c.promotions {
		p := &c.promotions[i]
		promotion := engine.Promotion{ID: fmt.Sprint("p", i), Priority: p.priority, Limits: engine.Limits{
			PerCart: limit(p.perCart, whole), MaxDiscount: limit(p.maxDiscount, minor), Budget: limit(p.budget, minor),
		}}
		usage.Promotions[promotion.ID] = engine.PromotionUsage{Spent: engine.Amount(p.spent)}
		for d := range p.deals {
			promotion.Deals = append(promotion.Deals, p.deals[d].deal())
		}
		config.Promotions = append(config.Promotions, promotion)
	}
	rules, err := engine.NewRuleset(config)
	if err != nil {
		t.Fatalf("%v", err)
	}
	quote, err := rules.Price(engine.Request{Cart: engine.Cart{Currency: usd, Lines: c.lines()}, Usage: usage, Explain: true})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return quote
}

// drawClaimCart draws a basket of at most so many units.
func drawClaimCart(t *rapid.T, units, promotions int) *claimCart {
	number := func(low, high int, label string) int { return rapid.IntRange(low, high).Draw(t, label) }
	c := &claimCart{halfEven: rapid.Bool().Draw(t, "half_even"), roundPrice: number(0, 3, "round_price") == 0}
	highest := rapid.SampledFrom([]int{4, 12, 40, 300}).Draw(t, "highest price")
	floors := rapid.Bool().Draw(t, "floors")
	for left := number(1, units, "units"); left > 0 && len(c.kinds) < 10; {
		k := claimKind{list: number(0, highest, "price"), sets: number(1, 8, "sets") % 8, n: number(1, min(left, 4), "n")}
		if floors && number(0, 2, "has floor") == 0 {
			k.floor = number(0, k.list, "floor")
		}
		k.price = k.list
		left -= k.n
		c.kinds = append(c.kinds, k)
	}
	deals := 0
	for range number(1, promotions, "promotions") {
		p := claimPromotion{perCart: noLimit, maxDiscount: noLimit, budget: noLimit, priority: number(-1, 1, "priority")}
		switch number(0, 7, "limit") {
		case 0:
			p.perCart = number(1, 3, "per_cart")
		case 1:
			p.maxDiscount = number(0, 2*highest, "max_discount")
		case 2:
			p.budget = number(0, 3*highest, "budget")
			p.spent = number(0, p.budget, "spent")
		}
		for n := number(1, 5, "deals")/5 + 1; n > 0 && deals < maxClaimDeals; n-- {
			p.deals = append(p.deals, drawClaimDeal(t, highest))
			deals++
		}
		c.promotions = append(c.promotions, p)
	}
	return c
}

func drawClaimDeal(t *rapid.T, highest int) claimDeal {
	number := func(low, high int, label string) int { return rapid.IntRange(low, high).Draw(t, label) }
	set := func() int { return number(everything, 2, "set") }
	d := claimDeal{repeat: noLimit}
	if number(0, 2, "repeat") == 0 {
		d.repeat = number(0, 3, "times")
	}
	quantity := 0
	switch number(0, 3, "deal") {
	case 0:
		quantity = number(1, 4, "quantity")
		d.slots = []claimSlot{{set: set(), quantity: quantity}}
	case 1:
		for range number(2, 3, "slots") {
			n := number(1, 4, "quantity")/4 + 1
			d.slots = append(d.slots, claimSlot{set: set(), quantity: n})
			quantity += n
		}
	default:
		d.buyGet, d.dearest = true, rapid.Bool().Draw(t, "dearest")
		buy := claimSlot{set: set()}
		if number(0, 2, "by spend") == 0 {
			buy.spend = number(1, 3*highest, "spend")
		} else {
			buy.quantity = number(1, 3, "buy")
		}
		quantity = 1
		d.slots = []claimSlot{buy, {set: set(), quantity: number(1, 2, "get")}}
	}
	kinds := []string{"price", "amount", "percent"}
	if len(d.slots) == 1 {
		kinds = append(kinds, "pay_for")
	}
	d.reward.kind = rapid.SampledFrom(kinds).Draw(t, "reward")
	switch d.reward.kind {
	case "price":
		d.reward.value = number(0, quantity*highest, "reward price")
	case "amount":
		d.reward.value = number(0, quantity*highest, "reward amount")
	case "percent":
		d.reward.value = rapid.SampledFrom([]int{1000, 1000, 500, 333, 125, 10, 0}).Draw(t, "tenths of a percent")
	default:
		d.reward.value = number(0, quantity, "pay_for")
	}
	return d
}

// baskets runs a property as often as a hundred checks of rapid would, times n.
// More of them: -rapid.checks=10000.
func baskets(t *testing.T, n int, property func(t *rapid.T)) {
	if testing.Short() {
		n = 1
	}
	for range n {
		rapid.Check(t, property)
	}
}

func TestCompetingDealsSaveTheMostThatIsPossible(t *testing.T) {
	var seen, effective, unproven int
	for seen < 30_000 { // of fewer, chance decides how many are unproven
		baskets(t, 10, func(t *rapid.T) {
			c := drawClaimCart(t, 10, 4)
			quote := c.quote(t)
			checkClaims(t, c, quote)
			seen++
			if !quote.Optimal {
				unproven++
			}
			if quote.Discount > 0 {
				effective++
			}
		})
	}
	t.Logf("%d baskets, %d with an effect, %d not proven", seen, effective, unproven)
	if unproven > seen/1000 {
		t.Errorf("%d of %d small baskets are not proven to be the best", unproven, seen)
	}
}

func checkClaims(t *rapid.T, c *claimCart, quote engine.Quote) {
	want := engine.Amount(newClaimOracle(c).most())
	if proven := quote.Optimal; proven && quote.Discount != want || quote.Discount > want || !proven && quote.Bound < want {
		t.Fatalf("got %d off (optimal %t, bound %d), want %d:\n%s", quote.Discount, quote.Optimal, quote.Bound, want, c)
	}
	floors := make(map[string]engine.Amount)
	for i := range c.kinds {
		k := &c.kinds[i]
		floors[claimSKU(i, k)] = engine.Amount(min(k.floor, k.price))
	}
	for _, l := range quote.Lines {
		checkLine(t, l, floors[l.SKU])
	}
	checkOutcomes(t, quote)
	checkClaimedOnce(t, quote)
}

// checkClaimedOnce demands that no two promotions made a unit cheaper: no unit
// that one found had been reduced before.
func checkClaimedOnce(t *rapid.T, quote engine.Quote) {
	reduced := make(map[string]int64)
	for _, o := range quote.Promotions {
		for _, l := range o.Lines {
			for _, u := range l.Change.Units {
				reduced[l.SKU] += u.Quantity
			}
		}
	}
	for _, l := range quote.Lines {
		if reduced[l.SKU] > l.Quantity {
			t.Fatalf("%d units of %s got cheaper, of %d", reduced[l.SKU], l.SKU, l.Quantity)
		}
	}
}

// String writes the basket so that a person can read it.
func (c *claimCart) String() string {
	text := fmt.Sprintf("half even %t, round price %t\n", c.halfEven, c.roundPrice)
	for i := range c.kinds {
		k := &c.kinds[i]
		text += fmt.Sprintf("  %d x %s at %d, floor %d\n", k.n, claimSKU(i, k), k.price, k.floor)
	}
	for i := range c.promotions {
		p := &c.promotions[i]
		text += fmt.Sprintf("  p%d: per_cart %d, max_discount %d, budget %d of which spent %d\n", i, p.perCart, p.maxDiscount, p.budget, p.spent)
		for _, d := range p.deals {
			text += fmt.Sprintf("    %+v\n", d)
		}
	}
	return text
}

func TestCompetingDealsSeeThePricesThatEarlierPromotionsLeft(t *testing.T) {
	baskets(t, 5, func(t *rapid.T) {
		c := drawClaimCart(t, 8, 3)
		off, set := rapid.IntRange(1, 20).Draw(t, "earlier amount"), rapid.IntRange(0, 2).Draw(t, "earlier set")
		earlier := engine.Promotion{ID: "earlier", Priority: 9, Deals: []engine.Deal{
			&engine.AmountOff{Of: engine.Selection{Set: set}, Amount: minor(off), Per: engine.PerUnit},
		}}
		before := 0
		for i := range c.kinds {
			k := &c.kinds[i]
			if k.sets&(1<<set) != 0 {
				k.price -= min(off, k.room())
			}
			before += (k.list - k.price) * k.n
		}
		quote := c.quote(t, earlier)
		if want := engine.Amount(before + newClaimOracle(c).most()); quote.Optimal && quote.Discount != want {
			t.Fatalf("got %d off, want %d, of which %d before:\n%s", quote.Discount, want, before, c)
		}
		checkOutcomes(t, quote)
	})
}
