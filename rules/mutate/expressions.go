package mutate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// neighbours says for each comparison which one a hasty author writes instead.
func neighbours() map[string]string {
	return map[string]string{">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "==", "in": "not in"}
}

// expressions mutates comparisons and numbers.
func (f *finder) expressions() {
	for _, e := range f.observed.Expressions {
		for i, t := range e.Tokens {
			switch {
			case t.Text == "[" && t.Kind == "Bracket":
				f.list(e, i)
			case t.Kind == "Number":
				f.number(e, i)
			case t.Text == "in" && i > 0 && e.Tokens[i-1].Text == "not" && t.Kind == "Operator":
				f.add(e.Place.File, diag.Range{Start: e.Tokens[i-1].Range.Start, End: t.Range.Start}, "", e.Owner, "not is left out")
			case t.Kind == "Operator" && neighbours()[t.Text] != "":
				f.add(e.Place.File, t.Range, neighbours()[t.Text], e.Owner, "%s becomes %s", t.Text, neighbours()[t.Text])
			}
		}
	}
}

// list leaves the elements of a list of words or numbers out, which begins at the
// token, one at a time.
func (f *finder) list(e compile.Expression, i int) {
	var elements []compile.Token
	for i++; i+1 < len(e.Tokens); i += 2 {
		t, next := e.Tokens[i], e.Tokens[i+1]
		if t.Kind != "String" && t.Kind != "Number" || next.Text != "," && next.Text != "]" {
			return // an index, a slice, or a list of other things
		}
		elements = append(elements, t)
		if next.Text == "]" {
			break
		}
	}
	for n, t := range elements {
		what := fmt.Sprintf("%s of the list", short(t.Text))
		switch {
		case len(elements) < 2:
			return
		case n+1 < len(elements):
			f.leaveOut(e.Place.File, t.Range, t.Range.Start, elements[n+1].Range.Start, e.Owner, what)
		default:
			f.leaveOut(e.Place.File, t.Range, elements[n-1].Range.End, t.Range.End, e.Owner, what)
		}
	}
}

// number moves a number by a step.
func (f *finder) number(e compile.Expression, i int) {
	t := e.Tokens[i]
	directions := []int64{1}
	switch before, after := signAt(e.Tokens, i-1), signAt(e.Tokens, i+1); {
	case before == ">=" || before == "<" || after == "<=" || after == ">":
		directions = []int64{-1}
	case len(e.Tokens) == 1 && f.isBound(e):
		directions = []int64{-1, 1}
	}
	key := f.keys[startOf(e.Place.File, e.Place.Range.Start)]
	if key != "" && key != "when" && key != "of" {
		key += " "
	} else {
		key = ""
	}
	move := func(by int64) {
		if moved, ok := step(t.Text, by); ok {
			f.add(e.Place.File, t.Range, moved, e.Owner, "%s%s becomes %s", key, t.Text, moved)
		}
	}
	for _, by := range directions {
		before := len(f.found)
		if move(by); len(directions) > 1 || len(f.found) == before {
			continue
		}
		if move(-by); len(f.found) == before+2 { // such as from 100 percent, of which there is no more
			other := f.found[before+1].Mutant
			f.found[before].otherwise, f.found = &other, f.found[:before+1]
		}
	}
}

// isBound reports whether the expression is a number at which something begins or
// ends.
func (f *finder) isBound(e compile.Expression) bool {
	bounds := []string{"quantity", "from", "spend", "redemptions", "per_customer", "per_code", "budget"}
	return slices.Contains(bounds, f.keys[startOf(e.Place.File, e.Place.Range.Start)])
}

func signAt(tokens []compile.Token, i int) string {
	if i < 0 || i >= len(tokens) || tokens[i].Kind != "Operator" {
		return ""
	}
	return tokens[i].Text
}

// step adds to a number as many steps of its last digit.
func step(text string, by int64) (string, bool) {
	_, fraction, _ := strings.Cut(text, ".")
	unit, err := engine.ParseDecimal("1")
	if n := len(fraction); n > 0 {
		unit, err = engine.ParseDecimal("0." + strings.Repeat("0", n-1) + "1")
	}
	d, parseErr := engine.ParseDecimal(text)
	if err != nil || parseErr != nil {
		return "", false
	}
	moved, ok := d.Add(unit)
	if by < 0 {
		moved, ok = d.Sub(unit)
	}
	return moved.String(), ok && moved.Sign() >= 0
}

// parts leaves parts of conditions out.
func (f *finder) parts() {
	for _, p := range f.observed.Probes {
		file := p.Place.File
		switch p.Part {
		case compile.Whole:
			f.add(file, p.Range, "true", p.Owner, "%s becomes true", short(p.Text))
		case compile.AndOperand:
			f.add(file, p.Range, "true", p.Owner, "%s is left out of and", short(p.Text))
		case compile.OrOperand:
			f.add(file, p.Range, "false", p.Owner, "%s is left out of or", short(p.Text))
		case compile.NotOperand:
			f.negation(p)
		}
	}
}

// negation leaves the not before an operand out.
func (f *finder) negation(p compile.Probe) {
	for _, e := range f.observed.Expressions {
		if e.Place.File != p.File {
			continue
		}
		i := slices.IndexFunc(e.Tokens, func(t compile.Token) bool { return t.Range.Start == p.Range.Start })
		if i < 0 {
			continue
		}
		for i--; i >= 0 && e.Tokens[i].Text == "("; i-- {
		}
		if i >= 0 && (e.Tokens[i].Text == "not" || e.Tokens[i].Text == "!") {
			f.add(p.File, diag.Range{Start: e.Tokens[i].Range.Start, End: e.Tokens[i+1].Range.Start}, "", p.Owner, "not is left out")
		}
		return
	}
}

// short shortens a long text.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 60 {
		return fmt.Sprintf("%s…", string(r[:59]))
	}
	return text
}
