package mutate

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Mutant is a small change of a rule file.
type Mutant struct {
	// File is the name inside the folder, Range what is replaced by New.
	File  string     `json:"file"`
	Range diag.Range `json:"range"`
	New   string     `json:"new"`
	// At is the part that changes, which a range without it may begin before.
	At diag.Position `json:"at"`
	// Owner is what the changed part belongs to.
	Owner compile.Owner `json:"owner"`
	// What says in words what changed: "> becomes >=".
	What string `json:"what"`
	// Before and After are the lines that differ.
	Before []string `json:"before"`
	After  []string `json:"after"`
}

// candidate is a mutant that may not compile.
type candidate struct {
	Mutant
	otherwise *Mutant // to be tried then; nil for none
}

// apply returns the files with the change made.
func (m Mutant) apply(files []compile.File) []compile.File {
	changed := slices.Clone(files)
	for i, f := range changed {
		if f.Name == m.File {
			changed[i].Data = splice(f.Data, m.Range, m.New)
		}
	}
	return changed
}

// splice replaces a range of a text.
func splice(data []byte, at diag.Range, text string) []byte {
	start, end := offset(data, at.Start), offset(data, at.End)
	return slices.Concat(data[:start], []byte(text), data[max(start, end):])
}

// offset returns where in the text a place is.
func offset(data []byte, at diag.Position) int {
	i := 0
	for line := 1; line < at.Line; line++ {
		next := bytes.IndexByte(data[i:], '\n')
		if next < 0 {
			return len(data)
		}
		i += next + 1
	}
	rest := data[i:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		rest = rest[:n]
	}
	column := 1
	for j := range string(rest) {
		if column == at.Column {
			return i + j
		}
		column++
	}
	return i + len(rest)
}

// show notes the lines that differ.
func (m *Mutant) show(data []byte) {
	before, after := strings.Split(string(data), "\n"), strings.Split(string(splice(data, m.Range, m.New)), "\n")
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	m.Before, m.After = before, after
}

// Of returns the mutants of the files of one folder, in the order of files and places.
// The error is that of compile.Compile.
func Of(files []compile.File) ([]Mutant, error) {
	observed, err := compile.Observe(files)
	if err != nil {
		return nil, err
	}
	f := finder{observed: observed, keys: make(map[compile.Place]string)}
	for _, file := range files {
		f.read(file)
	}
	f.expressions()
	f.parts()
	f.priorities()
	return distinct(files, f.found), nil
}

// distinct returns the mutants that compile, each text once.
func distinct(files []compile.File, found []candidate) []Mutant {
	texts := make(map[string][]byte)
	seen := make(map[string]bool)
	for _, f := range files {
		texts[f.Name] = f.Data
		seen[f.Name+"\x00"+string(f.Data)] = true
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.New, b.New),
		)
	})
	var all []Mutant
	for _, m := range found {
		if m, ok := first(files, texts[m.File], seen, m); ok {
			m.show(texts[m.File])
			all = append(all, m)
		}
	}
	return all
}

// first returns the mutant, or what is tried in its place, that compiles and whose text
// has not been seen.
func first(files []compile.File, text []byte, seen map[string]bool, c candidate) (Mutant, bool) {
	for _, m := range []*Mutant{&c.Mutant, c.otherwise} {
		if m == nil {
			continue
		}
		key := m.File + "\x00" + string(splice(text, m.Range, m.New))
		if seen[key] {
			break
		}
		seen[key] = true
		if _, err := compile.Compile(m.apply(files)); err == nil {
			return *m, true
		}
	}
	return Mutant{}, false
}

// Version names the kinds of mutants and how they are judged. Results of another
// version may differ.
const Version = "2"
