package lsp

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/ruletest"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// analysis is all that is known of one folder of rules and its tests, in one state of
// the workspace. It is immutable.
type analysis struct {
	workspace workspace
	folder    string
	rules     []compile.File // named by their paths
	tests     []compile.File
	texts     map[string]*text // of all of them
	faults    diag.List        // named by their paths
	refused   diag.List        // those for which the rules do not compile, named from the folder
	err       error            // that kept the folder from being read
	broken    map[string]bool  // the files that are no YAML
	read      map[string]bool  // all files that it depends on, catalogues included
	// ruleset, outline and items are, for files with faults, as they were before they
	// had them.
	ruleset *engine.Ruleset
	outline compile.Outline
	sources map[string]*text // the texts of which the outline is
	items   []*engine.Item
	sets    map[string]engine.ItemSet
	lock    lock.Lock
	// fixtures are the names of carts and customers of each test file, by their kind;
	// tags are those of all tests.
	fixtures map[string]map[string][]string
	tags     []string
}

// analyse reads a folder. What files say that are broken now is taken from the
// analysis before, nil for none.
func analyse(ctx context.Context, w workspace, folder string, before *analysis) (*analysis, error) {
	a := &analysis{workspace: w, folder: folder, texts: make(map[string]*text), sources: make(map[string]*text), broken: make(map[string]bool), read: make(map[string]bool), fixtures: make(map[string]map[string][]string)}
	files, err := w.RuleFiles(folder)
	if err != nil {
		a.err = err
		return a, ctx.Err()
	}
	for _, f := range files {
		a.rules = append(a.rules, compile.File{Name: path.Join(folder, f.Name), Data: f.Data})
	}
	for _, name := range w.testsOf(folder) {
		if data, err := w.ReadFile(name); err == nil {
			a.tests = append(a.tests, compile.File{Name: name, Data: data})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, f := range slices.Concat(a.rules, a.tests) {
		a.texts[f.Name] = w.textOf(f.Name, f.Data)
		a.read[f.Name] = true
	}
	a.inspect()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.readTests()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a.findBroken()
	a.takeOver(before)
	a.keepNames(before)
	return a, ctx.Err()
}

// textOf is the text of a file, which is shared with the editor's document.
func (w workspace) textOf(name string, data []byte) *text {
	if d, open := w.open[name]; open {
		return d.text
	}
	return newText(string(data))
}

// inspect compiles the files and reads their outline.
func (a *analysis) inspect() {
	if len(a.rules) == 0 {
		return
	}
	in, err := compile.Inspect(a.inFolder(slices.Concat(a.rules, a.tests)))
	a.err = err
	a.refused = in.Faults
	a.faults, a.ruleset, a.sets, a.lock = in.Faults.InFolder(a.folder), in.Ruleset, in.Sets, in.Plugins
	a.setOutline(in.Outline)
}

// inFolder names files from the folder, as far as they are in it.
func (a *analysis) inFolder(files []compile.File) []compile.File {
	files = slices.Clone(files)
	for i := range files {
		if inside, ok := below(a.folder, files[i].Name); ok {
			files[i].Name = inside
		}
	}
	return files
}

// setOutline takes over an outline that names files from the folder.
func (a *analysis) setOutline(o compile.Outline) {
	a.outline = o
	for i := range o.Symbols {
		o.Symbols[i].File = a.pathIn(o.Symbols[i].File)
	}
	for i := range o.References {
		o.References[i].File = a.pathIn(o.References[i].File)
	}
}

// readTests reads the tests, of which no faults are known while the rules have some.
func (a *analysis) readTests() {
	var names []string
	for _, f := range a.tests {
		names = append(names, f.Name)
	}
	if len(names) > 0 && a.err == nil {
		_, err := ruletest.LoadCompiled(a.workspace, a.compiled, names)
		var faults diag.List
		if errors.As(err, &faults) {
			ofRules := func(d diag.Diagnostic) bool { return d.File == a.folder || a.isRule(d.File) } // which Compile has told
			a.faults = append(a.faults, slices.DeleteFunc(faults, ofRules)...).Sorted()
		}
	}
	a.readGiven()
}

// compiled returns the rules of the folder, which inspect has compiled.
func (a *analysis) compiled(folder string) (*engine.Ruleset, error) {
	if path.Clean(filepath.ToSlash(folder)) != a.folder || len(a.rules) == 0 {
		return nil, nil
	}
	if a.ruleset != nil || len(a.refused) == 0 {
		return a.ruleset, nil
	}
	return nil, a.refused
}

// isRule reports whether a file is one of the rules.
func (a *analysis) isRule(name string) bool {
	return slices.ContainsFunc(a.rules, func(f compile.File) bool { return f.Name == name })
}

// readGiven reads the items that the tests are about, and the names that they give.
func (a *analysis) readGiven() {
	currency, _ := engine.ParseCurrency(compile.DefaultCurrency)
	if a.ruleset != nil {
		currency = a.ruleset.Currency()
	}
	known := make(map[string]bool)
	files := make(map[string]bool)
	var items []*engine.Item
	add := func(more []engine.Item) {
		for i := range more {
			if item := &more[i]; item.SKU != "" && !known[item.SKU] {
				known[item.SKU] = true
				items = append(items, item)
			}
		}
	}
	for _, f := range a.tests {
		root := syntax.Parse(f.Name, f.Data).Root()
		a.readNames(f.Name, root)
		if !root.KeyOf("catalogue").Present() {
			continue
		}
		switch v := root.At([]string{"catalogue"}); v.Kind() {
		case syntax.Scalar:
			name := path.Join(path.Dir(f.Name), v.Text())
			a.read[name] = true
			if data, err := a.workspace.ReadFile(name); err == nil && !files[name] {
				files[name] = true
				more, _ := catalogue.Parse(name, data, currency) // its faults are the tests'
				add(more)
			}
		default:
			add(catalogue.Items(v, currency))
		}
	}
	slices.SortFunc(items, func(x, y *engine.Item) int { return strings.Compare(x.SKU, y.SKU) })
	a.items = items
	slices.Sort(a.tags)
	a.tags = slices.Compact(a.tags)
}

// findBroken finds the files of which nothing is known but where they stop being
// YAML.
func (a *analysis) findBroken() {
	for _, d := range a.faults {
		if d.Code == diag.Syntax {
			a.broken[d.File] = true
		}
	}
}

// takeOver keeps what was known before and cannot be known now.
func (a *analysis) takeOver(before *analysis) {
	if before == nil {
		return
	}
	if a.ruleset == nil {
		a.ruleset = before.ruleset
	}
	if len(a.items) == 0 {
		a.items = before.items
	}
	for name := range a.broken {
		if before.fixtures[name] != nil {
			a.fixtures[name] = before.fixtures[name]
		}
	}
	if len(a.tags) == 0 {
		a.tags = before.tags
	}
	for name, set := range before.sets {
		if _, known := a.sets[name]; !known && a.sets != nil {
			a.sets[name] = set
		}
	}
}

// keepNames has the outline be that of the files as they were, where they are broken
// now.
func (a *analysis) keepNames(before *analysis) {
	files := slices.Concat(a.rules, a.tests)
	kept := false
	for i, f := range files {
		a.sources[f.Name] = a.texts[f.Name]
		if before != nil && before.sources[f.Name] != nil && a.broken[f.Name] {
			a.sources[f.Name] = before.sources[f.Name]
			files[i].Data = []byte(a.sources[f.Name].content)
			kept = true
		}
	}
	if kept || len(a.rules) == 0 {
		a.setOutline(compile.OutlineOf(a.inFolder(files)))
	}
}

// pathIn is the path of a file that is named from the folder.
func (a *analysis) pathIn(name string) string {
	if path.IsAbs(name) || strings.Contains(name, ":/") {
		return name
	}
	return path.Join(a.folder, name)
}
