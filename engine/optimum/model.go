package optimum

import (
	"math"
	"math/bits"
	"slices"
)

// model is one component as an integer program: choose how often each column is
// applied so that no row is used beyond its limit.
//
// A soft row may be used beyond its limit, which is then worth nothing: it is
// the cap of an owner.
type model struct {
	rows     []row
	columns  []column
	types    []int // the problem's types; the first rows are theirs
	picks    []pick
	most     int64 // no choice gains more
	step     int64 // worths of choices differ by multiples of it
	lightest int64 // the least weight
}

type row struct {
	limit int64
	soft  int64 // weight of the owner whose cap it is, 0 for a hard row
}

// column is a candidate. Its worth is its gain in the fine units of the model:
// what one of them is of its owner is the owner's weight.
type column struct {
	candidate
	source *Column
	cells  []cell
	gain   int64
	worth  int64
	place  int32 // of the owner among those of the model
	pick   int32 // index of the pick rule, -1 for none
}

// cell is what one application uses of a row.
type cell struct {
	row int32
	n   int64
}

// builder makes models. What it holds is used again for each component.
type builder struct {
	p       *Problem
	owners  []limits
	local   []int32  // row of each type in the model being made, -1 for none
	cells   []cell   // of the model being made
	columns []column // of the model being made
	rest    *builder // for what is left when owners are settled in turn
	turning bool     // rest is for this problem
	units   []int64  // of the problem, when the builder is such a rest

	relaxation    relaxation
	candidates    []candidate
	forest        forest // of components
	sizes, places []int32
	sorted        []candidate
	parts         [][]candidate
}

// begin makes the builder one for p.
func (b *builder) begin(p *Problem) {
	b.p, b.turning = p, false
	b.local = slices.Grow(b.local[:0], len(p.Units))[:len(p.Units)]
	for t := range b.local {
		b.local[t] = -1
	}
}

// build makes the model of a component.
func (b *builder) build(candidates []candidate) *model {
	size := 0
	for _, c := range candidates {
		size += len(c.in(b.p).Use) + 4
	}
	b.columns = slices.Grow(b.columns[:0], len(candidates))
	m := &model{columns: b.columns}
	b.cells = slices.Grow(b.cells[:0], size)
	for _, c := range candidates {
		for _, use := range c.in(b.p).Use {
			if b.local[use.Type] < 0 {
				b.local[use.Type] = int32(len(m.rows))
				m.types = append(m.types, use.Type)
				m.rows = append(m.rows, row{limit: b.p.Units[use.Type]})
			}
		}
	}
	for start := 0; start < len(candidates); {
		end := start + 1
		for end < len(candidates) && candidates[end].owner == candidates[start].owner {
			end++
		}
		b.addOwner(m, candidates[start:end])
		start = end
	}
	b.weigh(m)
	if len(m.picks) == 0 {
		m.tighten()
	}
	for _, t := range m.types {
		b.local[t] = -1
	}
	return m
}

// addOwner adds the columns of one owner, and the rows of its limits.
func (b *builder) addOwner(m *model, candidates []candidate) {
	o := candidates[0].owner
	owner, limits := &b.p.Owners[o], &b.owners[o]
	place := int32(0)
	if len(m.columns) > 0 {
		place = m.columns[len(m.columns)-1].place + 1
	}
	timed := m.limit(limits.timed, owner.Times)
	budgeted := m.limit(limits.budgeted, owner.Budget)
	// A cap that the budget keeps out of reach needs no row.
	capped := m.limit(limits.capped && limits.cap < owner.Budget, limits.cap)
	if capped >= 0 {
		m.rows[capped].soft = 1
	}
	offerTimed, pick := int32(-1), int32(-1)
	for i, c := range candidates {
		offer := &owner.Offers[c.offer]
		if i == 0 || candidates[i-1].offer != c.offer {
			offerTimed = m.limit(limits.times > offer.Times, offer.Times)
			pick = b.addPick(m, offer)
		}
		source := c.in(b.p)
		col := column{candidate: c, source: source, gain: min(source.Gain, limits.cap), place: place, pick: pick}
		begin := len(b.cells)
		for _, use := range source.Use {
			b.cells = append(b.cells, cell{b.local[use.Type], use.N})
		}
		for _, extra := range [...]cell{{offerTimed, 1}, {timed, 1}, {budgeted, source.Gain}, {capped, col.gain}} {
			if extra.row >= 0 {
				b.cells = append(b.cells, extra)
			}
		}
		col.cells = b.cells[begin:len(b.cells):len(b.cells)]
		m.columns = append(m.columns, col)
	}
}

// limit adds a row where there is a limit, and returns it, or -1.
func (m *model) limit(binds bool, limit int64) int32 {
	if !binds {
		return -1
	}
	m.rows = append(m.rows, row{limit: limit})
	return int32(len(m.rows) - 1)
}

