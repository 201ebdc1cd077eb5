package engine_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// The oracle of this file leaves out promotions in every possible way, prices
// what is left where no promotion excludes another, and keeps the ways that the
// rules allow.

// rules of conflicts, as the policy and the promotions say them.

func (s *shop) groupOf(i int) engine.Group {
	name := s.promotions[i].Group
	if name == "" {
		name = engine.DefaultGroup
	}
	for _, g := range s.policy.Groups {
		if g.ID == name {
			return g
		}
	}
	return engine.Group{ID: name}
}

func (s *shop) clash(i, j int) bool {
	a, b := s.groupOf(i), s.groupOf(j)
	if a.ID == b.ID && (a.Combine == engine.CombineBest || a.Combine == engine.CombineFirst) {
		return true
	}
	return s.rejects(i, j) || s.rejects(j, i)
}

// rejects says whether promotion i wants nothing to do with j.
func (s *shop) rejects(i, j int) bool {
	p, group, other := &s.promotions[i], s.groupOf(i), s.groupOf(j)
	names := slices.Concat(p.Excludes, group.Excludes)
	if slices.Contains(names, s.promotions[j].ID) || slices.Contains(names, other.ID) {
		return true
	}
	switch p.Exclusive {
	case engine.ExclusiveInCart:
		return true
	case engine.ExclusiveInGroup:
		return group.ID == other.ID
	case engine.ExclusiveInLevel:
		return slices.ContainsFunc(p.Deals, func(d engine.Deal) bool {
			return slices.ContainsFunc(s.promotions[j].Deals, func(e engine.Deal) bool { return d.Level() == e.Level() })
		})
	default:
		return false
	}
}

// without is the shop without conflicts and without the promotions that are
// left out.
func (s *shop) without(left []bool) *shop {
	free := &shop{policy: s.policy, request: s.request}
	free.policy.Groups = nil
	for _, g := range s.policy.Groups {
		if g.Combine != engine.CombineBestPerLine {
			g.Combine = engine.CombineAll
		}
		free.policy.Groups = append(free.policy.Groups, engine.Group{ID: g.ID, Combine: g.Combine})
	}
	for i, p := range s.promotions {
		p.Exclusive, p.Excludes, p.Disabled = engine.NotExclusive, nil, p.Disabled || left[i]
		free.promotions = append(free.promotions, p)
	}
	return free
}

// effective says which promotions the quote applies.
func (s *shop) effective(quote engine.Quote) []bool {
	applied := make([]bool, len(s.promotions))
	for _, o := range quote.Promotions {
		i := slices.IndexFunc(s.promotions, func(p engine.Promotion) bool { return p.ID == o.Promotion })
		applied[i] = o.Reason == engine.Applied
	}
	return applied
}

// wayOut is a way out of the conflicts.
type wayOut struct {
	saving  engine.Amount
	applied []bool
	strict  bool // every rival of one that has an effect is left out
}

func mostOf(ways []wayOut) wayOut {
	return slices.MaxFunc(ways, func(a, b wayOut) int { return cmp.Compare(a.saving, b.saving) })
}

// waysOut lists those that the rules allow: no two that conflict have an effect,
// and each that is left out has a rival that does.
func (s *shop) waysOut(t interface{ Fatalf(string, ...any) }) []wayOut {
	var ways []wayOut
	n := len(s.promotions)
	for subset := range 1 << n {
		left := make([]bool, n)
		for i := range left {
			left[i] = subset&(1<<i) != 0
		}
		quote := s.without(left).price(t)
		if applied := s.effective(quote); s.allowed(applied, left) {
			ways = append(ways, wayOut{quote.Saving(), applied, s.strict(applied, left)})
		}
	}
	return ways
}

// strict says whether all are left out that have an effective rival.
func (s *shop) strict(applied, left []bool) bool {
	for i := range applied {
		for j := range applied {
			if i != j && !left[i] && applied[j] && s.clash(i, j) {
				return false
			}
		}
	}
	return true
}

// compatible says whether no two that have an effect exclude each other.
func (s *shop) compatible(applied []bool) bool {
	for i := range applied {
		for j := range i {
			if applied[i] && applied[j] && s.clash(i, j) {
				return false
			}
		}
	}
	return true
}

func (s *shop) allowed(applied, left []bool) bool {
	for i := range applied {
		justified := !left[i]
		for j := range applied {
			if i == j || !applied[j] || !s.clash(i, j) {
				continue
			}
			if applied[i] {
				return false
			}
			justified = true
		}
		if !justified {
			return false
		}
	}
	return true
}

