package optimum_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

// class is a class of random baskets: units of products of a shop with ten
// offers of five kinds, each a promotion of its own.
type class struct {
	name     string
	units    int
	products int
	promoted int     // products that offers choose theirs from: the first ones
	share    float64 // of the units that are promoted products
	covered  int     // products of an offer
}

// classes are the classes that the package is measured with. In the realistic
// ones, half of the units are of promoted products and an offer covers a sixth
// of these; in the stressing ones everything is promoted and an offer covers a
// quarter.
func classes() []class {
	realistic := class{products: 300, promoted: 60, share: 0.5, covered: 10}
	stress := class{products: 40, promoted: 40, share: 1, covered: 10}
	var all []class
	for _, c := range []struct {
		class
		name  string
		units int
	}{
		{realistic, "realistic/20", 20}, {realistic, "realistic/30", 30}, {realistic, "realistic/50", 50},
		{stress, "stress/20", 20}, {stress, "stress/30", 30}, {stress, "stress/50", 50},
	} {
		c.class.name, c.class.units = c.name, c.units
		all = append(all, c.class)
	}
	return all
}

// basket makes one basket of the class.
func (c class) basket(r *rand.Rand) optimum.Problem {
	prices := make([]int64, c.products)
	for i := range prices {
		prices[i] = 50 + r.Int64N(40)*25 + r.Int64N(5)*r.Int64N(200) // 0.50 to 18.21, the cheap ones more often
	}
	counts := make([]int64, c.products)
	for range c.units {
		if r.Float64() < c.share {
			counts[r.IntN(c.promoted)]++
		} else {
			counts[c.promoted+r.IntN(c.products-c.promoted)]++
		}
	}
	shelf := newShelf(prices, counts)
	for kind := range 10 {
		covered := r.Perm(c.promoted)[:c.covered]
		slices.Sort(covered)
		shelf.offer(kind%5, covered)
	}
	return shelf.problem
}

// shelf enumerates the applications of offers to a basket.
type shelf struct {
	prices  []int64 // by product
	types   map[int]int
	problem optimum.Problem
}

func newShelf(prices, counts []int64) *shelf {
	s := &shelf{prices: prices, types: make(map[int]int)}
	for product, n := range counts {
		if n > 0 {
			s.types[product] = len(s.problem.Units)
			s.problem.Units = append(s.problem.Units, n)
		}
	}
	return s
}

// offer adds an offer of one of five kinds on the covered products: three for
// two, any three for a price, any two for a price, one of each of three sets for
// a price, and two with the second at half price.
func (s *shelf) offer(kind int, covered []int) {
	mean := int64(0)
	for _, product := range covered {
		mean += s.prices[product]
	}
	mean /= int64(len(covered))
	present := slices.DeleteFunc(slices.Clone(covered), func(product int) bool {
		_, ok := s.types[product]
		return !ok
	})
	var columns []optimum.Column
	add := func(gain int64, products ...int) {
		if column, ok := s.column(gain, products); ok {
			columns = append(columns, column)
		}
	}
	switch kind {
	case 0, 1:
		eachTriple(present, func(a, b, c int) {
			worth := s.prices[a] + s.prices[b] + s.prices[c]
			if kind == 0 {
				add(min(s.prices[a], s.prices[b], s.prices[c]), a, b, c)
			} else {
				add(worth-mean*2, a, b, c)
			}
		})
	case 2, 4:
		eachPair(present, func(a, b int) {
			if kind == 2 {
				add(s.prices[a]+s.prices[b]-mean*3/2, a, b)
			} else {
				add(min(s.prices[a], s.prices[b])/2, a, b)
			}
		})
	case 3:
		third := len(covered) / 3
		eachOf(covered[:third], covered[third:2*third], covered[2*third:], func(a, b, c int) {
			add(s.prices[a]+s.prices[b]+s.prices[c]-mean*9/4, a, b, c)
		})
	}
	s.problem.Owners = append(s.problem.Owners, optimum.Owner{
		Offers: []optimum.Offer{{Columns: columns, Times: math.MaxInt64}},
		Times:  math.MaxInt64, Cap: math.MaxInt64, Budget: math.MaxInt64,
	})
}

// column makes a column where it gains and all its units are in the basket.
func (s *shelf) column(gain int64, products []int) (optimum.Column, bool) {
	column := optimum.Column{Gain: gain}
	for _, product := range products {
		t, ok := s.types[product]
		if !ok {
			return column, false
		}
		at := slices.IndexFunc(column.Use, func(use optimum.Use) bool { return use.Type == t })
		if at < 0 {
			at = len(column.Use)
			column.Use = append(column.Use, optimum.Use{Type: t})
		}
		column.Use[at].N++
	}
	slices.SortFunc(column.Use, func(a, b optimum.Use) int { return cmp.Compare(a.Type, b.Type) })
	for _, use := range column.Use {
		if use.N > s.problem.Units[use.Type] {
			return column, false
		}
	}
	return column, gain > 0
}

func eachPair(products []int, f func(a, b int)) {
	for i, a := range products {
		for _, b := range products[i:] {
			f(a, b)
		}
	}
}

func eachTriple(products []int, f func(a, b, c int)) {
	for i, a := range products {
		eachPair(products[i:], func(b, c int) { f(a, b, c) })
	}
}

func eachOf(as, bs, cs []int, f func(a, b, c int)) {
	for _, a := range as {
		for _, b := range bs {
			for _, c := range cs {
				f(a, b, c)
			}
		}
	}
}

// greedy is what taking the column with the highest gain first comes to, for
// problems without limits.
func greedy(p optimum.Problem) (gain int64) {
	var columns []optimum.Column
	for _, owner := range p.Owners {
		for _, offer := range owner.Offers {
			columns = append(columns, offer.Columns...)
		}
	}
	slices.SortStableFunc(columns, func(a, b optimum.Column) int { return cmp.Compare(b.Gain, a.Gain) })
	rem := slices.Clone(p.Units)
	for _, column := range columns {
		times := int64(math.MaxInt64)
		for _, use := range column.Use {
			times = min(times, rem[use.Type]/use.N)
		}
		for _, use := range column.Use {
			rem[use.Type] -= use.N * times
		}
		gain += column.Gain * times
	}
	return gain
}
