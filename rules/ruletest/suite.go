package ruletest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Suite is a test file with the rules it tests.
type Suite struct {
	// File is the path of the test file as it was found.
	File  string
	Rules *engine.Ruleset
	Cases []Case

	folder string // of the rules
	lock   lock.Lock
	always []invariant.Invariant

	observer *observer
}

// Always returns what must be true of every quote; see package invariant.
func (s Suite) Always() []invariant.Invariant { return s.always }

// Folder has the rule files that the suite tests.
func (s Suite) Folder() string { return s.folder }

// Case is one cart with what is expected of its quote: a test, one row of its
// table, or one cell of its matrix. A case of several steps has a cart for each, and
// one of rules that must not compile has none.
type Case struct {
	Name string
	// Row holds the variables of the row or of the cell, "" for a test without.
	Row  string
	Tags []string
	// Skip is why the case is not run, "" for one that is.
	Skip    string
	Line    int
	vars    map[string]string
	given   map[string]bool // the variables that its cart has
	request engine.Request  // of the first step
	stubs   stubs
	expect  expectation
	steps   []step        // of a case that has some
	refused *refusedRules // of rules that must not compile
	digest  string        // of all that decides what comes out, but for the rules
}

// Prices reports whether the case prices a cart.
func (c Case) Prices() bool { return c.refused == nil }

// Request returns what the case of the suite prices, of several steps in the first,
// with what its stubs answer. It
// is shared with the case, and must not be changed. The error is that of
// engine.Ruleset.Consult.
func (s Suite) Request(c Case) (engine.Request, error) {
	return s.Rules.Consult(context.Background(), newStubbed(c.stubs, Options{}), c.request)
}

// Rejected reports whether the case expects that the cart is not priced.
func (c Case) Rejected() bool { return c.expect.rejected != nil }

// Refusals returns the reasons that the case expects of promotions that are not
// applied.
func (c Case) Refusals() []engine.Reason {
	var reasons []engine.Reason
	for _, x := range append([]expectation{c.expect}, expectations(c.steps)...) {
		for _, refusal := range x.notApplied {
			reasons = append(reasons, refusal.reason)
		}
	}
	return reasons
}

func expectations(steps []step) []expectation {
	var all []expectation
	for _, st := range steps {
		all = append(all, st.expect)
	}
	return all
}

// Version is that of the format of test files.
const Version = "1"

// ErrNoTests is returned when there is no test file, or no test in any.
var ErrNoTests = errors.New("no rule tests found")

// Load reads the test files at the paths, each a file or a folder that is
// searched, and compiles the rules they test. Faults of rule and test files are
// a diag.List with all of them.
func Load(paths []string) ([]Suite, error) {
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, noTests(paths)
	}
	return LoadFrom(disk{}, files)
}

func noTests(paths []string) error {
	return fmt.Errorf("%w in %s: tests are files called *_test.yaml", ErrNoTests, strings.Join(paths, ", "))
}

// Source is where files are read from.
type Source interface {
	// ReadFile reads a test file, or a catalogue that one names.
	ReadFile(name string) ([]byte, error)
	// RuleFiles reads the rule files of a folder, as compile.Read does.
	RuleFiles(folder string) ([]compile.File, error)
}

// Disk returns the source of Load: the files where they are.
func Disk() Source { return disk{} }

type disk struct{}

func (disk) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }

func (disk) RuleFiles(folder string) ([]compile.File, error) { return compile.Read(os.DirFS(folder)) }

// LoadFrom is Load of test files that a source has, such as an editor in which they
// are not saved yet.
func LoadFrom(source Source, files []string) ([]Suite, error) {
	return newLoader(source).suites(files)
}

// LoadCompiled is LoadFrom with rules that are compiled already: compiled returns those
// of a folder, whose files are as the source reads them, or the faults that they have;
// nil and no error for a folder that has still to be compiled.
func LoadCompiled(source Source, compiled func(folder string) (*engine.Ruleset, error), files []string) ([]Suite, error) {
	l := newLoader(source)
	compileAll := l.compile
	l.compile = func(folder string, files []compile.File) (ruleFolder, error) {
		rules, err := compiled(folder)
		switch {
		case err != nil:
			return ruleFolder{}, err
		case rules == nil:
			return compileAll(folder, files)
		}
		locked, err := compile.LockOf(files)
		return ruleFolder{observer: &observer{files: files}, rules: rules, lock: locked}, err
	}
	return l.suites(files)
}

