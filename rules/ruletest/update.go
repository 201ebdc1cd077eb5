package ruletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Updated is what Update makes of test files.
type Updated struct {
	// Files are the new texts of those that change, by path.
	Files map[string][]byte
	// Changed are the cases that failed and pass by the new texts, and Refused those
	// that fail by them too, with why nothing could be done.
	Changed []CaseResult
	Refused []Refusal
}

// Refusal is a case that is not put right.
type Refusal struct {
	CaseResult
	Why string
}

// Update writes into the test files of the suites, of the cases that the filter
// selects and that fail, what the engine says in place of what they expect. It changes
// values that are wrong and no others, where they stand; comments and the order of
// keys stay. A case that cannot be priced, or in which something always has to be true
// and is not, is refused: that is no matter of what is expected. What comes out is read
// and run, and a file in which another case would fail is left as it is. The files are
// read from the source, in which they must be as they were loaded.
func Update(ctx context.Context, source Source, suites []Suite, filter Filter, options Options) (Updated, error) {
	updated := Updated{Files: make(map[string][]byte)}
	selected := make(map[*Case]bool)
	for _, c := range choose(suites, filter, options) {
		selected[c.c] = true
	}
	if len(selected) == 0 {
		return updated, fmt.Errorf("%w: the filter matches none", ErrNoTests)
	}
	for i := range suites {
		u := updater{suite: &suites[i], selected: selected, votes: make(map[diag.Position]*vote), why: make(map[*Case]string)}
		if err := u.update(ctx, source, &updated); err != nil {
			return updated, err
		}
	}
	return updated, nil
}

// updater puts one file right.
type updater struct {
	suite    *Suite
	selected map[*Case]bool
	votes    map[diag.Position]*vote // by the place of a key
	order    []*vote
	editor   editor
	why      map[*Case]string // why nothing can be done
}

// vote is what cases say of a value that is expected: one of a test's expect is that of
// all rows of its table.
type vote struct {
	of   syntax.Map
	key  string
	asks []ask
}

// ask is what a case says: nothing has to be changed, or what it would be.
type ask struct {
	c       *Case
	change  *patch
	text    string // of the value as it would be, "" where it is right
	row     syntax.Map
	applied []string
}

func (u *updater) update(ctx context.Context, source Source, updated *Updated) error {
	before := make([]CaseResult, len(u.suite.Cases))
	wrong := false
	for i := range u.suite.Cases {
		c := &u.suite.Cases[i]
		before[i] = u.vote(ctx, c)
		wrong = wrong || u.selected[c] && before[i].Failed()
	}
	if err := ctx.Err(); err != nil || !wrong {
		return err
	}
	for _, v := range u.order {
		u.decide(v)
	}
	u.editor.close()
	text, err := u.text(source)
	if err != nil {
		return err
	}
	after, err := u.verify(ctx, source, text, before)
	if err != nil {
		return err
	}
	for i, result := range after {
		switch c := &u.suite.Cases[i]; {
		case !u.selected[c] || !before[i].Failed():
		case result.Passed:
			updated.Changed = append(updated.Changed, before[i])
		default:
			updated.Refused = append(updated.Refused, Refusal{before[i], u.reason(c)})
		}
	}
	if text != nil {
		updated.Files[u.suite.File] = text
	}
	return nil
}

func (u *updater) reason(c *Case) string {
	if why := u.why[c]; why != "" {
		return why
	}
	return "the engine does not make of it what can be expected"
}

// vote runs the case, and notes what it says of the values that it expects.
func (u *updater) vote(ctx context.Context, c *Case) CaseResult {
	var seen []pricedCart
	result := chosen{suite: u.suite, c: c}.run(ctx, Options{priced: func(p pricedCart) { seen = append(seen, p) }})
	if result.Skipped != "" {
		return result
	}
	if c.refused != nil {
		u.faults(c)
		return result
	}
	if why := unpriceable(*c, result, seen); why != "" {
		u.why[c] = why
		return result
	}
	for _, p := range seen {
		for _, key := range expectKeys() {
			if of := topmostMap(p.expect.from, key); of.Has(key) {
				u.ask(c, p, of, key)
			}
		}
	}
	return result
}

