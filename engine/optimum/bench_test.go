package optimum_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

// BenchmarkBaskets solves 1,000 baskets of each class and reports, besides the
// time of one, what share of them was proven and took below a millisecond, and
// what taking the highest gain first would have lost:
//
//	go test -run '^$' -bench Baskets -benchtime 1x ./engine/optimum
//
// A time is the fastest of three runs, which on an idle machine is that of the CPU.
func BenchmarkBaskets(b *testing.B) {
	for _, c := range classes() {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				measure(b, c)
			}
		})
	}
}

func measure(b *testing.B, c class) {
	const baskets = 1000
	r := rand.New(rand.NewPCG(9, uint64(c.units)))
	var times []time.Duration
	var proven, fast, beaten, columns int
	var lost, worst, gap float64
	for range baskets {
		p := c.basket(r)
		for _, owner := range p.Owners {
			columns += len(owner.Offers[0].Columns)
		}
		var s optimum.Solution
		took := time.Duration(math.MaxInt64)
		for range 3 {
			begin := time.Now()
			s = optimum.Solve(p)
			took = min(took, time.Since(begin))
		}
		times = append(times, took)
		if s.Optimal {
			proven++
		}
		if took < time.Millisecond {
			fast++
		}
		if s.Gain > 0 {
			gap += float64(s.Bound-s.Gain) / float64(s.Bound)
			loss := 1 - float64(greedy(p))/float64(s.Gain)
			if loss < 0 {
				b.Fatalf("got gain %d, want at least that of the greedy choice, %d", s.Gain, greedy(p))
			}
			if loss > 0 {
				beaten++
			}
			lost += loss
			worst = max(worst, loss)
		}
	}
	slices.Sort(times)
	at := func(share float64) float64 { return float64(times[int(share*(baskets-1))].Nanoseconds()) / 1000 }
	b.ReportMetric(0, "ns/op")
	for _, m := range []struct {
		name  string
		value float64
	}{
		{"%proven", 100 * float64(proven) / baskets}, {"%<1ms", 100 * float64(fast) / baskets},
		{"p50-µs", at(0.5)}, {"p90-µs", at(0.9)}, {"p99-µs", at(0.99)}, {"max-µs", at(1)},
		{"%gap", 100 * gap / baskets},
		{"%greedy-loses", 100 * float64(beaten) / baskets}, {"%greedy-lost", 100 * lost / baskets}, {"%greedy-worst", 100 * worst},
		{"columns", float64(columns) / baskets},
	} {
		b.ReportMetric(m.value, m.name)
	}
}

func BenchmarkSolve(b *testing.B) {
	three := offer(column(100, 0, 3), column(80, 0, 2, 1, 1), column(70, 1, 3))
	for _, c := range []struct {
		name string
		p    optimum.Problem
	}{
		{"one column", optimum.Problem{Units: []int64{7}, Owners: []optimum.Owner{owner(offer(column(100, 0, 3)))}}},
		{"three columns", optimum.Problem{Units: []int64{4, 5}, Owners: []optimum.Owner{owner(three)}}},
		{"two owners", optimum.Problem{Units: []int64{4, 5}, Owners: []optimum.Owner{owner(three), owner(offer(column(60, 0, 1, 1, 1)))}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				optimum.Solve(c.p)
			}
		})
	}
}
