package optimum_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

const none = math.MaxInt64 // no limit

// column makes a column of an offer without a pick rule from pairs of a type and
// a number of units.
func column(gain int64, use ...int64) optimum.Column {
	c := optimum.Column{Gain: gain}
	for i := 0; i < len(use); i += 2 {
		c.Use = append(c.Use, optimum.Use{Type: int(use[i]), N: use[i+1]})
	}
	return c
}

// ranked makes a column of an offer with a pick rule that rewards one unit of
// rank reward, which could count as bought, and buys units of ranks from kept on.
func ranked(gain int64, reward, kept int32, use ...int64) optimum.Column {
	c := column(gain, use...)
	c.Reward, c.Swap, c.Kept = reward, reward, kept
	return c
}

func offer(columns ...optimum.Column) optimum.Offer {
	return optimum.Offer{Columns: columns, Times: none}
}

func owner(offers ...optimum.Offer) optimum.Owner {
	return optimum.Owner{Offers: offers, Times: none, Cap: none, Budget: none}
}

func TestSolve(t *testing.T) {
	limited := func(o optimum.Owner, change func(*optimum.Owner)) optimum.Owner {
		change(&o)
		return o
	}
	for _, c := range []struct {
		name  string
		units []int64
		by    []optimum.Owner
		gain  int64
		want  [][][]int64
	}{
		{
			name: "nothing is chosen from nothing",
			want: [][][]int64{},
		},
		{
			name:  "an offer without columns is not applied",
			units: []int64{3},
			by:    []optimum.Owner{owner(offer())},
			want:  [][][]int64{{{}}},
		},
		{
			name:  "one column is applied as often as its units allow",
			units: []int64{7, 9},
			by:    []optimum.Owner{owner(offer(column(5, 0, 2, 1, 1)))},
			gain:  15, want: [][][]int64{{{3}}},
		},
		{
			name:  "two columns of less gain beat the one of most gain that stands in their way",
			units: []int64{1, 1, 1, 1},
			by: []optimum.Owner{
				owner(offer(column(10, 1, 1, 2, 1))),
				owner(offer(column(7, 0, 1, 1, 1), column(7, 2, 1, 3, 1))),
			},
			gain: 14, want: [][][]int64{{{0}}, {{1, 1}}},
		},
		{
			name:  "of two owners that gain the same, the earlier one is applied",
			units: []int64{2},
			by:    []optimum.Owner{owner(offer(column(4, 0, 2))), owner(offer(column(2, 0, 1)))},
			gain:  4, want: [][][]int64{{{1}}, {{0}}},
		},
		{
			name:  "the earlier owner is not applied for less",
			units: []int64{2},
			by:    []optimum.Owner{owner(offer(column(3, 0, 2))), owner(offer(column(2, 0, 1)))},
			gain:  4, want: [][][]int64{{{0}}, {{2}}},
		},
		{
			name:  "an offer is not applied more often than its times",
			units: []int64{9},
			by:    []optimum.Owner{owner(optimum.Offer{Columns: []optimum.Column{column(5, 0, 1)}, Times: 2}, offer(column(1, 0, 1)))},
			gain:  17, want: [][][]int64{{{2}, {7}}},
		},
		{
			name:  "offers of an owner share its times",
			units: []int64{9, 9},
			by: []optimum.Owner{limited(owner(offer(column(5, 0, 1)), offer(column(6, 1, 4))), func(o *optimum.Owner) {
				o.Times = 5
			})},
			gain: 27, want: [][][]int64{{{3}, {2}}},
		},
		{
			name:  "an owner whose times are negative is not applied",
			units: []int64{9},
			by:    []optimum.Owner{limited(owner(offer(column(5, 0, 1))), func(o *optimum.Owner) { o.Times = -1 })},
			want:  [][][]int64{{{0}}},
		},
		{
			name:  "gains beyond the cap are cut off, and leave units to others",
			units: []int64{4},
			by: []optimum.Owner{
				limited(owner(offer(column(6, 0, 1))), func(o *optimum.Owner) { o.Cap = 10 }),
				owner(offer(column(3, 0, 1))),
			},
			gain: 16, want: [][][]int64{{{2}}, {{2}}},
		},
		{
			name:  "a cap is not reached where another owner gains more from the unit",
			units: []int64{4},
			by: []optimum.Owner{
				limited(owner(offer(column(6, 0, 1))), func(o *optimum.Owner) { o.Cap = 8 }),
				owner(offer(column(3, 0, 1))),
			},
			gain: 15, want: [][][]int64{{{1}}, {{3}}},
		},
		{
			name:  "a budget refuses the application that would exceed it",
			units: []int64{4},
			by: []optimum.Owner{
				limited(owner(offer(column(6, 0, 1))), func(o *optimum.Owner) { o.Budget = 11 }),
				owner(offer(column(3, 0, 1))),
			},
			gain: 15, want: [][][]int64{{{1}}, {{3}}},
		},
		{
			name:  "a budget is spent as a knapsack is filled",
			units: []int64{1, 1, 1},
			by: []optimum.Owner{limited(owner(offer(column(8, 0, 1), column(5, 1, 1), column(6, 2, 1))), func(o *optimum.Owner) {
				o.Budget = 12
			})},
			gain: 11, want: [][][]int64{{{0, 1, 1}}},
		},
		{
			name:  "a budget above the cap counts gains that the cap cuts off",
			units: []int64{2},
			by: []optimum.Owner{
				limited(owner(offer(column(6, 0, 1))), func(o *optimum.Owner) { o.Cap, o.Budget = 8, 11 }),
			},
			gain: 6, want: [][][]int64{{{1}}},
		},
		{
			name:  "the cheaper unit is rewarded although the dearer one would gain more",
			units: []int64{1, 1, 1}, // buy one of any, get the cheapest
			by: []optimum.Owner{owner(optimum.Offer{Times: none, Rank: []int32{0, 1, 2}, Columns: []optimum.Column{
				ranked(1, 0, 1, 0, 1, 1, 1), ranked(1, 0, 2, 0, 1, 2, 1), ranked(5, 1, 2, 1, 1, 2, 1),
			}})},
			gain: 1, want: [][][]int64{{{0, 1, 0}}},
		},
		{
			name:  "the dearer unit is rewarded where another offer uses the cheaper one",
			units: []int64{1, 1, 1},
			by: []optimum.Owner{
				owner(optimum.Offer{Times: none, Rank: []int32{0, 1, 2}, Columns: []optimum.Column{
					ranked(1, 0, 1, 0, 1, 1, 1), ranked(1, 0, 2, 0, 1, 2, 1), ranked(5, 1, 2, 1, 1, 2, 1),
				}}),
				owner(offer(column(2, 0, 1))),
			},
			gain: 7, want: [][][]int64{{{0, 0, 1}}, {{1}}},
		},
		{
			name:  "a unit that no column can use blocks the rewards that come after it",
			units: []int64{1, 1, 1},
			by: []optimum.Owner{owner(optimum.Offer{Times: none, Rank: []int32{0, 1, 2}, Columns: []optimum.Column{
				ranked(5, 1, 2, 1, 1, 2, 1),
			}})},
			want: [][][]int64{{{0}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := optimum.Problem{Units: c.units, Owners: c.by}
			s := optimum.Solve(p)
			if s.Gain != c.gain || s.Bound != c.gain || !s.Optimal {
				t.Errorf("got gain %d, bound %d, optimal %t, want gain %d", s.Gain, s.Bound, s.Optimal, c.gain)
			}
			if !reflect.DeepEqual(s.Times, c.want) {
				t.Errorf("got %v, want %v", s.Times, c.want)
			}
			if fault := faultOf(p, s.Times); fault != "" {
				t.Error(fault)
			}
		})
	}
}

func TestAThousandMillionUnitsAreNoMoreWork(t *testing.T) {
	const many = 1_000_000_000
	for _, c := range []struct {
		name  string
		units []int64
		by    []optimum.Owner
		gain  int64
		above int64 // how far the bound may be above
	}{
		{"three for two", []int64{many}, []optimum.Owner{owner(offer(column(250, 0, 3)))}, 250 * 333_333_333, 0},
		{"two offers for one type", []int64{many}, []optimum.Owner{
			owner(offer(column(300, 0, 3))), owner(offer(column(190, 0, 2))),
		}, 300*333_333_332 + 2*190, 0},
		{"a pair and its halves", []int64{many, many + 1}, []optimum.Owner{
			owner(offer(column(50, 0, 1, 1, 1))), owner(offer(column(30, 0, 2), column(30, 1, 2))),
		}, 50 * many, 0},
		{"a cap that is reached between two applications", []int64{many, many}, []optimum.Owner{
			{Offers: []optimum.Offer{offer(column(7, 0, 1))}, Times: none, Cap: many, Budget: none},
			owner(offer(column(5, 0, 2, 1, 1))),
		}, many + 5*428_571_428, 3},
		{"gains of a whole economy", []int64{many}, []optimum.Owner{
			{Offers: []optimum.Offer{offer(column(1e15, 0, 1))}, Times: none, Cap: 1e17, Budget: none},
			{Offers: []optimum.Offer{offer(column(1e15-1, 0, 1))}, Times: 50, Cap: none, Budget: none},
		}, 1e17 + 50*(1e15-1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := optimum.Problem{Units: c.units, Owners: c.by}
			s := optimum.Solve(p)
			if fault := faultOf(p, s.Times); fault != "" {
				t.Error(fault)
			}
			if s.Gain != c.gain || s.Bound < c.gain || s.Bound > c.gain+c.above {
				t.Errorf("got gain %d, bound %d, want %d and at most %d more", s.Gain, s.Bound, c.gain, c.above)
			}
		})
	}
}

func TestGainsBeyondMaxGainAreCutOff(t *testing.T) {
	p := optimum.Problem{Units: []int64{1e9, 1e9}, Owners: []optimum.Owner{
		owner(offer(column(1e15, 0, 1))), owner(offer(column(1e15, 0, 1, 1, 1))),
	}}
	s := optimum.Solve(p)
	if s.Gain != optimum.MaxGain || !s.Optimal {
		t.Errorf("got gain %d, bound %d, want %d", s.Gain, s.Bound, optimum.MaxGain)
	}
}

func TestSolveGivesTheSameAnswerEachTimeAndLeavesTheProblemAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range classes() {
		for range 20 {
			seed := r.Uint64()
			p, again := c.basket(rand.New(rand.NewPCG(seed, 0))), c.basket(rand.New(rand.NewPCG(seed, 0)))
			first := optimum.Solve(p)
			if !reflect.DeepEqual(p, again) {
				t.Fatal("the problem was changed")
			}
			if second := optimum.Solve(again); !reflect.DeepEqual(first, second) {
				t.Fatalf("got %+v, then %+v", first, second)
			}
		}
	}
}

