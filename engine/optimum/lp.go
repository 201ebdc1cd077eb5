package optimum

// relaxation is the linear relaxation of a model, in which columns may be
// applied in part. It is solved by the primal simplex method (Dantzig 1951) with
// an explicit inverse of the basis. Its numbers guide the search and never
// decide anything: prices made from its duals are repaired in integers.
//
// Products are converted to float64 before they are added, which keeps them from
// being fused (Go specification, "Floating-point operators"), so that a problem
// has the same solution on every platform.
type relaxation struct {
	rows, columns int
	start         []int32   // of each column's cells, one more than columns
	row           []int32   // of each cell
	cell          []float64 // of each cell, in units of scale
	scale         []float64 // of each row: what is one in it
	worth         []float64 // of each column, the highest being 1
	unit          float64   // the highest worth

	inverse []float64 // of the basis, row by row
	basis   []int32   // the variable of each row: a column, or columns + a row for its slack
	basic   []bool    // of each variable
	level   []float64 // value of the basic variables
	dual    []float64 // of each row
	enter   []float64 // the entering variable in terms of the basis

	floats []float64 // which the above are parts of
	ints   []int32
}

const (
	gainful  = 1e-9 // reduced worth from which a variable is worth entering
	pivotal  = 1e-8 // least size of a pivot
	unmoving = 1e-12
)

// load makes l the relaxation of m.
func (l *relaxation) load(m *model) {
	rows, columns := len(m.rows), len(m.columns)
	size := 0
	for i := range m.columns {
		size += len(m.columns[i].cells)
	}
	l.floats = cleared(l.floats, rows*rows+4*rows+columns+size)
	l.ints = cleared(l.ints, columns+1+size+rows)
	floats, ints := l.floats, l.ints
	take := func(n int) []float64 {
		part := floats[:n:n]
		floats = floats[n:]
		return part
	}
	*l = relaxation{
		rows: rows, columns: columns,
		start: ints[: 0 : columns+1], row: ints[columns+1 : columns+1 : columns+1+size], basis: ints[columns+1+size:],
		cell: take(size)[:0], scale: take(rows), worth: take(columns),
		inverse: take(rows * rows), level: take(rows), dual: take(rows), enter: take(rows),
		basic:  cleared(l.basic, columns+rows),
		floats: l.floats, ints: l.ints,
	}
	for r := range l.scale {
		l.scale[r] = 1
	}
	for i := range m.columns {
		l.unit = max(l.unit, float64(m.columns[i].worth))
		for _, c := range m.columns[i].cells {
			if int(c.row) >= len(m.types) {
				l.scale[c.row] = max(l.scale[c.row], float64(c.n))
			}
		}
	}
	for i := range m.columns {
		l.start = append(l.start, int32(len(l.row)))
		l.worth[i] = float64(m.columns[i].worth) / l.unit
		for _, c := range m.columns[i].cells {
			l.row = append(l.row, c.row)
			l.cell = append(l.cell, float64(c.n)/l.scale[c.row])
		}
	}
	l.start = append(l.start, int32(len(l.row)))
	for r := range rows {
		l.inverse[r*rows+r] = 1
		l.basis[r] = int32(columns + r)
		l.basic[columns+r] = true
		l.level[r] = float64(m.rows[r].limit) / l.scale[r]
	}
}

// solve pivots until no variable is worth entering, or for a number of times
// that is far beyond what relaxations of carts need. Ended early, the duals are
// worse and no less sound.
func (l *relaxation) solve() {
	still := 0 // pivots in a row that moved nothing
	for range 20 * (l.rows + 10) {
		// Bland's rule (1977) never returns to a basis; the largest reduced worth
		// needs fewer pivots, but can.
		j, reduced := l.entering(still > l.rows)
		if j < 0 {
			return
		}
		step := l.pivot(j, reduced)
		if step < 0 {
			return
		}
		if still++; step > unmoving {
			still = 0
		}
	}
}

// entering returns the variable with the largest reduced worth, or the first one
// that has any, and -1 if there is none.
func (l *relaxation) entering(first bool) (variable int32, reduced float64) {
	variable, reduced = -1, gainful
	for j := range l.columns {
		if l.basic[j] {
			continue
		}
		worth := l.worth[j]
		cells := l.cell[l.start[j]:l.start[j+1]]
		for k, row := range l.row[l.start[j]:l.start[j+1]] {
			worth -= float64(cells[k] * l.dual[row])
		}
		if worth > reduced {
			variable, reduced = int32(j), worth
			if first {
				return variable, reduced
			}
		}
	}
	for r := range l.rows {
		if worth := -l.dual[r]; worth > reduced && !l.basic[l.columns+r] {
			variable, reduced = int32(l.columns+r), worth
			if first {
				return variable, reduced
			}
		}
	}
	return variable, reduced
}

// pivot brings variable j into the basis and returns by how much it grew, or -1
// if it could grow without end, which only rounding can suggest.
func (l *relaxation) pivot(j int32, reduced float64) float64 {
	l.express(j)
	leaving, step := -1, 0.0
	for r, e := range l.enter {
		if e <= pivotal {
			continue
		}
		ratio := l.level[r] / e
		if leaving < 0 || ratio < step || ratio == step && l.basis[r] < l.basis[leaving] {
			leaving, step = r, ratio
		}
	}
	if leaving < 0 {
		return -1
	}
	m := l.rows
	pivotRow := l.inverse[leaving*m : (leaving+1)*m]
	scale := 1 / l.enter[leaving]
	for k := range pivotRow {
		pivotRow[k] *= scale
	}
	for r, e := range l.enter {
		if e == 0 || r == leaving {
			continue
		}
		l.level[r] = max(0, l.level[r]-float64(e*step))
		row := l.inverse[r*m : (r+1)*m]
		for k, v := range pivotRow {
			if v != 0 {
				row[k] -= float64(e * v)
			}
		}
	}
	for k, v := range pivotRow {
		l.dual[k] += float64(reduced * v)
	}
	l.level[leaving] = step
	l.basic[l.basis[leaving]], l.basic[j] = false, true
	l.basis[leaving] = j
	return step
}

// express sets enter to variable j in terms of the basis.
func (l *relaxation) express(j int32) {
	m := l.rows
	clear(l.enter)
	if int(j) >= l.columns {
		r := int(j) - l.columns
		for i := range l.enter {
			l.enter[i] = l.inverse[i*m+r]
		}
		return
	}
	for k := l.start[j]; k < l.start[j+1]; k++ {
		n, r := l.cell[k], int(l.row[k])
		for i := range l.enter {
			l.enter[i] += float64(n * l.inverse[i*m+r])
		}
	}
}

// times returns how often each column is applied in the relaxation.
func (l *relaxation) times() []float64 {
	times := make([]float64, l.columns)
	for r, j := range l.basis {
		if int(j) < l.columns {
			times[j] = l.level[r]
		}
	}
	return times
}
