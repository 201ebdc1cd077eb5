package optimum_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

// oracle tries every choice. It shares nothing with the package but the types,
// and knows neither components nor bounds.
type oracle struct {
	p      optimum.Problem
	rem    []int64
	times  [][][]int64
	best   int64
	owners []int64 // worth of each owner in the preferred choice
}

// brute returns the gain of the best choice, and what each owner is worth in the
// best choice that the rule for ties prefers.
func brute(p optimum.Problem) (gain int64, owners []int64) {
	o := oracle{p: p, rem: append([]int64(nil), p.Units...), times: noTimes(p), owners: make([]int64, len(p.Owners))}
	o.try(0, 0, 0)
	return o.best, o.owners
}

func noTimes(p optimum.Problem) [][][]int64 {
	times := make([][][]int64, len(p.Owners))
	for o, owner := range p.Owners {
		times[o] = make([][]int64, len(owner.Offers))
		for f, offer := range owner.Offers {
			times[o][f] = make([]int64, len(offer.Columns))
		}
	}
	return times
}

func (o *oracle) try(owner, offer, column int) {
	switch {
	case owner == len(o.p.Owners):
		if fault := faultOf(o.p, o.times); fault == "" {
			worths := worthsOf(o.p, o.times)
			gain := total(worths)
			if gain > o.best || gain == o.best && lateness(worths) < lateness(o.owners) {
				o.best, o.owners = gain, worths
			}
		}
		return
	case offer == len(o.p.Owners[owner].Offers):
		o.try(owner+1, 0, 0)
		return
	case column == len(o.p.Owners[owner].Offers[offer].Columns):
		o.try(owner, offer+1, 0)
		return
	}
	uses := o.p.Owners[owner].Offers[offer].Columns[column].Use
	n := int64(0)
	for ; ; n++ {
		o.times[owner][offer][column] = n
		o.try(owner, offer, column+1)
		if !o.take(uses, 1) {
			break
		}
	}
	o.take(uses, -n)
	o.times[owner][offer][column] = 0
}

// take uses units n times, and changes nothing where there are too few.
func (o *oracle) take(uses []optimum.Use, n int64) bool {
	for _, use := range uses {
		if o.rem[use.Type] < use.N*n {
			return false
		}
	}
	for _, use := range uses {
		o.rem[use.Type] -= use.N * n
	}
	return true
}

func total(worths []int64) (sum int64) {
	for _, w := range worths {
		sum += w
	}
	return sum
}

// lateness is what the rule for ties keeps small.
func lateness(worths []int64) (sum int64) {
	for place, w := range worths {
		sum += int64(place) * w
	}
	return sum
}

// worthsOf returns what each owner is worth.
func worthsOf(p optimum.Problem, times [][][]int64) []int64 {
	worths := make([]int64, len(p.Owners))
	for o, owner := range p.Owners {
		sum := int64(0)
		for f, offer := range owner.Offers {
			for c, column := range offer.Columns {
				sum += column.Gain * times[o][f][c]
			}
		}
		worths[o] = min(sum, owner.Cap)
	}
	return worths
}

// faultOf says why a choice is not allowed, and is empty when it is.
func faultOf(p optimum.Problem, times [][][]int64) string {
	rem := append([]int64(nil), p.Units...)
	for o, owner := range p.Owners {
		applied, gains := int64(0), int64(0)
		for f, offer := range owner.Offers {
			ofOffer := int64(0)
			for c, column := range offer.Columns {
				n := times[o][f][c]
				if n < 0 {
					return "a column is applied less than never"
				}
				ofOffer += n
				gains += column.Gain * n
				for _, use := range column.Use {
					rem[use.Type] -= use.N * n
				}
			}
			if ofOffer > max(0, offer.Times) {
				return "an offer is applied too often"
			}
			applied += ofOffer
		}
		if applied > 0 && owner.Cap < 1 {
			return "an owner that is worth nothing is applied"
		}
		if applied > max(0, owner.Times) {
			return "an owner is applied too often"
		}
		if gains > max(0, owner.Budget) {
			return "a budget is exceeded"
		}
	}
	for _, n := range rem {
		if n < 0 {
			return "more units are used than there are"
		}
	}
	for o, owner := range p.Owners {
		for f, offer := range owner.Offers {
			if offer.Rank != nil && !ruleKept(offer, times[o][f], rem) {
				return "a unit is rewarded before one that comes first"
			}
		}
	}
	return ""
}