// unpriceable says why what a case expects cannot be put right, "" where it can.
func unpriceable(c Case, result CaseResult, seen []pricedCart) string {
	prices := 1
	if c.steps != nil {
		prices = 0
		for _, st := range c.steps {
			if st.prices() {
				prices++
			}
		}
	}
	for _, p := range seen {
		var rejected *engine.PluginError
		switch {
		case p.err == nil && p.expect.rejected != nil:
			return "it is priced, and nothing says what to expect of the price"
		case p.err != nil && (p.expect.rejected == nil || !errors.As(p.err, &rejected)):
			return "it cannot be priced: " + p.err.Error()
		}
	}
	for _, m := range result.Mismatches {
		if strings.HasSuffix(m.Field, " counted") || strings.HasSuffix(m.Field, " ref") {
			return fmt.Sprintf("%s: there is %s in place of %s", m.Field, m.Got, m.Want)
		}
	}
	switch {
	case len(result.Broken) > 0:
		return fmt.Sprintf("%s is not true, which always has to be", result.Broken[0].Invariant)
	case len(seen) < prices:
		return "it cannot be priced: plugins are asked for what no stub answers"
	}
	return ""
}

// ask notes what a quote says of the value of a key.
func (u *updater) ask(c *Case, p pricedCart, of syntax.Map, key string) {
	s := scope{vars: c.vars, used: make(map[string]bool)}
	fix := correction{quote: p.quote, x: p.expect, s: s}
	var change *patch
	if key == "rejected" {
		change = fix.rejected(of.Get(key), p.err)
	} else {
		change = fix.key(key, of.Get(key))
	}
	row := syntax.Map{}
	if last := len(p.expect.from) - 1; last > 0 {
		row = p.expect.from[last]
	}
	if fix.fault != "" {
		u.why[c] = fix.fault
		return
	}
	u.cells(c, row, fix.cells)
	v := u.votes[of.Key(key).Position()]
	if v == nil {
		v = &vote{of: of, key: key}
		u.votes[of.Key(key).Position()] = v
		u.order = append(u.order, v)
	}
	one := ask{c: c, change: change, row: row, applied: appliedIn(p.quote)}
	if change.wrong() {
		one.text = flow(of.Get(key), change)
	}
	if change.wrong() && change.drop {
		one.text = "{}"
	}
	v.asks = append(v.asks, one)
}

// cells changes columns of the row of a case that are expected values.
func (u *updater) cells(c *Case, row syntax.Map, cells map[string]string) {
	for name, text := range cells {
		switch cell := row.Get(name); {
		case !cell.Present():
			u.why[c] = fmt.Sprintf("what is expected is ${%s}, which is not of a row alone", name)
		case c.given[name]:
			u.why[c] = fmt.Sprintf("what is expected is ${%s}, which the cart depends on", name)
		case u.selected[c]:
			u.editor.value(row.Key(name), cell, textPatch(text))
		}
	}
}

// decide changes a value as all cases want that it is for, or where they do not agree
// the rows of those that want it changed.
func (u *updater) decide(v *vote) {
	agreed, asked := true, false
	for _, a := range v.asks {
		agreed = agreed && a.text == v.asks[0].text
		asked = asked || a.text != "" && u.selected[a.c]
	}
	if !asked {
		return
	}
	if agreed {
		u.change(v, v.asks[0])
		return
	}
	for _, a := range v.asks {
		switch {
		case a.text == "" || !u.selected[a.c]:
		case a.row.Present() && a.row.Position() != v.of.Position():
			u.editor.add(a.row, v.key, a.text)
		default:
			u.why[a.c] = fmt.Sprintf("%s is expected of other cases too, which come out otherwise; give it a row of its own", v.key)
		}
	}
}

