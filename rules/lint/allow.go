package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// allowance is a comment that lets a finding be.
type allowance struct {
	file    string
	line    int // of the comment
	from    int // its first character
	covers  diag.Range
	code    diag.Code
	reason  string
	used    bool
	wellMet bool // it names a code and a reason
}

// allowances drops the findings that comments allow, and reports comments that do
// nothing.
func (l *linter) allowances() {
	var allowed []*allowance
	for _, doc := range l.docs {
		allowed = append(allowed, l.allowancesIn(doc)...)
	}
	l.findings = slices.DeleteFunc(l.findings, func(f Finding) bool {
		hit := false
		for _, a := range allowed {
			if a.wellMet && a.file == f.File && a.code == f.Code && within(f.Range.Start, a.covers) {
				a.used, hit = true, true
			}
		}
		return hit
	})
	for _, a := range allowed {
		switch {
		case !a.wellMet:
			l.allowance(a, "write # checkout:allow R0503 and why", "the comment has no code, or no reason")
		case !a.used && l.looksFor(a.code):
			l.allowance(a, "remove the comment", "there is no %s here to allow", a.code)
		}
	}
}

// looksFor reports whether the options ask for the code at all.
func (l *linter) looksFor(code diag.Code) bool {
	switch code {
	case diag.NotInCatalogue, diag.BelowCost:
		return len(l.options.Inventory) > 0
	case diag.NoCodes:
		return l.options.Pools != nil
	case diag.Stacking:
		return l.options.MaxStack > 0
	default:
		return true
	}
}

func (l *linter) allowance(a *allowance, hint, format string, args ...any) {
	i := slices.IndexFunc(l.docs, func(d *syntax.Document) bool { return d.Name() == a.file })
	at := l.docs[i].Root().DiagnosticOn(a.line, a.from, diag.UselessAllowance, hint, format, args...)
	l.add(at, diag.SeverityWarning)
}

func within(at diag.Position, r diag.Range) bool {
	after := at.Line > r.Start.Line || at.Line == r.Start.Line && at.Column >= r.Start.Column
	before := at.Line < r.End.Line || at.Line == r.End.Line && at.Column <= r.End.Column
	return after && before
}

// allowancesIn finds the comments of a file. One that follows something on its line
// covers that line, one that stands alone the line after the comments. Where a
// promotion begins on the line, all of the promotion is covered.
func (l *linter) allowancesIn(doc *syntax.Document) []*allowance {
	pattern := regexp.MustCompile(`(^|\s)# *checkout:allow\b *(R\d{4})? *(.*)$`)
	var found []*allowance
	root := doc.Root()
	for n := 1; n <= root.SourceLines(); n++ {
		line := root.SourceLine(n)
		at := pattern.FindStringSubmatchIndex(line)
		if at == nil {
			continue
		}
		match := pattern.FindStringSubmatch(line)
		a := &allowance{file: doc.Name(), line: n, from: len([]rune(line[:at[3]])) + 1, code: diag.Code(match[2]), reason: strings.TrimSpace(match[3])}
		a.wellMet = a.code != "" && a.reason != ""
		covered := n
		if strings.TrimSpace(line[:at[0]]) == "" {
			for covered++; covered < root.SourceLines() && strings.HasPrefix(strings.TrimSpace(root.SourceLine(covered)), "#"); covered++ {
			}
		}
		a.covers = l.covered(doc.Name(), covered)
		found = append(found, a)
	}
	return found
}

// covered is the line, and the promotion that begins on it.
func (l *linter) covered(file string, line int) diag.Range {
	covers := diag.Range{Start: diag.Position{Line: line, Column: 1}, End: diag.Position{Line: line + 1, Column: 1}}
	for _, p := range l.promotions {
		if p.File() == file && p.Position().Line == line {
			if end := p.Extent().End; end.Line >= covers.End.Line {
				covers.End = end
			}
		}
	}
	return covers
}
