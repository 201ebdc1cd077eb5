package optimum_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

// settledInTurn is what the owners gain when each has the best of what the
// earlier ones left.
func settledInTurn(p optimum.Problem) (gain int64) {
	left := slices.Clone(p.Units)
	for _, o := range p.Owners {
		alone := optimum.Solve(optimum.Problem{Units: left, Owners: []optimum.Owner{o}, Nodes: p.Nodes / (2 * len(p.Owners))})
		gain += alone.Gain
		for f, offer := range o.Offers {
			for c, n := range alone.Times[0][f] {
				for _, use := range offer.Columns[c].Use {
					left[use.Type] -= use.N * n
				}
			}
		}
	}
	return gain
}

func TestAnswersAreNeverBelowSettlingTheOwnersInTurn(t *testing.T) {
	better := 0
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range classes() {
		for range 100 {
			p := c.basket(r)
			p.Nodes = 100
			s := optimum.Solve(p)
			least := settledInTurn(p)
			if s.Gain < least {
				t.Errorf("%s: got %d, in turn it is %d", c.name, s.Gain, least)
			}
			if fault := faultOf(p, s.Times); fault != "" {
				t.Fatal(fault)
			}
			if least > greedy(p) {
				better++
			}
		}
	}
	if better == 0 {
		t.Error("settling in turn is never better than greedy; the test shows nothing")
	}
}

// crowd is a problem of so many triples of so many types, of twenty owners, in
// one component. Types are worth different amounts, and a triple gains its
// cheapest.
func crowd(types, triples int) optimum.Problem {
	r := rand.New(rand.NewPCG(5, uint64(types)))
	p := optimum.Problem{Units: make([]int64, types)}
	prices := make([]int64, types)
	for t := range types {
		p.Units[t], prices[t] = 1+r.Int64N(4), 100+r.Int64N(900)
	}
	for range 20 {
		var columns []optimum.Column
		for range triples / 20 {
			three := r.Perm(types)[:3]
			slices.Sort(three)
			gain := min(prices[three[0]], prices[three[1]], prices[three[2]])
			columns = append(columns, column(gain, int64(three[0]), 1, int64(three[1]), 1, int64(three[2]), 1))
		}
		p.Owners = append(p.Owners, owner(offer(columns...)))
	}
	return p
}

// TestLargeComponentsAreSettledWithoutASearch: rows by columns are beyond what is
// relaxed. The answer is allowed, bounded and no worse than simple choices.
func TestLargeComponentsAreSettledWithoutASearch(t *testing.T) {
	p := crowd(300, 1000)
	s := optimum.Solve(p)
	if fault := faultOf(p, s.Times); fault != "" {
		t.Fatal(fault)
	}
	if s.Nodes != 0 || s.Optimal {
		t.Errorf("got %d nodes, optimal %v; want no search and no proof", s.Nodes, s.Optimal)
	}
	if least := max(greedy(p), settledInTurn(p)); s.Gain < least || s.Bound < s.Gain {
		t.Errorf("got %d, at most %d; want no less than %d", s.Gain, s.Bound, least)
	}
}

// TestASolverRemembersNothing: what it solved before has no effect.
func TestASolverRemembersNothing(t *testing.T) {
	var solver optimum.Solver
	r := rand.New(rand.NewPCG(9, 10))
	for _, c := range classes() {
		for range 50 {
			p := c.basket(r)
			p.Nodes = 200
			if diff := cmp.Diff(optimum.Solve(p), solver.Solve(p)); diff != "" {
				t.Fatalf("%s: %s", c.name, diff)
			}
		}
	}
}
