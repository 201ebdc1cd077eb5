package optimum

import (
	"math"
	"slices"
)

// choice is how often each column of a model is applied.
type choice struct {
	times  []int64
	rem    []int64  // of each row
	picked []picked // of each pick rule, but for what is left over
}

func newChoice(m *model) choice {
	both := make([]int64, len(m.columns)+len(m.rows))
	c := choice{times: both[:len(m.columns)], rem: both[len(m.columns):]}
	for r := range c.rem {
		c.rem[r] = m.rows[r].limit
	}
	c.picked = make([]picked, len(m.picks))
	for i := range c.picked {
		c.picked[i] = nothingPicked()
	}
	return c
}

// start returns the best of two choices that keep all rules, for the search to
// beat: the one that takes the column with the highest gain first, as often as
// it goes, and the one that rounds the relaxation down and fills up with the
// columns of least reduced cost.
func start(m *model, p *prices) []int64 {
	order := make([]ranked, len(m.columns))
	for i := range order {
		order[i] = ranked{-m.columns[i].worth, int32(i)}
	}
	sortRanked(order)
	dearest := newChoice(m)
	dearest.fill(m, order, nil)

	for i := range order {
		order[i] = ranked{p.reduced[i], int32(i)}
	}
	sortRanked(order)
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

// ranked is a column and what it is put in order by.
type ranked struct {
	by     int64
	column int32
}

func sortRanked(order []ranked) {
	slices.SortFunc(order, func(x, y ranked) int {
		switch {
		case x.by < y.by:
			return -1
		case x.by > y.by:
			return 1
		default:
			return int(x.column - y.column)
		}
	})
}

// fill applies columns in the given order, each as often as it goes, and where
// most is not nil at most so often. Where there are pick rules, what one column
// uses can allow another that came before, so it goes on until nothing changes.
func (c *choice) fill(m *model, order []ranked, most []float64) {
	for again := true; again; {
		again = false
		for _, next := range order {
			i := next.column
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
// The pick rule of its offer is the only one that it can break: of the others it
// can only use up units that would be left over.
func (c *choice) apply(m *model, i int32, n int64) bool {
	column := &m.columns[i]
	if column.pick < 0 {
		c.use(column, n)
		c.times[i] += n
		return true
	}
	picked := c.picked[column.pick].with(column.source)
	for ; n > 0; n /= 2 {
		c.use(column, n)
		if picked.leave(m.picks[column.pick].firstLeft(c.rem)).holds() {
			c.times[i] += n
			c.picked[column.pick] = picked
			return true
		}
		for _, cell := range column.cells {
			c.rem[cell.row] += mul(cell.n, n)
		}
	}
	return false
}

// use takes what n applications of the column use from what is left. Only soft
// rows, which pick rules do not look at, can be asked for more than there is.
func (c *choice) use(column *column, n int64) {
	for _, cell := range column.cells {
		c.rem[cell.row] -= mul(cell.n, n)
	}
}

// fit is how often column i can be applied to what is left, and is worth more
// each time.
func (m *model) fit(i int32, rem []int64) int64 {
	n := int64(math.MaxInt64)
	for _, cell := range m.columns[i].cells {
		if m.rows[cell.row].soft > 0 {
			n = min(n, ceilDiv(max(0, rem[cell.row]), cell.n))
		} else {
			n = min(n, rem[cell.row]/cell.n)
		}
	}
	return n
}
