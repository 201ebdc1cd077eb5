package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// testOptions say what rules test does.
type testOptions struct {
	paths      []string
	filter     string
	formats    []string
	allowEmpty bool
	cover      coverFlag
	shuffle    bool
	seed       uint64
	shard      string
	failFast   bool
	surfaces   []string
	watch      bool
	update     bool
	rerun      bool
	trace      string
	bench      bool
}

func newRulesTest(s Streams) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test [path...]",
		Short: "Run rule tests",
		Long: `Run the rule tests at the paths, by default below this folder. Tests stand in
files called *_test.yaml beside the rules they test.

The engine prices them in this process; with --surface http the API does too, over HTTP,
with a server and a database in memory for the time of the run, and both have to agree to
the cent. A case with something that the API cannot carry is listed as skipped there.

Which cases failed is kept in the user's cache folder, for --rerun-failed.`,
		Example: `  checkout rules test examples/quickstart
  checkout rules test --run 'test=every third*;qty=3' examples
  checkout rules test -o pretty -o json=result.json examples
  checkout rules test -o junit=report.xml -o github examples
  checkout rules test --shuffle --fail-fast --shard 1/2 examples
  checkout rules test --surface engine,v1 examples/quickstart
  checkout rules test --cover=90 examples
  checkout rules test --trace fails --bench examples/quickstart
  checkout rules test --update --run 'test=every third*' examples/quickstart
  checkout rules test --watch -o pretty -o junit=report.xml examples/quickstart`,
		ValidArgsFunction: completeTests,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if o.paths = paths; len(paths) == 0 {
				o.paths = []string{"."}
			}
			if cmd.Flags().Changed("seed") {
				o.shuffle = true
			} else if o.shuffle {
				o.seed = rand.Uint64()
			}
			return testRules(cmd.Context(), s, o)
		},
	}
	cmd.Flags().StringVar(&o.filter, "run", "", "only the cases that match `FILTER`, such as 'file=tv_test.yaml;test=third*;qty=3'")
	cmd.Flags().BoolVar(&o.allowEmpty, "allow-empty", false, "succeed when there are no tests")
	cmd.Flags().Var(&o.cover, "cover", "tell how much of the rules the tests reach, and fail below `MIN` percent")
	cmd.Flags().Lookup("cover").NoOptDefVal = "0"
	cmd.Flags().BoolVar(&o.shuffle, "shuffle", false, "run the cases in a random order, whose seed is told")
	cmd.Flags().Uint64Var(&o.seed, "seed", 0, "shuffle with the seed `N`, for an order that was told before")
	cmd.Flags().StringVar(&o.shard, "shard", "", "run one of several equal parts of the cases, such as `2/4`")
	cmd.Flags().BoolVar(&o.failFast, "fail-fast", false, "stop at the first case that fails")
	addSurfaces(cmd, &o.surfaces)
	cmd.Flags().BoolVar(&o.rerun, "rerun-failed", false, "only the cases that failed when they were run last from this folder")
	cmd.Flags().StringVar(&o.trace, "trace", "", "tell what each promotion did, with each part of its condition, in `CASES`: fails or all")
	cmd.Flags().BoolVar(&o.bench, "bench", false, "tell how long it takes to price each case, the slowest first")
	_ = cmd.RegisterFlagCompletionFunc("trace", cobra.FixedCompletions([]string{string(ruletest.TraceFails), string(ruletest.TraceAll)}, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
	cmd.Flags().BoolVar(&o.update, "update", false, "write into the tests what the engine says, where they expect something else, and tell what is changed")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "run again what a change of files touches, and show what comes out otherwise, until Ctrl-C")
	addOutput(cmd, &o.formats, reportFormats()...)
	return cmd
}

// options returns how the cases are run.
func (o testOptions) options(with ruletest.Options) (ruletest.Options, error) {
	with.FailFast, with.Bench = o.failFast, o.bench
	if o.shuffle {
		with.Shuffle = &o.seed
	}
	var err error
	if with.Trace, err = ruletest.ParseTracing(o.trace); err != nil {
		return with, usageError{error: err}
	}
	if o.shard == "" {
		return with, nil
	}
	shard, err := ruletest.ParseShard(o.shard)
	if err != nil {
		return with, usageError{error: err}
	}
	with.Shard = shard
	return with, nil
}

// writeTests writes results of tests in a format.
func writeTests(w io.Writer, format string, result ruletest.Result, command string) error {
	switch format {
	case formatPretty:
		return report.TestsPretty(w, result, command)
	case formatJSON:
		return report.TestsJSON(w, result)
	default:
		return report.TestReport(result, command).Write(w, format)
	}
}