func ruleKept(offer optimum.Offer, times, rem []int64) bool {
	reward, swap, kept := int32(-1), int32(-1), int32(math.MaxInt32)
	for c, column := range offer.Columns {
		if times[c] > 0 {
			reward, swap, kept = max(reward, column.Reward), max(swap, column.Swap), min(kept, column.Kept)
		}
	}
	if swap > kept {
		return false
	}
	for t, rank := range offer.Rank {
		if rem[t] > 0 && rank >= 0 && rank < reward {
			return false
		}
	}
	return true
}

// drawProblem draws a problem that the oracle can solve: the units allow few
// choices.
func drawProblem(t *rapid.T) optimum.Problem {
	small := func(low, high int64, name string) int64 { return rapid.Int64Range(low, high).Draw(t, name) }
	limit := func(high int64, name string) int64 {
		if rapid.IntRange(0, 3).Draw(t, name+" set") != 0 {
			return math.MaxInt64
		}
		return small(0, high, name)
	}
	types := int(small(1, 4, "types"))
	p := optimum.Problem{Units: make([]int64, types)}
	for i := range p.Units {
		p.Units[i] = small(0, 3, "units")
	}
	columns := 7
	for range small(1, 3, "owners") {
		owner := optimum.Owner{Times: limit(3, "owner times"), Cap: limit(20, "cap"), Budget: limit(20, "budget")}
		for range small(1, 2, "offers") {
			offer := optimum.Offer{Times: limit(2, "offer times")}
			ranked := small(0, 3, "ranked") == 0
			if ranked {
				for range types {
					offer.Rank = append(offer.Rank, int32(small(-1, 3, "rank")))
				}
			}
			for range min(columns, int(small(0, 3, "columns"))) {
				columns--
				offer.Columns = append(offer.Columns, drawColumn(t, types, ranked))
			}
			owner.Offers = append(owner.Offers, offer)
		}
		p.Owners = append(p.Owners, owner)
	}
	return p
}

func drawColumn(t *rapid.T, types int, ranked bool) optimum.Column {
	column := optimum.Column{Gain: rapid.Int64Range(1, 9).Draw(t, "gain"), Kept: math.MaxInt32, Swap: -1, Reward: -1}
	first := rapid.IntRange(0, types-1).Draw(t, "first")
	for i := first; i < types; i++ {
		n := rapid.Int64Range(0, 2).Draw(t, "n")
		if i == first {
			n = max(n, 1)
		}
		if n > 0 {
			column.Use = append(column.Use, optimum.Use{Type: i, N: n})
		}
	}
	if ranked {
		column.Reward = rapid.Int32Range(0, 3).Draw(t, "reward")
		column.Swap = rapid.Int32Range(-1, column.Reward).Draw(t, "swap")
		if rapid.Bool().Draw(t, "keeps") {
			column.Kept = rapid.Int32Range(0, 3).Draw(t, "kept")
		}
	}
	return column
}

func TestSolutionIsTheBestOfAllChoices(t *testing.T) {
	checks := 20
	if testing.Short() {
		checks = 1
	}
	for range checks {
		rapid.Check(t, func(t *rapid.T) {
			for range 10 {
				checkAgainstOracle(t, drawProblem(t))
			}
		})
	}
}

// drawPlenty draws a problem of few columns that can be applied many times.
func drawPlenty(t *rapid.T) optimum.Problem {
	p := optimum.Problem{Units: make([]int64, rapid.IntRange(1, 2).Draw(t, "types"))}
	for i := range p.Units {
		p.Units[i] = rapid.Int64Range(9, 20).Draw(t, "units")
	}
	for range rapid.IntRange(1, 3).Draw(t, "owners") {
		column := drawColumn(t, len(p.Units), false)
		column.Gain += 10
		limit := func(high int64, name string) int64 {
			if rapid.Bool().Draw(t, name+" set") {
				return math.MaxInt64
			}
			return rapid.Int64Range(1, high).Draw(t, name)
		}
		p.Owners = append(p.Owners, optimum.Owner{
			Offers: []optimum.Offer{{Columns: []optimum.Column{column}, Times: math.MaxInt64}},
			Times:  limit(15, "times"), Cap: limit(150, "cap"), Budget: limit(150, "budget"),
		})
	}
	return p
}