func TestTheWayOutOfConflictsThatSavesMostIsChosen(t *testing.T) {
	var seen, conflicts, unproven, freer int
	baskets(t, 3, func(t *rapid.T) {
		d := draws{t}
		s := d.shop(5)
		d.conflicts(s, engine.CombineAll, engine.CombineBest, engine.CombineBest, engine.CombineBestPerLine)
		quote := s.price(t)
		checkQuote(t, s, quote)
		ways := s.waysOut(t)
		if len(ways) == 0 {
			return // every way leads to another conflict
		}
		seen++
		if len(ways) > 1 {
			conflicts++
		}
		best := mostOf(ways)
		if !quote.Optimal {
			unproven++
			if quote.Saving() > quote.Bound || quote.Bound < best.saving {
				t.Fatalf("got a saving of %d, a bound of %d, want %d:\n%s", quote.Saving(), quote.Bound, best.saving, s)
			}
			return
		}
		// A promotion that has no effect, and has a rival that does, may be left
		// out or not. Where that makes a difference, both are right.
		least := best.saving
		if strict := slices.DeleteFunc(ways, func(w wayOut) bool { return !w.strict }); len(strict) > 0 {
			least = mostOf(strict).saving
		}
		// One that is let in and ends without an effect can decide which of equal
		// units others use, which can save more than leaving it out would.
		if quote.Saving() > best.saving {
			freer++
		}
		if quote.Saving() < least || quote.Saving() > best.saving && !s.compatible(s.effective(quote)) {
			t.Fatalf("got a saving of %d by %v (optimal %t, bound %d), want %d by %v:\n%s",
				quote.Saving(), s.effective(quote), quote.Optimal, quote.Bound, best.saving, best.applied, s)
		}
	})
	t.Logf("%d shops, %d with more than one way, %d not proven", seen, conflicts, unproven)
	if freer > 1+seen/10_000 {
		t.Errorf("%d of %d shops save more than leaving promotions out does", freer, seen)
	}
	if unproven > seen/200 {
		t.Errorf("%d of %d small shops are not proven to be the best", unproven, seen)
	}
}

// drawAdditive draws promotions of one level that always have an effect, on a
// cart that has enough for all of them.
func drawAdditive(t *rapid.T) *shop {
	d := draws{t}
	s := new(shop)
	for i := range d.number(1, 7, "promotions") {
		s.promotions = append(s.promotions, engine.Promotion{
			ID: string(rune('a' + i)), Priority: d.number(-1, 1, "priority"),
			Deals: []engine.Deal{&engine.AmountOff{Of: setA, Amount: minor(1 + d.number(0, 40, "amount")), Per: engine.PerSelection}},
		})
	}
	d.conflicts(s, engine.CombineAll, engine.CombineAll, engine.CombineFirst)
	for i := range s.promotions {
		if p := &s.promotions[i]; d.one(3, "excludes one") {
			p.Excludes = append(p.Excludes, pickOf(d, "excluded one", "a", "b", "c", "d", "e"))
		}
	}
	s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 100000, 1)}}}
	return s
}

// byRank lists the promotions, the higher rank first.
func (s *shop) byRank() []int {
	var ranks []int
	for i := range s.promotions {
		ranks = append(ranks, i)
	}
	slices.SortFunc(ranks, func(i, j int) int {
		a, b := &s.promotions[i], &s.promotions[j]
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	return ranks
}

func TestByPriorityTheHigherRankWins(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		s := drawAdditive(t)
		s.policy.Resolution = engine.ResolvePriority
		want := make([]bool, len(s.promotions))
		for _, i := range s.byRank() {
			want[i] = true
			for j := range s.promotions {
				if j != i && want[j] && s.clash(i, j) {
					want[i] = false
				}
			}
		}
		if got := s.effective(s.price(t)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v:\n%s", got, want, s)
		}
	})
}

// TestOfEqualWaysOutTheHigherRankWins also has groups that combine first, which
// is by rank whatever is saved: a member gives way to an earlier one only.
func TestOfEqualWaysOutTheHigherRankWins(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		s := drawAdditive(t)
		for i := range s.promotions {
			s.promotions[i].Deals = []engine.Deal{&engine.AmountOff{Of: setA, Amount: minor(1 + i%2), Per: engine.PerSelection}}
		}
		ranks := s.byRank()
		var best []int // places in ranks of the winners
		saving := -1
		for subset := range 1 << len(ranks) {
			var winners []int
			sum := 0
			for place, i := range ranks {
				if subset&(1<<place) != 0 {
					winners, sum = append(winners, place), sum+1+i%2
				}
			}
			if s.holds(ranks, winners) && (sum > saving || sum == saving && preferred(s, ranks, winners, best)) {
				best, saving = winners, sum
			}
		}
		if saving < 0 {
			return
		}
		want := make([]bool, len(ranks))
		for _, place := range best {
			want[ranks[place]] = true
		}
		quote := s.price(t)
		if got := s.effective(quote); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v:\n%s", got, want, s)
		}
	})
}

// holds says whether the winners are a way out: none of them clash, and each of
// the others clashes with one of them, of higher rank where the clash is that of
// a group that combines first.
func (s *shop) holds(ranks, winners []int) bool {
	for place, i := range ranks {
		won, justified := slices.Contains(winners, place), false
		for _, other := range winners {
			j := ranks[other]
			if other == place || !s.clash(i, j) {
				continue
			}
			if won {
				return false
			}
			first := s.groupOf(i).ID == s.groupOf(j).ID && s.groupOf(i).Combine == engine.CombineFirst
			if first && place < other {
				continue // the lower rank is no reason for the higher one to give way
			}
			justified = true
		}
		if !won && !justified {
			return false
		}
	}
	return true
}

// preferred compares winners by rank: the first difference decides, and more are
// better than fewer. Only those with rivals count.
func preferred(s *shop, ranks, a, b []int) bool {
	rivals := func(places []int) []int {
		return slices.DeleteFunc(slices.Clone(places), func(place int) bool {
			for other := range ranks {
				if other != place && s.clash(ranks[place], ranks[other]) {
					return false
				}
			}
			return true
		})
	}
	a, b = rivals(a), rivals(b)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) > len(b)
}