// weigh chooses the fine units of the model: weights of owners, in which later
// ones weigh a little less, so that among choices of equal gain the one with the
// least sum of gain times place is worth most.
//
// A weight is grain*(1<<shift - place). The sum of gain times place stays below
// 1<<shift, so it never outweighs a money unit, and the grain is more than the
// rounding of duals can add to a bound. Where 64 bits do not hold all that, ties
// are given up first, then the grain.
func (b *builder) weigh(m *model) {
	m.most = m.trivialBound()
	last := int64(m.columns[len(m.columns)-1].place)
	units := int64(len(m.columns))
	for _, r := range m.rows[:len(m.types)] {
		units = add(units, 2*r.limit)
	}
	room := 61 - bits.Len64(uint64(m.most))
	grain := min(bits.Len64(uint64(units)), 24)
	shift := bits.Len64(uint64(mul(m.most, last)))
	if shift+grain > room {
		shift = 0
		grain = min(grain, room)
	}
	if shift == 0 {
		last = 0
	}
	// What room is left makes the duals finer.
	shift = max(shift, min(room-grain, 20))
	m.step = 1 << grain
	for i := range m.columns {
		c := &m.columns[i]
		weight := (1<<shift - min(int64(c.place), last)) << grain
		c.worth = c.gain * weight
		for _, cell := range c.cells {
			if m.rows[cell.row].soft > 0 {
				m.rows[cell.row].soft = weight
			}
		}
		m.lightest = weight // later places weigh less
	}
}

// trivialBound is at least the gain of every choice: no unit gains more than the
// best share that a column gives its units, and no owner more than its limits.
func (m *model) trivialBound() int64 {
	shares := make([]int64, len(m.types))
	owners, limit, place := int64(0), int64(0), int32(-1)
	for i := range m.columns {
		c := &m.columns[i]
		size := int64(0)
		for _, cell := range c.cells {
			if int(cell.row) < len(m.types) {
				size += cell.n
			}
		}
		for _, cell := range c.cells {
			if int(cell.row) < len(m.types) {
				shares[cell.row] = max(shares[cell.row], ceilDiv(c.gain, size))
			}
		}
		if c.place != place {
			owners, place, limit = add(owners, limit), c.place, 0
		}
		limit = add(limit, mul(c.gain, c.most))
		for _, cell := range c.cells {
			if m.rows[cell.row].soft > 0 {
				limit = min(limit, m.rows[cell.row].limit)
			}
		}
	}
	owners = add(owners, limit)
	units := int64(0)
	for t, share := range shares {
		units = add(units, mul(share, m.rows[t].limit))
	}
	return min(units, owners, MaxGain)
}

// tighten divides each type's row by what all its uses are multiples of, and
// rounds its limit down: of seven units that only go by threes, six count.
func (m *model) tighten() {
	divisors := make([]int64, len(m.rows))
	for i := range m.columns {
		for _, c := range m.columns[i].cells {
			divisors[c.row] = gcd(divisors[c.row], c.n)
		}
	}
	if slices.Max(divisors[:len(m.types)]) == 1 {
		return
	}
	for i := range m.columns {
		for k := range m.columns[i].cells {
			if c := &m.columns[i].cells[k]; int(c.row) < len(m.types) {
				c.n /= divisors[c.row]
			}
		}
	}
	for t := range m.types {
		m.rows[t].limit /= divisors[t]
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// value returns the worth of a choice in fine units and its gain in money.
func (m *model) value(times []int64) (worth, gain int64) {
	for start := 0; start < len(m.columns); {
		first := &m.columns[start]
		limit, weight, sum := int64(math.MaxInt64), first.worth/first.gain, int64(0)
		end := start
		for ; end < len(m.columns) && m.columns[end].place == first.place; end++ {
			sum = add(sum, mul(m.columns[end].gain, times[end]))
		}
		for _, cell := range first.cells {
			if m.rows[cell.row].soft > 0 {
				limit = m.rows[cell.row].limit
			}
		}
		gain += min(limit, sum)
		worth += min(limit, sum) * weight
		start = end
	}
	return worth, gain
}

// plentiful reports whether there is a column that can be applied many times.
func (m *model) plentiful() bool {
	const many = 8
	return slices.ContainsFunc(m.columns, func(c column) bool { return c.most > many })
}

// bits is how many bits it takes to say what is left of each type.
func (m *model) bits() int {
	n := 0
	for _, r := range m.rows[:len(m.types)] {
		n += bits.Len64(uint64(r.limit))
	}
	return n
}

// typeCells are the cells of a column in the rows of types, which come first.
func (m *model) typeCells(c *column) []cell {
	n := 0
	for n < len(c.cells) && int(c.cells[n].row) < len(m.types) {
		n++
	}
	return c.cells[:n]
}

// user is a column that uses so many units of a type.
type user struct {
	column int32
	n      int64
}

// users returns the users of each type.
func (m *model) users() [][]user {
	counts, size := make([]int, len(m.types)), 0
	for i := range m.columns {
		for _, cell := range m.typeCells(&m.columns[i]) {
			counts[cell.row]++
			size++
		}
	}
	all, users := make([]user, size), make([][]user, len(m.types))
	for t, n := range counts {
		users[t], all = all[:0:n], all[n:]
	}
	for i := range m.columns {
		for _, cell := range m.typeCells(&m.columns[i]) {
			users[cell.row] = append(users[cell.row], user{int32(i), cell.n})
		}
	}
	return users
}