// suites reads the test files.
func (l *loader) suites(files []string) ([]Suite, error) {
	var suites []Suite
	for _, file := range files {
		suite, err := l.load(file)
		if err != nil {
			return nil, err
		}
		suites = append(suites, suite)
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	return suites, nil
}

// find returns the test files at the paths, sorted.
func find(paths []string) ([]string, error) {
	var files []string
	for _, root := range paths {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				return skipFolder(entry, name == root)
			case IsTestFile(name):
				files = append(files, filepath.Clean(name))
			case name == root:
				return fmt.Errorf("%s is not a test file: tests are files called *_test.yaml", name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find rule tests: %w", err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// skipFolder is fs.SkipDir for a folder in which no test files are looked for.
func skipFolder(entry fs.DirEntry, isRoot bool) error {
	if !isRoot && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
		return fs.SkipDir
	}
	return nil
}

// IsTestFile reports whether the name is that of a test file.
func IsTestFile(name string) bool {
	return strings.HasSuffix(name, "_test.yaml") || strings.HasSuffix(name, "_test.yml")
}

// loader compiles each folder of rules once, and reads each inventory once.
type loader struct {
	source     Source
	compile    func(folder string, files []compile.File) (ruleFolder, error)
	folders    map[string]ruleFolder
	catalogues map[namedCatalogue]engine.CatalogMap
	faults     diag.List
	others     []*syntax.Document // with fixtures, whose faults come last
}

func newLoader(source Source) *loader {
	compile := func(_ string, files []compile.File) (ruleFolder, error) { return compileFolder(files) }
	return &loader{source: source, compile: compile, folders: make(map[string]ruleFolder), catalogues: make(map[namedCatalogue]engine.CatalogMap)}
}

// err returns all faults that were found.
func (l *loader) err() error {
	for _, doc := range l.others {
		l.faults = append(l.faults, doc.Faults()...)
	}
	l.others = nil
	return l.faults.Err()
}

// ruleFolder is a folder of rules; its rules are nil where they have faults.
type ruleFolder struct {
	rules *engine.Ruleset
	lock  lock.Lock

	observer *observer
}

// namedCatalogue is an inventory file as one currency reads it.
type namedCatalogue struct {
	path     string
	currency engine.Currency
}

func (l *loader) load(file string) (Suite, error) {
	data, err := l.source.ReadFile(file)
	if err != nil {
		return Suite{}, fmt.Errorf("read rule tests: %w", err)
	}
	doc := syntax.Parse(filepath.ToSlash(file), data)
	defer func() { l.faults = append(l.faults, doc.Faults()...) }()
	root := doc.Root().Map(keysIn(ofFile)...)
	if v := root.Get("version"); v.Present() && v.Text() != Version {
		v.Report(diag.WrongValue, "write version: "+Version, "this program reads version %s of rule tests, got %s", Version, v.Describe())
	}
	folder := rulesFolder(file, root.Get("rules"))
	compiled, err := l.rules(folder)
	rules := compiled.rules
	if err != nil || rules == nil {
		return Suite{}, err
	}
	others := sha256.New() // what the file takes from others
	items, err := l.catalogue(file, root.Get("catalogue"), rules.Currency(), others)
	if err != nil {
		return Suite{}, err
	}
	r := &reader{rules: rules, lock: compiled.lock, items: items, defaults: readDefaults(root.Get("defaults")), stubs: root.Get("stubs"), reasons: refusalReasons()}
	r.fixtures = l.fixtures(file, root.Get("fixtures"), others)
	suite := Suite{File: file, Rules: rules, folder: folder, lock: compiled.lock, observer: compiled.observer, always: invariant.Read(root.Get("always"), rules.Currency())}
	suite.Cases = r.cases(root.Require("tests"))
	r.fixtures.reportUnused()
	digestCases(suite.Cases, data, root.Get("tests"), others.Sum(nil))
	return suite, nil
}

// rulesFolder is the folder of the test file, or the one that the file names.
func rulesFolder(file string, v syntax.Value) string {
	folder, _ := v.WantText()
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(folder))
}

// rules compiles a folder. Faults are collected.
func (l *loader) rules(dir string) (ruleFolder, error) {
	if known, ok := l.folders[dir]; ok {
		return known, nil
	}
	sources, err := l.source.RuleFiles(dir)
	if err != nil {
		return ruleFolder{}, err
	}
	folder, err := l.compile(dir, sources)
	var faults diag.List
	if errors.As(err, &faults) {
		l.faults = append(l.faults, faults.InFolder(filepath.ToSlash(dir))...)
		err = nil
	}
	l.folders[dir] = folder
	return folder, err
}

func compileFolder(files []compile.File) (folder ruleFolder, err error) {
	folder.observer = &observer{files: files}
	folder.rules, err = compile.Compile(files)
	if err == nil {
		folder.lock, err = compile.LockOf(files)
	}
	return folder, err
}

// catalogue reads the items from the test file, or from the file it names, which it
// copies to read.
func (l *loader) catalogue(file string, v syntax.Value, currency engine.Currency, read io.Writer) (engine.CatalogMap, error) {
	if v.Kind() != syntax.Scalar {
		return engine.NewCatalog(catalogue.Items(v, currency)), nil
	}
	path := filepath.Join(filepath.Dir(file), filepath.FromSlash(v.Text()))
	data, err := l.source.ReadFile(path)
	if err != nil {
		v.Report(diag.WrongValue, "give the path from the test file's folder", "the catalogue cannot be read: %v", err)
		return nil, nil
	}
	_, _ = read.Write(data) // a hash has no errors
	key := namedCatalogue{path, currency}
	if known, ok := l.catalogues[key]; ok {
		return known, nil
	}
	items, err := catalogue.Parse(filepath.ToSlash(path), data, currency)
	var faults diag.List
	if errors.As(err, &faults) {
		l.faults = append(l.faults, faults...)
		err = nil
	}
	l.catalogues[key] = engine.NewCatalog(items)
	return l.catalogues[key], err
}

// RequestOf is Request by other rules than those of the suite, with stubs for what
// these ask of plugins. A question that no stub answers is an error.
func (s Suite) RequestOf(ctx context.Context, rules *engine.Ruleset, c Case) (engine.Request, error) {
	return consultStubs(ctx, rules, c)
}
