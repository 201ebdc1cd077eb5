package ruletest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// fixtures are carts and customers with names.
type fixtures struct {
	named map[string]map[string]syntax.Entry // by kind and name
	used  map[string]bool                    // kind and name
	own   bool                               // of the test file itself, in which all must be used
}

func fixtureKinds() []string { return []string{"carts", "customers"} }

// fixtures reads them from the test file, or from the file it names, which it copies
// to read.
func (l *loader) fixtures(file string, v syntax.Value, read io.Writer) fixtures {
	f := fixtures{named: make(map[string]map[string]syntax.Entry), used: make(map[string]bool), own: v.Kind() != syntax.Scalar}
	if !f.own {
		path := filepath.Join(filepath.Dir(file), filepath.FromSlash(v.Text()))
		data, err := l.source.ReadFile(path)
		if err != nil {
			v.Report(diag.WrongValue, "give the path from the test file's folder", "the fixtures cannot be read: %v", err)
			return f
		}
		_, _ = read.Write(data) // a hash has no errors
		doc := syntax.Parse(filepath.ToSlash(path), data)
		v = doc.Root()
		l.others = append(l.others, doc)
	}
	m := v.Map(fixtureKinds()...)
	for _, kind := range fixtureKinds() {
		f.named[kind] = make(map[string]syntax.Entry)
		for _, e := range m.Get(kind).Entries() {
			f.named[kind][e.Name] = e
		}
	}
	return f
}

// resolve returns the fixture of the kind that a text names, and any other value as
// it is.
func (f fixtures) resolve(v syntax.Value, kind string, s scope) syntax.Value {
	if v.Kind() != syntax.Scalar {
		return v
	}
	name := s.text(v)
	e, known := f.named[kind][name]
	if !known {
		v.Report(diag.UnknownName, diag.Suggest(name, slices.Sorted(maps.Keys(f.named[kind]))), "fixtures have no %s called %.40q", strings.TrimSuffix(kind, "s"), name)
		return syntax.Value{}
	}
	f.used[kind+" "+name] = true
	return e.Value
}

// reportUnused reports those of the file that no test uses.
func (f fixtures) reportUnused() {
	for kind, named := range f.named {
		for name, e := range named {
			if f.own && !f.used[kind+" "+name] {
				e.Key.Report(diag.TestIncomplete, "take it out, or name it in given", "no test uses the %s %.40q", strings.TrimSuffix(kind, "s"), name)
			}
		}
	}
}

// digestCases notes what decides the outcome of each case besides the rules: its
// test, what the file says for all tests, and what it takes from other files.
func digestCases(cases []Case, data []byte, tests syntax.Value, others []byte) {
	lines := strings.SplitAfter(string(data), "\n")
	whole := func() string { return hexDigest(string(data), others) }
	entries := tests.Items()
	starts := make([]int, 0, len(entries)+1)
	for _, e := range entries {
		starts = append(starts, e.Position().Line)
	}
	if len(starts) == 0 || !slices.IsSorted(starts) || len(slices.Compact(slices.Clone(starts))) < len(starts) {
		for i := range cases {
			cases[i].digest = whole() + cases[i].Row // tests that share a line
		}
		return
	}
	end := min(tests.Extent().End.Line, len(lines))
	common := strings.Join(lines[:starts[0]-1], "") + "\x00" + strings.Join(lines[end:], "")
	starts = append(starts, end+1)
	for i := range cases {
		at, found := slices.BinarySearch(starts, cases[i].Line)
		if !found {
			at--
		}
		own := strings.Join(lines[max(0, starts[max(at, 0)]-1):starts[min(max(at, 0)+1, len(starts)-1)]-1], "")
		cases[i].digest = hexDigest(common+"\x00"+strings.TrimRight(own, " \n")+"\x00"+cases[i].Row, others)
	}
}

func hexDigest(text string, others []byte) string {
	sum := sha256.Sum256(append([]byte(text), others...))
	return hex.EncodeToString(sum[:])
}
