package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/mutate"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// mutateOptions say what rules mutate does.
type mutateOptions struct {
	paths   []string
	only    []string
	formats []string
	least   float64
	sample  int
	seed    uint64
	fresh   bool
}

func newRulesMutate(s Streams) *cobra.Command {
	var o mutateOptions
	cmd := &cobra.Command{
		Use:   "mutate [path...]",
		Short: "Make small mistakes in rules and see whether their tests notice",
		Long: `Change the rules that the tests at the paths, by default below this folder, are for:
a threshold by a step, a comparison to its neighbour, a clause or a limit left out,
a set widened. Each change is a mutant, and a test has to fail for it. Those that no
test notices are shown with a test that would, where one was found, ready to be
pasted into the test file.

Results are kept in the user's cache folder, by what rules and tests say.`,
		Example: `  checkout rules mutate examples/quickstart
  checkout rules mutate --run 'tv-*' --min 90 examples
  checkout rules mutate --sample 100 --seed 1 -o json examples`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if o.paths = paths; len(paths) == 0 {
				o.paths = []string{"."}
			}
			return mutateRules(cmd.Context(), s, o)
		},
	}
	cmd.Flags().StringArrayVar(&o.only, "run", nil, "only mutants of the promotions, sets and conditions whose names match `PATTERN`, such as 'tv-*'; may be repeated")
	cmd.Flags().Float64Var(&o.least, "min", 0, "fail when less than `PERCENT` of the mutants are killed")
	cmd.Flags().IntVar(&o.sample, "sample", 0, "run only `N` mutants, chosen by chance (default is all)")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "what the choice of the sample begins with")
	cmd.Flags().BoolVar(&o.fresh, "no-cache", false, "run all mutants, and keep no results")
	addOutput(cmd, &o.formats, reportFormats()...)
	return cmd
}

func mutateRules(ctx context.Context, s Streams, o mutateOptions) error {
	outputs, err := parseReports(s, o.formats, reportFormats()...)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	result, err := o.run(ctx, s)
	if err != nil {
		return err
	}
	if len(result.Findings) == 0 {
		return codedError{exitNothing, errors.New("there are no mutants to run; no name of a promotion, set or condition matches")}
	}
	var seed *uint64
	if o.sample > 0 {
		seed = &o.seed
		fmt.Fprintf(s.Err, "checkout: a sample of %d mutants with --seed %d\n", len(result.Findings), o.seed)
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		switch format {
		case formatPretty:
			return report.MutantsPretty(w, result)
		case formatJSON:
			return report.MutantsJSON(w, result, seed)
		default:
			return report.MutantsReport(commandLine("checkout rules mutate", o.paths), result).Write(w, format)
		}
	})
	if err != nil {
		return err
	}
	return belowMinimum("the share of killed mutants", result.Percent(), o.least)
}

// check reports flags that make no sense.
func (o mutateOptions) check() error {
	for _, pattern := range o.only {
		if _, err := path.Match(pattern, ""); err != nil {
			return usageError{error: fmt.Errorf("--run %q: %w", pattern, err)}
		}
	}
	if o.sample < 0 {
		return usageError{error: errors.New("--sample: want how many mutants, at least 1")}
	}
	return checkPercent("--min", o.least)
}

// selects reports whether mutants of the owner are run.
func (o mutateOptions) selects(owner compile.Owner) bool {
	matches := func(pattern string) bool {
		ok, _ := path.Match(pattern, owner.Name) // the pattern has been checked
		return ok
	}
	return len(o.only) == 0 || slices.ContainsFunc(o.only, matches)
}

