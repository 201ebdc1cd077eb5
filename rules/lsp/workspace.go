package lsp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/ruletest"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// document is a file that is open in the editor. It is immutable.
type document struct {
	uri     string // as the editor writes it
	version int
	text    *text
}

// workspace is what the editor has open, over what the disk has. It is immutable, so
// that an analysis sees one state of it.
type workspace struct {
	folders []string             // that the editor has open
	rules   []string             // rule folders that it says
	open    map[string]*document // by path
	index   *index
}

// with returns the workspace with a document changed, or closed for nil.
func (w workspace) with(name string, d *document) workspace {
	w.open = maps.Clone(w.open)
	if d == nil {
		delete(w.open, name)
		return w
	}
	w.open[name] = d
	return w
}

// ReadFile implements ruletest.Source.
func (w workspace) ReadFile(name string) ([]byte, error) {
	if d, open := w.open[path.Clean(filepath.ToSlash(name))]; open {
		return []byte(d.text.content), nil
	}
	return os.ReadFile(name)
}

// RuleFiles implements ruletest.Source. Files that are open take the place of those
// on the disk, also of none.
func (w workspace) RuleFiles(folder string) ([]compile.File, error) {
	files, err := compile.Read(os.DirFS(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(w.open)) {
		inside, ok := below(folder, name)
		if !ok || !isRuleFileIn(inside) {
			continue
		}
		data := []byte(w.open[name].text.content)
		if len(data) > compile.MaxFileSize {
			return nil, fmt.Errorf("%s has %d bytes; a rule file has at most %d", name, len(data), compile.MaxFileSize)
		}
		at, known := slices.BinarySearchFunc(files, inside, func(f compile.File, name string) int { return strings.Compare(f.Name, name) })
		if !known {
			files = slices.Insert(files, at, compile.File{Name: inside})
		}
		files[at].Data = data
	}
	return files, nil
}

// below returns the path of a file from a folder, if it is in it.
func below(folder, name string) (string, bool) {
	return strings.CutPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}

// isRuleFileIn reports whether compile.Read reads the file of this path in a folder.
func isRuleFileIn(inside string) bool {
	folders := strings.Split(path.Dir(inside), "/")
	skipped := slices.ContainsFunc(folders, func(f string) bool { return f == "testdata" || f != "." && strings.HasPrefix(f, ".") })
	return !skipped && compile.IsRuleFile(inside)
}

// index is what the disk says about where rules are.
type index struct {
	tests map[string]string // the folder of the rules of each test
	roots map[string]bool   // folders that hold a policy or a lock file
}

// maxEntries bounds how many files and folders of a workspace are looked at.
const maxEntries = 100_000

// newIndex looks for tests, policies and lock files below the folders.
func newIndex(w workspace) *index {
	x := &index{tests: make(map[string]string), roots: make(map[string]bool)}
	entries := 0
	for _, folder := range w.folders {
		_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if entries++; entries > maxEntries {
				return fs.SkipAll
			}
			switch {
			case err != nil:
				return nil // what cannot be read has no rules that could be
			case entry.IsDir() && name != folder && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules"):
				return fs.SkipDir
			case !entry.IsDir():
				x.add(w, filepath.ToSlash(name))
			}
			return nil
		})
	}
	for name := range w.open {
		x.add(w, name)
	}
	return x
}

func (x *index) add(w workspace, name string) {
	folder, base := path.Dir(name), path.Base(name)
	switch {
	case ruletest.IsTestFile(name):
		if data, err := w.ReadFile(name); err == nil {
			if of := testedFolder(name, data); isOurs(name, data) || x.knows(of) && isBlank(data) {
				x.tests[name] = of
			}
		}
	case isPolicy(base):
		if data, err := w.ReadFile(name); err == nil && isOurs(name, data) {
			x.roots[folder] = true
		}
	case base == lock.File:
		x.roots[folder] = true
	}
}

// knows reports whether a folder is one of rules for sure.
func (x *index) knows(folder string) bool {
	return x.roots[folder] || slices.Contains(slices.Collect(maps.Values(x.tests)), folder)
}

// isBlank reports whether nothing has been written into a file yet that tells what it
// is.
func isBlank(data []byte) bool { return !bytes.Contains(data, []byte(":")) }