// drawRanked draws a problem of offers with pick rules only, of which one has many
// columns.
func drawRanked(t *rapid.T) optimum.Problem {
	types := rapid.IntRange(3, 5).Draw(t, "types")
	p := optimum.Problem{Units: make([]int64, types)}
	for i := range p.Units {
		p.Units[i] = rapid.Int64Range(1, 2).Draw(t, "units")
	}
	for _, columns := range []int{rapid.IntRange(5, 9).Draw(t, "columns"), rapid.IntRange(0, 2).Draw(t, "others")} {
		offer := optimum.Offer{Times: math.MaxInt64}
		for range types {
			offer.Rank = append(offer.Rank, rapid.Int32Range(-1, 3).Draw(t, "rank"))
		}
		for range columns {
			offer.Columns = append(offer.Columns, drawColumn(t, types, true))
		}
		p.Owners = append(p.Owners, optimum.Owner{
			Offers: []optimum.Offer{offer}, Times: math.MaxInt64, Cap: math.MaxInt64, Budget: math.MaxInt64,
		})
	}
	return p
}

func TestSolutionIsTheBestOfAllChoicesWherePickRulesRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 60 {
			checkAgainstOracle(t, drawRanked(t))
		}
	})
}

func TestSolutionIsTheBestOfAllChoicesWhereUnitsArePlentiful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkAgainstOracle(t, drawPlenty(t)) })
}

func checkAgainstOracle(t *rapid.T, p optimum.Problem) {
	want, owners := brute(p)
	s := optimum.Solve(p)
	if fault := faultOf(p, s.Times); fault != "" {
		t.Fatalf("%s: %+v", fault, s)
	}
	if s.Gain != want || s.Bound != want || !s.Optimal {
		t.Fatalf("got gain %d, bound %d, optimal %t, want gain %d: %+v", s.Gain, s.Bound, s.Optimal, want, s.Times)
	}
	worths := worthsOf(p, s.Times)
	if got := total(worths); got != s.Gain {
		t.Fatalf("the choice gains %d, the solution says %d", got, s.Gain)
	}
	if got, want := lateness(worths), lateness(owners); got != want {
		t.Fatalf("got a tie that gives later owners %d, want %d: %v, want %v", got, want, worths, owners)
	}
	for _, nodes := range []int{1, 5, 50} {
		p.Nodes = nodes
		s := optimum.Solve(p)
		if fault := faultOf(p, s.Times); fault != "" {
			t.Fatalf("%d nodes: %s: %+v", nodes, fault, s)
		}
		if s.Gain > want || s.Bound < want || s.Optimal != (s.Gain == s.Bound) {
			t.Fatalf("%d nodes: got gain %d, bound %d, optimal %t, want at most %d and at least that", nodes, s.Gain, s.Bound, s.Optimal, want)
		}
		if got := total(worthsOf(p, s.Times)); got != s.Gain {
			t.Fatalf("%d nodes: the choice gains %d, the solution says %d", nodes, got, s.Gain)
		}
	}
}

// planner solves problems without limits and pick rules by dynamic programming
// over what is left of every type.
type planner struct {
	columns [][]optimum.Column // by their first type
	rem     []int64
	known   map[string]int64
}

// planned returns the gain of the best choice.
func planned(p optimum.Problem) int64 {
	pl := planner{columns: make([][]optimum.Column, len(p.Units)), rem: append([]int64(nil), p.Units...), known: make(map[string]int64)}
	for _, owner := range p.Owners {
		for _, offer := range owner.Offers {
			for _, column := range offer.Columns {
				first := column.Use[0].Type
				pl.columns[first] = append(pl.columns[first], column)
			}
		}
	}
	return pl.best(0)
}

// best is what can be gained with columns whose first type is from t on.
func (p *planner) best(t int) int64 {
	if t == len(p.rem) {
		return 0
	}
	key := []byte{byte(t)}
	for _, n := range p.rem[t:] {
		key = append(key, byte(n))
	}
	if gain, ok := p.known[string(key)]; ok {
		return gain
	}
	gain := p.best(t + 1)
	for _, column := range p.columns[t] {
		if !p.fits(column) {
			continue
		}
		p.move(column, -1)
		gain = max(gain, column.Gain+p.best(t))
		p.move(column, 1)
	}
	p.known[string(key)] = gain
	return gain
}

func (p *planner) fits(column optimum.Column) bool {
	for _, use := range column.Use {
		if p.rem[use.Type] < use.N {
			return false
		}
	}
	return true
}

func (p *planner) move(column optimum.Column, sign int64) {
	for _, use := range column.Use {
		p.rem[use.Type] += sign * use.N
	}
}

func TestBasketsAreSolvedAsByDynamicProgramming(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range classes() {
		c.units = 18
		if c.share < 1 {
			c.units = 30 // half of which no offer covers
		}
		for range 40 {
			p := c.basket(r)
			want := planned(p)
			if s := optimum.Solve(p); s.Gain != want || !s.Optimal {
				t.Errorf("%s: got gain %d, bound %d, want %d", c.name, s.Gain, s.Bound, want)
			}
		}
	}
}
