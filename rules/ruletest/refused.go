package ruletest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// refusedRules are rule files that must not compile, and the faults they must have.
type refusedRules struct {
	files     []compile.File
	faults    []faultExpectation
	key, from syntax.Value // where the faults stand
}

type faultExpectation struct {
	code     diag.Code
	at, text string
}

// refusedRules reads given: {rules: …}, and compile_error, which is a fault or a list
// of all faults.
func (r *reader) refusedRules(m syntax.Map, c Case) []Case {
	c.refused = &refusedRules{files: ruleTexts(m.Require("given").Map(keysIn(ofFaulty)...).Require("rules"))}
	v := m.Require("compile_error")
	c.refused.key, c.refused.from = m.Key("compile_error"), v
	list := []syntax.Value{v}
	if v.Kind() == syntax.Sequence {
		list = v.Items()
	}
	for _, item := range list {
		c.refused.faults = append(c.refused.faults, wantedFault(item.Map(keysIn(ofFault)...)))
	}
	if len(c.refused.faults) == 0 {
		v.Report(diag.TestIncomplete, "write {code: R0107}", "compile_error has no fault")
	}
	if m.Has("expect") {
		m.Key("expect").Report(diag.WrongValue, "take one of the two out", "rules that do not compile price nothing")
	}
	return []Case{c}
}

// ruleTexts reads the text of rules.yaml, or a text for each file.
func ruleTexts(v syntax.Value) []compile.File {
	if v.Kind() != syntax.Mapping {
		text, _ := v.WantText()
		return []compile.File{{Name: "rules.yaml", Data: []byte(text)}}
	}
	var files []compile.File
	for _, e := range v.Entries() {
		text, _ := e.Value.WantText()
		files = append(files, compile.File{Name: e.Name, Data: []byte(text)})
	}
	return files
}

func wantedFault(m syntax.Map) faultExpectation {
	code, ok := m.Require("code").WantText()
	pages := diag.Pages()
	if ok && !slices.ContainsFunc(pages, func(p diag.Page) bool { return string(p.Code) == code }) {
		m.Get("code").Report(diag.WrongValue, "checkout rules codes lists them", "there is no fault %.40q", code)
	}
	x := faultExpectation{code: diag.Code(code)}
	x.at, _ = m.Get("at").WantText()
	x.text, _ = m.Get("text").WantText()
	return x
}

// check compiles the files and compares their faults.
func (r *refusedRules) check() []Mismatch {
	_, err := compile.Compile(r.files)
	var faults diag.List
	switch {
	case err == nil:
		return []Mismatch{{Field: "compile_error", Want: r.wanted(), Got: "rules that compile"}}
	case !errors.As(err, &faults):
		return []Mismatch{{Field: "compile_error", Want: r.wanted(), Got: err.Error()}}
	case len(faults) == len(r.faults) && !slices.ContainsFunc(faults, func(d diag.Diagnostic) bool { return !r.expects(d) }):
		return nil
	}
	var got []string
	for _, d := range faults {
		got = append(got, fmt.Sprintf("%s at %s: %s", d.Code, placeOf(d, len(r.files) > 1), d.Message))
	}
	return []Mismatch{{Field: "compile_error", Want: r.wanted(), Got: strings.Join(got, "; ")}}
}

func (r *refusedRules) expects(d diag.Diagnostic) bool {
	return slices.ContainsFunc(r.faults, func(x faultExpectation) bool { return x.meets(d) })
}

// meets reports whether the fault is the one that is expected.
func (x faultExpectation) meets(d diag.Diagnostic) bool {
	return x.code == d.Code && (x.text == "" || x.text == d.Message) &&
		(x.at == "" || x.at == placeOf(d, false) || x.at == placeOf(d, true))
}

// placeOf writes line:column, after the file where there are several.
func placeOf(d diag.Diagnostic, named bool) string {
	if named {
		return d.Location()
	}
	return fmt.Sprintf("%d:%d", d.Range.Start.Line, d.Range.Start.Column)
}

func (r *refusedRules) wanted() string {
	var wanted []string
	for _, x := range r.faults {
		text := string(x.code)
		if x.at != "" {
			text += " at " + x.at
		}
		if x.text != "" {
			text += ": " + x.text
		}
		wanted = append(wanted, text)
	}
	return strings.Join(wanted, "; ")
}