func isPolicy(base string) bool { return base == "policy.yaml" || base == "policy.yml" }

// isOurs reports whether a file looks as if it was for checkout: a workspace has YAML
// files of all kinds.
func isOurs(name string, data []byte) bool {
	switch {
	case ruletest.IsTestFile(name):
		ofHelm := hasKey(data, func(key []byte) []byte { return key }, "suite", "templates")
		return !ofHelm && hasKey(data, opened, "tests", "catalogue", "stubs", "fixtures", "always", "defaults", "rules")
	case isPolicy(path.Base(name)):
		return hasKey(data, opened, "currency", "rounding", "groups", "cap", "resolution", "max_stack")
	case path.Base(name) == lock.File:
		return true
	default:
		return hasKey(data, opened, "sets", "conditions", "promotions")
	}
}

// hasKey reports whether a line begins with one of the keys, once that is taken off
// which may stand before it.
func hasKey(data []byte, off func([]byte) []byte, keys ...string) bool {
	for line := range bytes.Lines(data) {
		key, _, found := bytes.Cut(off(line), []byte(":"))
		if found && slices.Contains(keys, string(bytes.TrimRight(key, " \t\"'"))) {
			return true
		}
	}
	return false
}

// opened takes off blanks, a bracket and a quote.
func opened(line []byte) []byte { return bytes.TrimLeft(line, byteOrderMark+" \t{\"'") }

// testedFolder is the folder of the rules that a test file is about.
func testedFolder(name string, data []byte) string {
	folder := ""
	if root := syntax.Parse(name, data).Root(); root.KeyOf("rules").Present() {
		folder = root.At([]string{"rules"}).Text()
	}
	return path.Join(path.Dir(name), filepath.ToSlash(folder))
}

// ruleFolder returns the folder of rules that a file belongs to: the one that its
// rules are compiled in, or that it tests. Which one it is nothing says for sure, so
// that the nearest folder counts that the editor's settings name, then the nearest
// with a policy or a lock file, then the outermost that tests are about, and else its
// own, if the file looks like rules.
func (w workspace) ruleFolder(name string) (string, bool) {
	data, err := w.ReadFile(name)
	if err != nil || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
		return "", false
	}
	if ruletest.IsTestFile(name) {
		folder, known := w.index.tests[name]
		return folder, known
	}
	var tested []string
	own := path.Dir(name)
	for folder := own; ; folder = path.Dir(folder) {
		inside, _ := below(folder, name)
		if !isRuleFileIn(inside) {
			break
		}
		if slices.Contains(w.rules, folder) || w.index.roots[folder] {
			return folder, true
		}
		if w.index.knows(folder) {
			tested = append(tested, folder)
		}
		if folder == path.Dir(folder) || slices.Contains(w.folders, folder) {
			break
		}
	}
	if len(tested) > 0 {
		return tested[len(tested)-1], true
	}
	return own, isOurs(name, data)
}

// testsOf returns the tests of the rules in a folder, sorted.
func (w workspace) testsOf(folder string) []string {
	var tests []string
	for name, of := range w.index.tests {
		if of == folder {
			tests = append(tests, name)
		}
	}
	slices.Sort(tests)
	return tests
}

// refreshed returns the index after a file has changed, which most files do not
// change.
func (x *index) refreshed(w workspace, name string) *index {
	base := path.Base(name)
	if !ruletest.IsTestFile(name) && !isPolicy(base) && base != lock.File {
		return x
	}
	y := &index{tests: maps.Clone(x.tests), roots: maps.Clone(x.roots)}
	delete(y.tests, name)
	if !ruletest.IsTestFile(name) {
		delete(y.roots, path.Dir(name))
		for _, other := range []string{"policy.yaml", "policy.yml", lock.File} {
			if other = path.Join(path.Dir(name), other); w.exists(other) {
				y.add(w, other)
			}
		}
		return y
	}
	if w.exists(name) {
		y.add(w, name)
	}
	return y
}

func (w workspace) exists(name string) bool {
	if w.open[name] != nil {
		return true
	}
	_, err := os.Stat(name)
	return err == nil
}
