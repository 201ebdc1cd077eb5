package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/publication"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/difference"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// rulebookStore is what of a *persistence.Store a rulebook needs.
type rulebookStore interface {
	keptRulesets
	Publish(ctx context.Context, r publication.Ruleset) (created bool, err error)
}

// rulebook is the api.Rulebook of a server.
type rulebook struct {
	kept   rulebookStore
	shop   engine.Currency
	follow *activations // nil where the rules come from a folder
	bench  workplace
}

// Publish implements api.Rulebook.
func (b *rulebook) Publish(ctx context.Context, p api.RulePublication) (publication.Ruleset, bool, error) {
	var rules []compile.File
	all, tested := make([]compile.File, len(p.Files)), false
	for i, f := range p.Files {
		all[i] = compile.File{Name: f.Path, Data: []byte(f.Content)}
		tested = tested || ruletest.IsTestFile(f.Path)
		if name, inside := within(p.Rules, f.Path); inside && compile.IsRuleFile(name) {
			rules = append(rules, compile.File{Name: name, Data: all[i].Data})
		}
	}
	compiled, err := alone(ctx, b.bench, func() (*engine.Ruleset, error) { return compile.Compile(rules) })
	if faults, ok := errors.AsType[diag.List](err); ok {
		return publication.Ruleset{}, false, faults
	}
	if err != nil {
		return publication.Ruleset{}, false, err
	}
	made := publication.Ruleset{Digest: compiled.Digest(), Version: version(), Author: p.Author, Message: p.Message}
	if made.Files, err = archive.Pack(rules); err != nil {
		return publication.Ruleset{}, false, err
	}
	if tested {
		if made.Tests, err = archive.Pack(all); err != nil {
			return publication.Ruleset{}, false, err
		}
	}
	created, err := b.kept.Publish(ctx, made)
	if err != nil {
		return publication.Ruleset{}, false, err
	}
	made, err = b.kept.PublishedRuleset(ctx, made.Digest)
	return made, created, err
}

// within returns the name of a file in the folder, "" being the whole.
func within(folder, file string) (name string, inside bool) {
	if folder == "" {
		return file, true
	}
	return strings.CutPrefix(file, folder+"/")
}

// Activate implements api.Rulebook.
func (b *rulebook) Activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	if b.follow == nil {
		return publication.Activation{}, api.ErrRulesFromFolder
	}
	kept, err := b.usable(ctx, a.Digest)
	if err != nil {
		return publication.Activation{}, err
	}
	if !a.Forced && kept.Tests != nil {
		found, err := b.test(ctx, kept)
		if err == nil && found.Failed > 0 {
			err = &api.RuleTestsError{RuleTests: found}
		}
		if err != nil {
			return publication.Activation{}, err
		}
	}
	return b.activate(ctx, a, expected)
}

// usable returns a ruleset that this server can use, as far as can be told.
func (b *rulebook) usable(ctx context.Context, digest string) (publication.Ruleset, error) {
	kept, err := b.kept.PublishedRuleset(ctx, digest)
	if err != nil {
		return kept, err
	}
	rules, _, err := compileKept(kept)
	switch {
	case err != nil:
		return kept, &api.UnusableRulesError{Problem: err.Error()}
	case rules.Currency() != b.shop:
		return kept, &api.UnusableRulesError{Problem: fmt.Sprintf("it is in %s, and the shop in %s", rules.Currency(), b.shop)}
	}
	return kept, nil
}

// activate activates, and has this server follow before it answers.
func (b *rulebook) activate(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	made, err := b.kept.Activate(ctx, a, expected)
	if err != nil {
		return made, err
	}
	if err := b.follow.follow(ctx); err != nil {
		return made, &api.UnusableRulesError{Problem: "it is activated, but the old one stays in force here: " + err.Error()}
	}
	return made, nil
}

// Rollback implements api.Rulebook.
func (b *rulebook) Rollback(ctx context.Context, a publication.Activation, expected string) (publication.Activation, error) {
	if b.follow == nil {
		return publication.Activation{}, api.ErrRulesFromFolder
	}
	newest, err := b.kept.ActiveRuleset(ctx)
	if err != nil {
		return publication.Activation{}, err
	}
	if a.Digest = newest.Previous; a.Digest == "" {
		return publication.Activation{}, api.ErrNoRulesetBefore
	}
	if _, err := b.usable(ctx, a.Digest); err != nil {
		return publication.Activation{}, err
	}
	if expected == publication.Any {
		expected = newest.Digest
	}
	return b.activate(ctx, a, expected)
}

// Test implements api.Rulebook.
func (b *rulebook) Test(ctx context.Context, digest string) (api.RuleTests, error) {
	kept, err := b.kept.PublishedRuleset(ctx, digest)
	if err != nil || kept.Tests == nil {
		return api.RuleTests{}, err
	}
	return b.test(ctx, kept)
}

