package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// ErrNoInvariants is returned where test files that were asked for invariants have
// none.
var ErrNoInvariants = errors.New("nothing stands under always")

// Read returns the test files below a folder of rules, as compile.Read returns the
// rule files.
func Read(folder fs.FS) ([]compile.File, error) {
	var files []compile.File
	err := fs.WalkDir(folder, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipFolder(entry, file == ".")
		case !IsTestFile(file):
			return nil
		}
		data, err := fs.ReadFile(folder, file)
		files = append(files, compile.File{Name: file, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read rule tests: %w", err)
	}
	return files, nil
}

// Always returns what must be true of every quote by the test files of a folder of
// rules, those that test the rules of other folders left out. folder is what the user
// calls it, with which places begin. What several files say counts once. Faults of
// the invariants are a diag.List; others of the files are not looked for.
func Always(files []compile.File, folder string, currency engine.Currency) ([]invariant.Invariant, error) {
	var all invariants
	for _, file := range files {
		doc := syntax.Parse(path.Join(filepath.ToSlash(folder), file.Name), file.Data)
		rules := entryOf(doc, "rules")
		if rules.Present() && path.Join(path.Dir(file.Name), rules.Text()) != "." {
			continue
		}
		if err := all.add(doc, currency); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// AlwaysIn returns what must be true of every quote by the test files at the paths,
// each a file or a folder that is searched, whatever rules they test. The error is
// ErrNoInvariants where there are none, and else as that of Always.
func AlwaysIn(paths []string, currency engine.Currency) ([]invariant.Invariant, error) {
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	var all invariants
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read rule tests: %w", err)
		}
		if err := all.add(syntax.Parse(filepath.ToSlash(file), data), currency); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w in the test files of %s", ErrNoInvariants, strings.Join(paths, ", "))
	}
	return all, nil
}

// invariants are those of several files.
type invariants []invariant.Invariant

// add reads those of a file that are not known yet.
func (all *invariants) add(doc *syntax.Document, currency engine.Currency) error {
	for _, i := range invariant.Read(entryOf(doc, "always"), currency) {
		if !slices.ContainsFunc(*all, func(known invariant.Invariant) bool { return known.Text == i.Text }) {
			*all = append(*all, i)
		}
	}
	return doc.Faults().Err()
}

// entryOf is an entry of a file of which the others are nobody's business.
func entryOf(doc *syntax.Document, name string) syntax.Value {
	for _, e := range doc.Root().Entries() {
		if e.Name == name {
			return e.Value
		}
	}
	return syntax.Value{}
}
