package engine_test

import (
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
	quote   engine.Quote
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
			ways = append(ways, wayOut{quote.Saving(), applied, quote})
		}
	}
	return ways
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
	var seen, conflicts, unproven int
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
		best := slices.MaxFunc(ways, func(a, b wayOut) int { return int(a.saving - b.saving) })
		if !quote.Optimal {
			unproven++
			if quote.Saving() > quote.Bound || quote.Bound < best.saving {
				t.Fatalf("got a saving of %d, a bound of %d, want %d:\n%s", quote.Saving(), quote.Bound, best.saving, s)
			}
			return
		}
		if quote.Saving() != best.saving {
			t.Fatalf("got a saving of %d by %v (optimal %t, bound %d), want %d by %v:\n%s",
				quote.Saving(), s.effective(quote), quote.Optimal, quote.Bound, best.saving, best.applied, s)
		}
	})
	t.Logf("%d shops, %d with more than one way, %d not proven", seen, conflicts, unproven)
	if unproven > seen/200 {
		t.Errorf("%d of %d small shops are not proven to be the best", unproven, seen)
	}
}