// change makes the change of a value, or of none where a comment would get lost.
func (u *updater) change(v *vote, a ask) {
	tried := editor{drops: u.editor.drops}
	switch {
	case !a.change.drop:
		tried.value(v.of.Key(v.key), v.of.Get(v.key), a.change)
	case u.left(v):
		tried.drop(v.of.Value, v.key)
	default: // something has to be expected
		key, value := v.of.Key(v.key), v.of.Get(v.key)
		at := diag.Range{Start: key.Position(), End: value.Extent().End}
		if comment, found := commentIn(key, at); found {
			tried.cannot(comment)
			break
		}
		ids := make([]string, len(a.applied))
		for i, id := range a.applied {
			ids[i] = syntax.Word(id)
		}
		tried.replace(key, at.Start, at.End, "applied: ["+strings.Join(ids, ", ")+"]")
	}
	if tried.fault != "" {
		for _, a := range v.asks {
			u.why[a.c] = tried.fault
		}
		return
	}
	u.editor.edits, u.editor.drops = append(u.editor.edits, tried.edits...), tried.drops
}

// left reports whether the mapping of a value goes on to expect something without it.
func (u *updater) left(v *vote) bool {
	dropped := u.editor.drops[v.of.Position()]
	for _, e := range v.of.Entries() {
		if e.Name != v.key && slices.Contains(expectKeys(), e.Name) && (dropped == nil || !dropped.names[e.Name]) {
			return true
		}
	}
	return false
}

// faults corrects the faults that rules are expected to have.
func (u *updater) faults(c *Case) {
	if !u.selected[c] || len(c.refused.check()) == 0 {
		return
	}
	_, err := compile.Compile(c.refused.files)
	var got diag.List
	if !errors.As(err, &got) {
		u.why[c] = "the rules compile"
		return
	}
	u.editor.value(c.refused.key, c.refused.from, c.refused.correction(got))
}

// text is the new text of the file, nil where nothing is changed.
func (u *updater) text(source Source) ([]byte, error) {
	if len(u.editor.edits) == 0 {
		return nil, nil
	}
	data, err := source.ReadFile(u.suite.File)
	if err != nil {
		return nil, fmt.Errorf("read rule tests: %w", err)
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(slices.Clone(data), '\n') // lines may be put after the last one
	}
	return diag.Apply(filepath.ToSlash(u.suite.File), data, u.editor.edits)
}

// verify runs the cases by the new text. The file must still be read, and what passes
// must go on to.
func (u *updater) verify(ctx context.Context, source Source, text []byte, before []CaseResult) ([]CaseResult, error) {
	if text == nil {
		return before, nil
	}
	unsafe := func(why string) error {
		return fmt.Errorf("%s is left as it is, because with the new values %s", u.suite.File, why)
	}
	suites, err := LoadFrom(changedFile{source, u.suite.File, text}, []string{u.suite.File})
	if err != nil {
		return nil, unsafe(fmt.Sprintf("it could not be read: %v", err))
	}
	if len(suites[0].Cases) != len(before) {
		return nil, unsafe("it had other cases")
	}
	results, err := runAll(ctx, choose(suites, Filter{}, Options{}), Options{})
	if err != nil {
		return nil, err
	}
	for i, after := range results {
		if before[i].Passed && !after.Passed {
			return nil, unsafe(fmt.Sprintf("%q would fail", after.Name))
		}
	}
	return results, nil
}

// changedFile is a source in which a file has another text.
type changedFile struct {
	Source
	name string
	text []byte
}

// ReadFile implements Source.
func (s changedFile) ReadFile(name string) ([]byte, error) {
	if name == s.name {
		return s.text, nil
	}
	return s.Source.ReadFile(name)
}

// topmostMap is the last mapping that has the key.
func topmostMap(layers []syntax.Map, key string) syntax.Map {
	for _, m := range slices.Backward(layers) {
		if m.Has(key) {
			return m
		}
	}
	return syntax.Map{}
}