func (b *rulebook) test(ctx context.Context, kept publication.Ruleset) (api.RuleTests, error) {
	files, err := archive.Files(kept.Tests, kept.Digest)
	if err != nil {
		return api.RuleTests{}, err
	}
	return alone(ctx, b.bench, func() (api.RuleTests, error) { return testBundle(ctx, files) })
}

// testBundle runs the tests among files. Tests with faults fail.
func testBundle(ctx context.Context, files []compile.File) (api.RuleTests, error) {
	var tests []string
	for _, f := range files {
		if ruletest.IsTestFile(f.Name) {
			tests = append(tests, filepath.FromSlash(f.Name))
		}
	}
	suites, err := ruletest.LoadFrom(bundle(files), tests)
	if faults, ok := errors.AsType[diag.List](err); ok {
		found := api.RuleTests{Failed: len(faults)}
		for _, d := range faults.Sorted() {
			found.Failures = append(found.Failures, api.RuleTestFailure{File: d.File, Line: d.Range.Start.Line, Name: "the tests have a fault", Problems: []string{d.Message}})
		}
		return found, nil
	}
	if err != nil {
		return api.RuleTests{}, err
	}
	result, err := ruletest.RunWith(ctx, suites, ruletest.Filter{}, ruletest.Options{})
	if err != nil && !errors.Is(err, ruletest.ErrNoTests) {
		return api.RuleTests{}, err
	}
	found := api.RuleTests{Passed: result.Passed, Failed: result.Failed, Skipped: result.Skipped}
	for _, c := range result.Cases {
		if c.Failed() {
			found.Failures = append(found.Failures, api.RuleTestFailure{File: c.File, Line: c.Line, Name: strings.TrimSpace(c.Name + " " + c.Row), Problems: problemsOf(c)})
		}
	}
	return found, nil
}

func problemsOf(c ruletest.CaseResult) []string {
	problems := []string{}
	for _, m := range c.Mismatches {
		problems = append(problems, fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got))
	}
	for _, v := range c.Broken {
		problems = append(problems, fmt.Sprint(v))
	}
	return problems
}

// bundle is a source of rule tests in memory, of which nothing outside is read.
type bundle []compile.File

// ReadFile implements ruletest.Source.
func (b bundle) ReadFile(name string) ([]byte, error) {
	name = filepath.ToSlash(name)
	if i := slices.IndexFunc(b, func(f compile.File) bool { return f.Name == name }); i >= 0 {
		return b[i].Data, nil
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
}

// RuleFiles implements ruletest.Source.
func (b bundle) RuleFiles(folder string) ([]compile.File, error) {
	if folder = filepath.ToSlash(folder); folder == "." {
		folder = ""
	}
	var files []compile.File
	for _, f := range b {
		if name, inside := within(folder, f.Name); inside && compile.IsRuleFile(name) {
			files = append(files, compile.File{Name: name, Data: f.Data})
		}
	}
	return files, nil
}

// files returns the rule files of a ruleset that was kept.
func (b *rulebook) files(ctx context.Context, digest string) ([]compile.File, error) {
	kept, err := b.kept.PublishedRuleset(ctx, digest)
	if err != nil {
		return nil, err
	}
	return archive.Unpack(kept.Files, kept.Digest)
}

// Files implements api.Rulebook.
func (b *rulebook) Files(ctx context.Context, digest string) ([]api.RuleFile, error) {
	files, err := b.files(ctx, digest)
	list := make([]api.RuleFile, len(files))
	for i, f := range files {
		list[i] = api.RuleFile{Path: f.Name, Content: string(f.Data)}
	}
	return list, err
}

// Diff implements api.Rulebook.
func (b *rulebook) Diff(ctx context.Context, from, to string) (api.RuleDifference, error) {
	before, err := b.files(ctx, from)
	if err != nil {
		return api.RuleDifference{}, err
	}
	after, err := b.files(ctx, to)
	if err != nil {
		return api.RuleDifference{}, err
	}
	d := difference.Between(before, after)
	found := api.RuleDifference{From: from, To: to, Policy: keysOf(d.Policy), Plugins: keysOf(d.Plugins)}
	for _, c := range d.Promotions {
		found.Promotions = append(found.Promotions, api.PromotionDifference{ID: c.Promotion, Kind: string(c.Kind), Keys: keysOf(c.Fields)})
	}
	return found, nil
}

func keysOf(fields []difference.Field) []api.KeyDifference {
	keys := make([]api.KeyDifference, len(fields))
	for i, f := range fields {
		keys[i] = api.KeyDifference{Key: f.Name, Old: f.Old, New: f.New}
	}
	return keys
}
