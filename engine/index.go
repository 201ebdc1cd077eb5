package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// postings find the steps that can have an effect on a cart without looking at
// the others: each step is listed under one fact that its promotion needs. They
// hold for a span of time in which no schedule begins or ends, so that
// promotions out of their dates are not looked at either.
type postings struct {
	from, until time.Time // half-open; zero is unbounded
	byCode      map[string][]int32
	byPool      map[string][]int32
	bySet       [][]int32
	byFact      map[Fact][]int32
	always      []int32 // steps of promotions that need nothing in particular
}

// maxPostings is how many spans of time are kept at once: quotes are for now, but
// those of a backtest go through the past, on several processors.
const maxPostings = 8

// postingsAt returns the postings for the instant. Those that were made last are
// kept, the newest first.
func (r *Ruleset) postingsAt(at time.Time) *postings {
	var kept []*postings
	if all := r.postings.Load(); all != nil {
		kept = *all
	}
	for _, p := range kept {
		if p.hold(at) {
			return p
		}
	}
	found := r.post(at)
	kept = append([]*postings{found}, kept[:min(len(kept), maxPostings-1)]...)
	r.postings.Store(&kept)
	return found
}

func (p *postings) hold(at time.Time) bool {
	return (p.from.IsZero() || !at.Before(p.from)) && (p.until.IsZero() || at.Before(p.until))
}

// post lists the steps of the promotions whose dates include the instant.
func (r *Ruleset) post(at time.Time) *postings {
	p := &postings{
		byCode: make(map[string][]int32), byPool: make(map[string][]int32),
		byFact: make(map[Fact][]int32), bySet: make([][]int32, len(r.sets)),
	}
	for i := range r.steps {
		promotion := r.promotions[r.steps[i].promotion]
		if promotion.Disabled {
			continue
		}
		p.narrow(promotion.Schedule.From, at)
		p.narrow(promotion.Schedule.Until, at)
		if reason := promotion.Schedule.dates(at); reason != Applied {
			continue
		}
		r.postStep(p, int32(i), promotion)
	}
	return p
}

// narrow ends the span of the postings at the boundary.
func (p *postings) narrow(boundary, at time.Time) {
	switch {
	case boundary.IsZero():
	case at.Before(boundary):
		if p.until.IsZero() || boundary.Before(p.until) {
			p.until = boundary
		}
	case p.from.IsZero() || boundary.After(p.from):
		p.from = boundary
	}
}

// postStep lists the step under the most telling fact: a coupon, an item set
// that the condition or every deal needs, another fact of the condition.
func (r *Ruleset) postStep(p *postings, step int32, promotion *Promotion) {
	switch {
	case promotion.Coupon.Code != "":
		p.byCode[promotion.Coupon.Code] = append(p.byCode[promotion.Coupon.Code], step)
		return
	case promotion.Coupon.Pool != "":
		p.byPool[promotion.Coupon.Pool] = append(p.byPool[promotion.Coupon.Pool], step)
		return
	}
	if i := slices.IndexFunc(promotion.Requires, r.isKeptSet); i >= 0 {
		set := promotion.Requires[i].Set
		p.bySet[set] = append(p.bySet[set], step)
		return
	}
	if sets, ok := r.neededSets(promotion); ok {
		for _, set := range sets {
			p.bySet[set] = append(p.bySet[set], step)
		}
		return
	}
	if i := slices.IndexFunc(promotion.Requires, func(f Fact) bool { return f.Kind != HasItems }); i >= 0 {
		fact := promotion.Requires[i]
		p.byFact[fact] = append(p.byFact[fact], step)
		return
	}
	p.always = append(p.always, step)
}

// isKeptSet reports whether the fact is a set that is known as soon as the lines
// have been met.
func (r *Ruleset) isKeptSet(f Fact) bool { return f.Kind == HasItems && r.sets[f.Set].isMet() }

// isMet reports whether the items of the set are found when the lines are met: for
// others each line has to be asked, which is done when the set is.
func (s *ItemSet) isMet() bool { return !s.ReadsQuantity || s.Within != nil }

// neededSets returns sets of which the cart must have at least one for any deal
// of the promotion to have an effect, and false where a deal can do without.
func (r *Ruleset) neededSets(promotion *Promotion) ([]int, bool) {
	var needed []int
	for _, d := range promotion.Deals {
		set := d.needs()
		if set < 0 || !r.sets[set].isMet() {
			return nil, false
		}
		if !slices.Contains(needed, set) {
			needed = append(needed, set)
		}
	}
	return needed, true
}

// itemFacts keeps, for each item that has been priced, the sets it is in. Items
// are known by SKU and compared by content, because a catalogue may hand out the
// same item at another address.
type itemFacts struct {
	mu    sync.RWMutex
	bySKU map[string]*knownItem
	count int
}

// knownItem is an item with the sets it is in, but for those that read the
// quantity.
type knownItem struct {
	item    *Item
	sets    []int32
	perhaps []int32    // sets that it is in for some quantities
	older   *knownItem // the same SKU with another content, such as another price
	twin    atomic.Pointer[twin]
}

// twin is what another ruleset, that of a Pair, knows of the same item.
type twin struct {
	of    *Ruleset
	known *knownItem
}

// maxKnownItems and maxVersions bound the memory that known items take; further
// items are looked at for each quote.
const (
	maxKnownItems = 1 << 16
	maxVersions   = 4
)

// known returns what is known of the item, nil for nothing. The caller holds
// the read lock.
func (f *itemFacts) known(item *Item) *knownItem {
	k := f.bySKU[item.SKU]
	for k != nil && !k.item.same(item) {
		k = k.older
	}
	return k
}

// twinOf returns what the ruleset knows of an item that another ruleset knows.
func (r *Ruleset) twinOf(other *knownItem) *knownItem {
	if t := other.twin.Load(); t != nil && t.of == r {
		return t.known
	}
	r.items.mu.RLock()
	k := r.items.known(other.item)
	r.items.mu.RUnlock()
	if k == nil {
		k = r.learn(other.item)
	}
	other.twin.Store(&twin{r, k})
	return k
}

// learn finds the sets of an item, and keeps them.
func (r *Ruleset) learn(item *Item) *knownItem {
	k := &knownItem{item: item}
	for i := range r.sets {
		switch set := &r.sets[i]; {
		case !set.ReadsQuantity && set.Match(item, 1):
			k.sets = append(k.sets, int32(i))
		case set.ReadsQuantity && set.Within != nil && set.Within(item):
			k.perhaps = append(k.perhaps, int32(i))
		}
	}
	f := &r.items
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bySKU == nil {
		f.bySKU = make(map[string]*knownItem)
	}
	if f.count < maxKnownItems {
		k.older = f.bySKU[item.SKU]
		f.bySKU[item.SKU] = k
		f.count++
		k.forget(f)
	}
	return k
}

// forget drops the oldest versions of an item.
func (k *knownItem) forget(f *itemFacts) {
	for n := 1; k != nil; n, k = n+1, k.older {
		if n == maxVersions && k.older != nil {
			k.older = nil
			f.count--
		}
	}
}
