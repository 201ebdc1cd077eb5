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
	// sure is, for each place, what a unit that is left of a row once the column at
	// place is decided is sure to lose, for the rows where that is anything.
	sure [][]cell
	// change is, for each place, by how much applying the column once changes what
	// is sure to be lost: its reduced cost, less what is sure of the units it uses.
	change []int64
}

// newPlan makes a plan for the columns whose reduced cost alone is not more than
// allowed (reduced-cost fixing: Dantzig, Fulkerson and Johnson 1954).
//
// All columns of a type are decided together, and it is finished with. Next is
// the type that costs least, as in orders of elimination for sparse matrices
// (Markowitz 1957).
func newPlan(m *model, p *prices, allowed int64) plan {
	o := newOrdering(m, func(i int) bool { return p.reduced[i] <= allowed })
	order := make([]int32, 0, o.columns)
	for next := o.cheapest(); next >= 0; next = o.cheapest() {
		first := len(order)
		order = o.finish(next, order)
		slices.SortStableFunc(order[first:], func(i, j int32) int { return cmp.Compare(p.reduced[i], p.reduced[j]) })
	}
	plan := m.planOf(order)
	plan.sure, plan.change = m.sureOf(order, p)
	return plan
}

// sureOf returns the sure losses of a plan and their changes.
//
// A unit that no later column uses loses its price. Going back through the
// order, columns that could use it come in, and with each the losses of its rows
// are cut until together they are no more than its reduced cost, the greatest
// first. What is cut from the prices leaves prices that are valid for the later
// columns alone, and lower.
func (m *model) sureOf(order []int32, p *prices) (sure [][]cell, change []int64) {
	loss, begun := make([]int64, len(m.rows)), make([]bool, len(m.rows))
	sure, change = make([][]cell, len(order)), make([]int64, len(order))
	var all []cell
	for place, i := range slices.Backward(order) {
		cells := m.columns[i].cells
		sum := int64(0)
		for _, c := range cells {
			if !begun[c.row] {
				begun[c.row], loss[c.row] = true, p.row[c.row]
			}
			sum += loss[c.row] * c.n
		}
		first := len(all)
		for r, n := range loss {
			if n > 0 {
				all = append(all, cell{int32(r), n})
			}
		}
		sure[place] = all[first:len(all):len(all)]
		change[place] = p.reduced[i] - sum
		for over := -change[place]; over > 0; {
			c := slices.MaxFunc(cells, func(a, b cell) int { return cmp.Compare(loss[a.row], loss[b.row]) })
			cut := min(ceilDiv(over, c.n), loss[c.row])
			loss[c.row] -= cut
			over -= cut * c.n
		}
	}
	return sure, change
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
	m       *model
	columns int       // that are to be in the order
	users   [][]int32 // these columns by the rows they use
	count   []int     // of each row: how many of them are not in the order yet
	open    []bool    // whether a column is to be in the order and not in it yet
	begun   []bool    // whether a row has a column in the order
	seen    []int     // of each row: the last scan that met it
	scans   int
}

// newOrdering begins an order of the columns that are wanted.
func newOrdering(m *model, wanted func(column int) bool) *ordering {
	flags, counts := make([]bool, len(m.columns)+len(m.rows)), make([]int, 2*len(m.rows))
	o := &ordering{
		m: m, users: make([][]int32, len(m.rows)),
		open: flags[:len(m.columns)], begun: flags[len(m.columns):],
		count: counts[:len(m.rows)], seen: counts[len(m.rows):],
	}
	size := 0
	for i := range m.columns {
		if o.open[i] = wanted(i); !o.open[i] {
			continue
		}
		o.columns++
		for _, cell := range m.columns[i].cells {
			o.count[cell.row]++
			size++
		}
	}
	all := make([]int32, size)
	for r, n := range o.count {
		o.users[r], all = all[:0:n], all[n:]
	}
	for i := range m.columns {
		if !o.open[i] {
			continue
		}
		for _, cell := range m.columns[i].cells {
			o.users[cell.row] = append(o.users[cell.row], int32(i))
		}
	}
	return o
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