func TestAnswersAreNeverBelowGreedyAndKeepWithinTheBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range classes() {
		for range 20 {
			p := c.basket(r)
			p.Nodes = 20_000
			known := optimum.Solve(p)
			best := known.Bound
			for _, nodes := range []int{1, 30, 100, 300, 1000} {
				p.Nodes = nodes
				s := optimum.Solve(p)
				if fault := faultOf(p, s.Times); fault != "" {
					t.Fatal(fault)
				}
				if s.Gain < greedy(p) || s.Gain > best || s.Gain > s.Bound {
					t.Errorf("%s, %d nodes: got gain %d, bound %d, want from %d to %d", c.name, nodes, s.Gain, s.Bound, greedy(p), best)
				}
				if s.Bound < known.Gain {
					t.Errorf("%s, %d nodes: got bound %d, but a choice gains %d", c.name, nodes, s.Bound, known.Gain)
				}
				if got := total(worthsOf(p, s.Times)); got != s.Gain {
					t.Errorf("%s: the choice gains %d, the solution says %d", c.name, got, s.Gain)
				}
				if limit := nodes + len(p.Units); s.Nodes > limit {
					t.Errorf("%s: got %d nodes, want no more than %d", c.name, s.Nodes, limit)
				}
			}
		}
	}
}