func (o mutateOptions) run(ctx context.Context, s Streams) (mutate.Result, error) {
	subjects, err := loadSubjects(o.paths)
	if err != nil {
		return mutate.Result{}, err
	}
	var kept userCache
	if !o.fresh && o.sample == 0 {
		kept = newUserCache("mutants", "results of mutants", s.Err)
	}
	known := make(map[string]mutate.Result)
	var unknown []mutate.Subject
	for _, subject := range subjects {
		var result mutate.Result
		if kept.get(subject.key(o.only), &result) {
			known[subject.Folder] = result
		} else {
			unknown = append(unknown, subject.Subject)
		}
	}
	fresh, err := runMutants(ctx, s, unknown, o)
	var failing *mutate.FailingError
	if errors.As(err, &failing) {
		return fresh, codedError{exitFindings, err}
	}
	if err != nil {
		return fresh, err
	}
	var all mutate.Result
	for _, subject := range subjects {
		result, found := known[subject.Folder]
		if !found {
			result = fresh.In(subject.Folder)
			kept.put(subject.key(o.only), result)
		}
		all.Add(result)
	}
	return all, nil
}

func runMutants(ctx context.Context, s Streams, subjects []mutate.Subject, o mutateOptions) (mutate.Result, error) {
	bar := newProgress(s.Err, "mutants")
	defer bar.done()
	return mutate.Run(ctx, subjects, mutate.Options{
		Select: o.selects, Sample: o.sample, Seed: o.seed,
		Progress: bar.counter(),
	})
}

// mutantSubject is a subject with all that its results depend on.
type mutantSubject struct {
	mutate.Subject
	read *readFiles
}

// loadSubjects loads the tests at the paths, by the folder of their rules.
func loadSubjects(paths []string) ([]mutantSubject, error) {
	if err := checkPaths(paths); err != nil {
		return nil, err
	}
	suites, err := ruletest.Load(paths)
	if err != nil {
		return nil, err
	}
	byFolder := make(map[string][]string)
	var folders []string
	for _, suite := range suites {
		if byFolder[suite.Folder()] == nil {
			folders = append(folders, suite.Folder())
		}
		byFolder[suite.Folder()] = append(byFolder[suite.Folder()], suite.File)
	}
	var subjects []mutantSubject
	for _, folder := range folders {
		read := &readFiles{data: make(map[string][]byte)}
		suites, err := ruletest.LoadFrom(read, byFolder[folder])
		if err != nil {
			return nil, err
		}
		files, err := read.RuleFiles(folder)
		if err != nil {
			return nil, err
		}
		read.closed = true
		subjects = append(subjects, mutantSubject{mutate.Subject{Folder: folder, Files: files, Suites: suites, Source: read}, read})
	}
	return subjects, nil
}

// readFiles is a source that reads each file once and keeps what it said. Once it is
// closed, it only gives what it kept, and is safe for concurrent use.
type readFiles struct {
	data   map[string][]byte
	closed bool
}

// ReadFile implements ruletest.Source.
func (r *readFiles) ReadFile(name string) ([]byte, error) {
	if data, known := r.data[name]; known || r.closed {
		if !known {
			return nil, fmt.Errorf("read %s: %w", name, os.ErrNotExist)
		}
		return data, nil
	}
	data, err := os.ReadFile(name)
	if err == nil {
		r.data[name] = data
	}
	return data, err
}

// RuleFiles implements ruletest.Source.
func (r *readFiles) RuleFiles(folder string) ([]compile.File, error) {
	if r.closed {
		var files []compile.File
		for name, data := range r.data {
			if inside, ok := insideFolder(folder, name); ok && compile.IsRuleFile(name) {
				files = append(files, compile.File{Name: inside, Data: data})
			}
		}
		return files, nil
	}
	files, err := compile.Read(os.DirFS(folder))
	for _, f := range files {
		r.data[filepath.Join(folder, "rules:", filepath.FromSlash(f.Name))] = f.Data
	}
	return files, err
}

// insideFolder returns the name of a rule file in its folder.
func insideFolder(folder, name string) (string, bool) {
	inside, err := filepath.Rel(filepath.Join(folder, "rules:"), name)
	return filepath.ToSlash(inside), err == nil && filepath.IsLocal(inside)
}
