package optimum

import (
	"cmp"
	"math"
	"slices"
)

// plan is the order in which a search decides columns.
type plan struct {
	order  []int32   // columns; those that are not in it are not used
	last   []int32   // of each row: 1 + the place of its last column in order
	closed [][]int32 // the same by place: the rows that no column from place on uses
	ends   []int32   // of each pick rule: 1 + the place of its last column
	// rest is, for each place and each cell of its column, what a unit that is left
	// of the row is sure to lose: its price, or its share of the reduced cost of a
	// later column that uses it.
	rest [][]int64
}

// newPlan makes a plan for the columns whose reduced cost alone is not more than
// allowed (reduced-cost fixing: Dantzig, Fulkerson and Johnson 1954).
//
// All columns of a type are decided together, and it is finished with. Next is
// the type that costs least, as in orders of elimination for sparse matrices
// (Markowitz 1957).
func newPlan(m *model, p *prices, allowed int64) plan {
	o := newOrdering(m)
	for i := range m.columns {
		if p.reduced[i] > allowed {
			continue
		}
		for _, cell := range m.columns[i].cells {
			o.users[cell.row] = append(o.users[cell.row], int32(i))
			o.count[cell.row]++
		}
		o.open[i] = true
	}
	var order []int32
	for next := o.cheapest(); next >= 0; next = o.cheapest() {
		first := len(order)
		order = o.finish(next, order)
		slices.SortStableFunc(order[first:], func(i, j int32) int { return cmp.Compare(p.reduced[i], p.reduced[j]) })
	}
	plan := m.planOf(order)
	plan.rest = m.restOf(order, p)
	return plan
}

// restOf returns the rest of a plan.
func (m *model) restOf(order []int32, p *prices) [][]int64 {
	size := 0
	for _, i := range order {
		size += len(m.columns[i].cells)
	}
	all, rest := make([]int64, size), make([][]int64, len(order))
	least := slices.Clone(p.row)
	for place, i := range slices.Backward(order) {
		cells := m.columns[i].cells
		rest[place], all = all[:len(cells)], all[len(cells):]
		for k, cell := range cells {
			rest[place][k] = least[cell.row]
			least[cell.row] = min(least[cell.row], p.reduced[i]/cell.n)
		}
	}
	return rest
}

// planOf notes where in the order each row and each pick rule has its last
// column. Place 0 is before the first.
func (m *model) planOf(order []int32) plan {
	both := make([]int32, len(m.rows)+len(m.picks))
	p := plan{order: order, last: both[:len(m.rows)], ends: both[len(m.rows):], closed: make([][]int32, len(order)+1)}
	for place, i := range order {
		for _, cell := range m.columns[i].cells {
			p.last[cell.row] = int32(place + 1)
		}
		if pick := m.columns[i].pick; pick >= 0 {
			p.ends[pick] = int32(place + 1)
		}
	}
	rows := make([]int32, 0, len(m.rows))
	sizes := make([]int32, len(order)+1)
	for _, place := range p.last {
		sizes[place]++
	}
	for place, n := range sizes {
		rows = rows[:len(rows)+int(n)]
		p.closed[place] = rows[len(rows)-int(n) : len(rows)-int(n) : len(rows)]
	}
	for r, place := range p.last {
		p.closed[place] = append(p.closed[place], int32(r))
	}
	return p
}

// ordering is a plan's order in the making.
type ordering struct {
	m     *model
	users [][]int32 // columns of each row
	count []int     // how many of them are not in the order yet
	open  []bool    // whether a column is not in the order yet
	begun []bool    // whether a row has a column in the order
	seen  []int     // of each row: the last scan that met it
	scans int
}

func newOrdering(m *model) *ordering {
	return &ordering{
		m: m, users: make([][]int32, len(m.rows)), open: make([]bool, len(m.columns)),
		count: make([]int, len(m.rows)), begun: make([]bool, len(m.rows)), seen: make([]int, len(m.rows)),
	}
}

// cheapest returns the type to finish next, -1 when all are finished. What it
// costs is its columns, and four for each row that they are the first to use:
// how many rows are begun and not finished decides how many states there can be.
func (o *ordering) cheapest() int {
	const fresh = 4
	best, least := -1, math.MaxInt
	for t := range o.m.types {
		cost := o.count[t]
		if cost == 0 || cost >= least {
			continue
		}
		o.scans++
		for _, i := range o.users[t] {
			if !o.open[i] {
				continue
			}
			for _, cell := range o.m.columns[i].cells {
				if !o.begun[cell.row] && o.seen[cell.row] != o.scans {
					o.seen[cell.row] = o.scans
					cost += fresh
				}
			}
		}
		if cost < least {
			best, least = t, cost
		}
	}
	return best
}

// finish appends the open columns of a type to the order.
func (o *ordering) finish(t int, order []int32) []int32 {
	for _, i := range o.users[t] {
		if !o.open[i] {
			continue
		}
		o.open[i] = false
		order = append(order, i)
		for _, cell := range o.m.columns[i].cells {
			o.begun[cell.row] = true
			o.count[cell.row]--
		}
	}
	return order
}