func TestAnswersDoNotDependOnWhatElseIsInTheCart(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range classes() {
		for range 10 {
			p, q := c.basket(r), c.basket(r)
			p.Nodes, q.Nodes = 20_000, 20_000
			both := optimum.Problem{Units: append(append([]int64(nil), p.Units...), q.Units...), Owners: p.Owners, Nodes: 40_000}
			for _, owner := range q.Owners {
				both.Owners = append(both.Owners, shifted(owner, len(p.Units)))
			}
			apart, together := [2]optimum.Solution{optimum.Solve(p), optimum.Solve(q)}, optimum.Solve(both)
			if apart[0].Optimal && apart[1].Optimal && together.Optimal && together.Gain != apart[0].Gain+apart[1].Gain {
				t.Errorf("%s: got gain %d, want %d + %d", c.name, together.Gain, apart[0].Gain, apart[1].Gain)
			}
		}
	}
}

// shifted returns the owner with its types moved up.
func shifted(o optimum.Owner, by int) optimum.Owner {
	moved := optimum.Owner{Times: o.Times, Cap: o.Cap, Budget: o.Budget}
	for _, offer := range o.Offers {
		columns := make([]optimum.Column, len(offer.Columns))
		for c, column := range offer.Columns {
			columns[c] = column
			columns[c].Use = make([]optimum.Use, len(column.Use))
			for u, use := range column.Use {
				columns[c].Use[u] = optimum.Use{Type: use.Type + by, N: use.N}
			}
		}
		moved.Offers = append(moved.Offers, optimum.Offer{Columns: columns, Times: offer.Times})
	}
	return moved
}

