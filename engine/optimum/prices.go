package optimum

import (
	"math"
	"slices"
)

// prices are integer duals of a model: what a unit of each row's limit is worth
// at the most, in fine units. Whatever the floats of the relaxation were, every
// column costs at least its worth, so by weak duality no choice is worth more
// than bound, and one is worth exactly
//
//	bound - sum of reduced costs - sum of prices of what is left of rows
//
// and less the worth that soft rows cut off. The search calls what is subtracted
// the loss of a choice.
type prices struct {
	row     []int64   // of a unit of each row
	reduced []int64   // of each column: what it costs beyond its worth, never negative
	bound   int64     // of the whole limits, math.MaxInt64 when it is no use
	relaxed []float64 // how often the relaxation applies each column
}

func newPrices(m *model) prices {
	return prices{
		row: make([]int64, len(m.rows)), reduced: make([]int64, len(m.columns)),
		relaxed: make([]float64, len(m.columns)),
	}
}

// round makes prices of the duals of a solved relaxation.
func (p *prices) round(m *model, l *relaxation) {
	p.relaxed = l.times()
	for r := range p.row {
		p.row[r] = rounded(float64(l.dual[r]*l.unit) / l.scale[r])
		if soft := m.rows[r].soft; soft > 0 {
			p.row[r] = min(p.row[r], soft)
		}
	}
}

// share makes prices of types without a relaxation. A unit costs the greatest
// share that a column gains by each of its units, so no column costs less than its
// worth. Then type after type is lowered by half of what its columns leave, and in
// reverse by all of it: coordinate descent on the dual, as Erlenkotter's procedure
// for locating facilities (1978). It takes a few looks at each cell, and can end
// above the relaxation, where only several prices together could change.
func (p *prices) share(m *model) {
	for i := range m.columns {
		c := &m.columns[i]
		units := int64(0)
		for _, cell := range m.typeCells(c) {
			units += cell.n
		}
		for _, cell := range m.typeCells(c) {
			p.row[cell.row] = max(p.row[cell.row], ceilDiv(c.worth, units))
		}
	}
	for i := range m.columns {
		p.reduced[i] = p.cost(&m.columns[i]) - m.columns[i].worth
	}
	users := m.users()
	for t := range users {
		p.lower(t, users[t], 2)
	}
	for t := range slices.Backward(users) {
		p.lower(t, users[t], 1)
	}
}

// lower lowers the price of a type by a part of what the reduced costs of its
// users allow.
func (p *prices) lower(t int, users []user, part int64) {
	cut := p.row[t]
	for _, u := range users {
		cut = min(cut, p.reduced[u.column]/u.n)
	}
	cut /= part
	p.row[t] -= cut
	for _, u := range users {
		p.reduced[u.column] -= cut * u.n
	}
}

// settle repairs the prices, whatever they are, and works out what follows from
// them.
func (p *prices) settle(m *model) {
	for i := range m.columns {
		p.repair(m, &m.columns[i])
	}
	for i := range m.columns {
		p.reduced[i] = p.cost(&m.columns[i]) - m.columns[i].worth
	}
	for r := range p.row {
		p.bound = add(p.bound, mul(p.row[r], m.rows[r].limit))
	}
}

// rounded returns the nearest integer that is not negative and leaves room for
// repairs; NaN is 0.
func rounded(x float64) int64 {
	if !(x > 0) {
		return 0
	}
	return int64(math.Round(min(x, 1<<61)))
}

// cost is what one application of c costs.
func (p *prices) cost(c *column) int64 {
	sum := int64(0)
	for _, cell := range c.cells {
		sum = add(sum, mul(cell.n, p.row[cell.row]))
	}
	return sum
}

// repair raises the price of the type for which that adds least to the bound
// until c costs at least its worth.
func (p *prices) repair(m *model, c *column) {
	missing := c.worth - p.cost(c)
	if missing <= 0 {
		return
	}
	best, least, raise := int32(-1), int64(0), int64(0)
	for _, cell := range c.cells {
		if int(cell.row) >= len(m.types) {
			break
		}
		up := ceilDiv(missing, cell.n)
		if added := mul(up, m.rows[cell.row].limit); best < 0 || added < least {
			best, least, raise = cell.row, added, up
		}
	}
	p.row[best] = add(p.row[best], raise)
}
