package optimum

import (
	"cmp"
	"math"
	"slices"
)

// choice is how often each column of a model is applied.
type choice struct {
	times []int64
	rem   []int64 // of each row
}

func newChoice(m *model) choice {
	both := make([]int64, len(m.columns)+len(m.rows))
	c := choice{times: both[:len(m.columns)], rem: both[len(m.columns):]}
	for r := range c.rem {
		c.rem[r] = m.rows[r].limit
	}
	return c
}

// start returns the best of two choices that keep all rules, for the search to
// beat: the one that takes the column with the highest gain first, as often as
// it goes, and the one that rounds the relaxation down and fills up with the
// columns of least reduced cost.
func start(m *model, p *prices) []int64 {
	order := make([]int32, len(m.columns))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(m.columns[j].worth, m.columns[i].worth) })
	dearest := newChoice(m)
	dearest.fill(m, order, nil)

	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(p.reduced[i], p.reduced[j]) })
	near := newChoice(m)
	near.fill(m, order, p.relaxed)
	near.fill(m, order, nil)

	a, _ := m.value(dearest.times)
	b, _ := m.value(near.times)
	if a > b {
		return dearest.times
	}
	return near.times
}

// fill applies columns in the given order, each as often as it goes, and where
// most is not nil at most so often. Where there are pick rules, what one column
// uses can allow another that came before, so it goes on until nothing changes.
func (c *choice) fill(m *model, order []int32, most []float64) {
	for again := true; again; {
		again = false
		for _, i := range order {
			n := m.fit(i, c.rem)
			if most != nil {
				n = min(n, int64(most[i]+gainful)-c.times[i])
			}
			if n > 0 && c.apply(m, i, n) {
				again = len(m.picks) > 0
			}
		}
	}
}

// apply applies column i up to n times, and reports whether it did so at all.
func (c *choice) apply(m *model, i int32, n int64) bool {
	for ; n > 0; n /= 2 {
		before := c.rem
		if len(m.picks) > 0 {
			before = slices.Clone(c.rem)
		}
		c.times[i] += n
		for _, cell := range m.columns[i].cells {
			c.rem[cell.row] = max(0, c.rem[cell.row]-mul(cell.n, n))
		}
		if m.keepsRules(c.times, c.rem) {
			return true
		}
		c.times[i] -= n
		c.rem = before
	}
	return false
}

// fit is how often column i can be applied to what is left, and is worth more
// each time.
func (m *model) fit(i int32, rem []int64) int64 {
	n := int64(math.MaxInt64)
	for _, cell := range m.columns[i].cells {
		if m.rows[cell.row].soft > 0 {
			n = min(n, ceilDiv(rem[cell.row], cell.n))
		} else {
			n = min(n, rem[cell.row]/cell.n)
		}
	}
	return n
}