func FuzzSolve(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { checkAgainstOracle(t, drawProblem(t)) }))
}

// drawExtreme draws a problem with numbers of every size.
func drawExtreme(t *rapid.T) optimum.Problem {
	sized := func(high int64, name string) int64 {
		return rapid.Int64Range(1, rapid.SampledFrom([]int64{9, 1e4, 1e9, high}).Draw(t, name+" size")).Draw(t, name)
	}
	p := drawProblem(t)
	for i := range p.Units {
		p.Units[i] = sized(1e9, "units")
	}
	for o := range p.Owners {
		owner := &p.Owners[o]
		if owner.Cap < none {
			owner.Cap = sized(1e15, "cap")
		}
		if owner.Budget < none {
			owner.Budget = sized(1e15, "budget")
		}
		for f := range owner.Offers {
			for c := range owner.Offers[f].Columns {
				owner.Offers[f].Columns[c].Gain = sized(1e15, "gain")
			}
		}
	}
	return p
}

func TestSolutionsAreAllowedAndBoundedWhateverTheNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawExtreme(t)
		s := optimum.Solve(p)
		if fault := faultOf(p, s.Times); fault != "" {
			t.Fatalf("%s: %+v", fault, s)
		}
		if s.Gain < 0 || s.Gain > s.Bound || s.Bound > optimum.MaxGain || s.Optimal != (s.Gain == s.Bound) {
			t.Fatalf("got gain %d, bound %d, optimal %t", s.Gain, s.Bound, s.Optimal)
		}
		for o, owner := range p.Owners {
			for _, offer := range owner.Offers {
				for _, column := range offer.Columns {
					if alone := aloneGain(p, o, offer, column); alone > s.Bound {
						t.Fatalf("got bound %d, but one column alone gains %d", s.Bound, alone)
					}
				}
			}
		}
	})
}

// aloneGain is what a column gains when nothing else is applied, 0 where there
// is a pick rule.
func aloneGain(p optimum.Problem, o int, offer optimum.Offer, column optimum.Column) int64 {
	owner := p.Owners[o]
	limit := min(owner.Cap, optimum.MaxGain/int64(len(p.Owners)))
	if offer.Rank != nil || limit < 1 {
		return 0
	}
	times := max(0, min(owner.Times, offer.Times, owner.Budget/column.Gain))
	for _, use := range column.Use {
		times = min(times, p.Units[use.Type]/use.N)
	}
	if times > limit/column.Gain {
		return limit
	}
	return times * column.Gain
}
