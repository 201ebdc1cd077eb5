package ruletest

import (
	"slices"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// maxCells bounds what one matrix comes to.
const maxCells = 10_000

// matrix reads a case for each cell of the product of the lists, the last of which
// changes first.
func (r *reader) matrix(m syntax.Map, test Case) []Case {
	axes := axesOf(m.Get("matrix"))
	rows := matrixRows(m.Require("expect"), axes)
	given := m.Require("given").Map(givenKeys()...)
	used := make(map[string]bool)
	var cases []Case
	for _, vars := range cells(m.Get("matrix"), axes) {
		s := scope{vars: vars, used: used}
		c := test
		c.Row, c.vars = s.label(), vars
		row := firstMatch(rows, vars)
		if row == nil {
			m.Key("matrix").Report(diag.TestIncomplete, "add a row for it, or {else: true, …} as the last one", "no row of expect is for %s", c.Row)
			continue
		}
		row.matched = true
		c.Line = row.expect.Position().Line
		r.fill(&c, given, m.Get("stubs"), s, row.expect)
		r.check(row.expect.Value, c)
		cases = append(cases, c)
	}
	for _, row := range rows {
		if !row.matched && len(cases) > 0 {
			row.expect.Report(diag.TestIncomplete, "take it out", "no cell of the matrix comes to this row")
		}
	}
	for _, axis := range axes {
		if !used[axis.Name] {
			axis.Key.Report(diag.UnknownKey, "write ${"+axis.Name+"} in given", "%q is not used in given", axis.Name)
		}
	}
	return cases
}

// axis is a variable with its values.
type axis struct {
	syntax.Entry
	values []string
}

func axesOf(v syntax.Value) []axis {
	var axes []axis
	for _, e := range v.Entries() {
		a := axis{Entry: e}
		for _, value := range e.Value.Texts() {
			a.values = append(a.values, value.Text())
		}
		if len(a.values) == 0 {
			e.Key.Report(diag.TestIncomplete, "", "%q has no values", e.Name)
		}
		axes = append(axes, a)
	}
	if len(axes) == 0 {
		v.Report(diag.TestIncomplete, "", "the matrix has no variables")
	}
	return axes
}

// cells returns the variables of each cell.
func cells(v syntax.Value, axes []axis) []map[string]string {
	n := min(len(axes), 1)
	for _, a := range axes {
		if n *= len(a.values); n > maxCells {
			v.Report(diag.TooCostly, "make several tests of it", "the matrix has more than %d cells", maxCells)
			return nil
		}
	}
	all := make([]map[string]string, n)
	for i := range all {
		all[i] = make(map[string]string, len(axes))
		rest := i
		for _, a := range slices.Backward(axes) {
			all[i][a.Name] = a.values[rest%len(a.values)]
			rest /= len(a.values)
		}
	}
	return all
}

// matrixRow is what is expected of the cells that it is for.
type matrixRow struct {
	when    map[string][]string // one of the values of each; nil for all cells
	expect  syntax.Map
	matched bool
}

// matrixRows reads a list of rows, or what is expected of all cells.
func matrixRows(v syntax.Value, axes []axis) []*matrixRow {
	if v.Kind() == syntax.Mapping {
		return []*matrixRow{{expect: v.Map(expectKeys()...)}}
	}
	var rows []*matrixRow
	for _, item := range v.Items() {
		m := item.Map(append(expectKeys(), keysIn(ofRow)...)...)
		row := &matrixRow{expect: m}
		if key, which := m.OneOf(keysIn(ofRow)...); key == "else" && !which.WantBool(true) {
			which.Report(diag.WrongValue, "write else: true", "else is for all cells that are left")
		} else if key == "when" {
			row.when = conditions(which, axes)
		}
		rows = append(rows, row)
	}
	return rows
}

// conditions reads {variable: value} or {variable: [values]}.
func conditions(v syntax.Value, axes []axis) map[string][]string {
	when := make(map[string][]string)
	names := make([]string, len(axes))
	for i, a := range axes {
		names[i] = a.Name
	}
	for _, e := range v.Map(names...).Entries() {
		known := axes[slices.Index(names, e.Name)].values
		when[e.Name] = []string{}
		for _, value := range e.Value.Texts() {
			if !slices.Contains(known, value.Text()) {
				value.Report(diag.UnknownName, diag.Suggest(value.Text(), known), "%s is never %.40q in the matrix", e.Name, value.Text())
			}
			when[e.Name] = append(when[e.Name], value.Text())
		}
	}
	if len(when) == 0 {
		v.Report(diag.TestIncomplete, "write else: true for all cells that are left", "when has no variable of the matrix")
	}
	return when
}

func firstMatch(rows []*matrixRow, vars map[string]string) *matrixRow {
	for _, row := range rows {
		matches := true
		for name, values := range row.when {
			matches = matches && slices.Contains(values, vars[name])
		}
		if matches {
			return row
		}
	}
	return nil
}