// check reports flags that do not go together.
func (o testOptions) check() error {
	type flag struct {
		name  string
		given bool
	}
	others := []flag{{"--shuffle", o.shuffle}, {"--fail-fast", o.failFast}, {"--cover", o.cover.given}}
	switch {
	case o.watch:
		others = append(others, flag{"--update", o.update}, flag{"--rerun-failed", o.rerun}, flag{"--bench", o.bench})
	case o.update:
		others = append(others, flag{"--surface", len(o.surfaces) > 0})
	default:
		return nil
	}
	for _, other := range others {
		if other.given && o.watch {
			return usageError{error: fmt.Errorf("--watch does not go with %s", other.name)}
		} else if other.given {
			return usageError{error: fmt.Errorf("--update does not go with %s", other.name)}
		}
	}
	return nil
}

func testRules(ctx context.Context, s Streams, o testOptions) error {
	outputs, err := parseReports(s, o.formats, reportFormats()...)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	run := newCoverage()
	options, err := o.options(o.cover.options(run))
	if err != nil {
		return err
	}
	if o.shuffle {
		fmt.Fprintf(s.Err, "seed %d\n", o.seed)
	}
	closeSurfaces, err := openSurfaces(ctx, o.surfaces, &options)
	if err != nil {
		return err
	}
	if o.watch {
		err := watchTests(ctx, s, o, outputs, options)
		return cmp.Or(err, environmentError(closeSurfaces()))
	}
	result, err := o.run(ctx, s, options)
	if ending := closeSurfaces(); err == nil {
		err = environmentError(ending)
	}
	if err != nil && !(o.allowEmpty && exitCode(err) == exitNothing) {
		return err
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		return writeTests(w, format, result, commandLine("checkout rules test", o.paths))
	})
	if err == nil {
		err = o.tell(s, result, run)
	}
	if err == nil && result.Failed > 0 {
		return silentError{exitFindings}
	}
	return err
}

// run runs the tests, which are put right before where that is asked for, and keeps
// which of them failed.
func (o testOptions) run(ctx context.Context, s Streams, options ruletest.Options) (ruletest.Result, error) {
	failed, err := openFailedCases(s.Err)
	if err != nil {
		return ruletest.Result{}, err
	}
	if o.rerun {
		if !failed.any() {
			return ruletest.Result{}, errNoneFailed()
		}
		options.Only = failed.has
	}
	if o.update {
		if err := updateTests(ctx, s, o, options); err != nil {
			return ruletest.Result{}, err
		}
	}
	bar := newProgress(s.Err, "cases")
	defer bar.done()
	options.Progress = bar.counter()
	result, err := runTests(ctx, o.paths, o.filter, options)
	if o.rerun && errors.Is(err, ruletest.ErrNoTests) {
		err = errNoneFailed()
	}
	if err == nil {
		whole := o.filter == "" && o.shard == "" && !o.rerun && !o.failFast
		failed.keep(result, whole)
	}
	return result, err
}

// tell writes what else is asked for.
func (o testOptions) tell(s Streams, result ruletest.Result, run *coverage.Run) error {
	err := report.TestsTrace(s.Err, result.Cases)
	if err == nil && o.bench {
		err = report.TestsBench(s.Err, result.Cases)
	}
	if err != nil {
		return environmentError(err)
	}
	if o.cover.given && len(result.Cases) > 0 {
		return o.cover.report(s.Err, run)
	}
	return nil
}

// runTests runs the tests at the paths that the filter selects.
func runTests(ctx context.Context, paths []string, text string, options ruletest.Options) (ruletest.Result, error) {
	suites, filter, err := loadTests(paths, text)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return ruletest.Result{}, err
	}
	return ruletest.RunWith(ctx, suites, filter, options)
}

// loadTests reads the tests at the paths, and the filter.
func loadTests(paths []string, text string) ([]ruletest.Suite, ruletest.Filter, error) {
	filter, err := ruletest.ParseFilter(text)
	if err != nil {
		return nil, filter, usageError{error: err}
	}
	if err := checkPaths(paths); err != nil {
		return nil, filter, err
	}
	suites, err := ruletest.Load(paths)
	return suites, filter, err
}

// checkPaths reports the paths at which there is nothing.
func checkPaths(paths []string) error {
	var missing []string
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, path)
		}
	}
	if missing == nil {
		return nil
	}
	return environmentError(fmt.Errorf("there is no file or folder %s", strings.Join(missing, ", ")))
}

// commandLine writes a command with its paths as a shell would read it.
func commandLine(command string, paths []string) string {
	for _, path := range paths {
		if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") != "" {
			path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
		}
		command += fmt.Sprintf(" %s", path)
	}
	return command
}
