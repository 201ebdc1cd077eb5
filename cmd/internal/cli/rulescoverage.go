package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// The formats of coverage besides those that every command has.
const (
	formatHTML = "html"
	formatLCOV = "lcov"
)

func coverageFormats() []string { return append(noteFormats(), formatHTML, formatLCOV) }

// coverageOptions say what rules coverage does.
type coverageOptions struct {
	paths   []string
	filter  string
	formats []string
	least   float64
	newOnly string
}

func newRulesCoverage(s Streams) *cobra.Command {
	var o coverageOptions
	cmd := &cobra.Command{
		Use:   "coverage [path...]",
		Short: "Show what of the rules their tests reach",
		Long: `Run the rule tests at the paths, by default below this folder, and show what of the
rules they reach: whether each part of each condition was true and false, how each
promotion ended, and whether each step, limit and group made a difference. That others
keep a promotion from its effect (displaced, excluded, cap_reached) counts where a cart
was found on which they do. Of files in which something was not reached the source is
shown, each line with how many of its points were reached, and what was not, and how
often each promotion ended how.

A page to open in a browser is written by -o html=FILE. The command fails when a
test does, and when less than --min percent is reached.`,
		Example: `  checkout rules coverage examples
  checkout rules coverage --min 95 -o pretty -o html=coverage.html examples
  checkout rules coverage --new-only main --min 100 examples`,
		ValidArgsFunction: completeTests,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if o.paths = paths; len(paths) == 0 {
				o.paths = []string{"."}
			}
			return coverRules(cmd.Context(), s, o)
		},
	}
	cmd.Flags().StringVar(&o.filter, "run", "", "only the cases that match `FILTER`, as in rules test")
	cmd.Flags().Float64Var(&o.least, "min", 0, "fail when less than `PERCENT` is reached")
	cmd.Flags().StringVar(&o.newOnly, "new-only", "", "only lines that are other ones than at the git `REF`")
	addOutput(cmd, &o.formats, coverageFormats()...)
	return cmd
}

func coverRules(ctx context.Context, s Streams, o coverageOptions) error {
	outputs, err := parseReports(s, o.formats, coverageFormats()...)
	if err != nil {
		return err
	}
	if err := checkPercent("--min", o.least); err != nil {
		return err
	}
	tests, result, err := measureCoverage(ctx, o)
	if err != nil {
		return err
	}
	colours := wantsColour(s)
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		switch format {
		case formatJSON:
			return report.CoverageJSON(w, result)
		case formatHTML:
			return report.CoverageHTML(w, result)
		case formatLCOV:
			return report.CoverageLCOV(w, result)
		case formatPretty:
			return report.CoveragePretty(w, result, colours && w == s.Out)
		default:
			return report.CoverageReport(commandLine("checkout rules coverage", o.paths), result).Write(w, format)
		}
	})
	if err != nil {
		return err
	}
	if tests.Failed > 0 {
		return codedError{exitFindings, fmt.Errorf("%d of %d cases fail; %s shows them", tests.Failed, len(tests.Cases), commandLine("checkout rules test", o.paths))}
	}
	return belowMinimum("coverage", result.Share().Percent(), o.least)
}

// measureCoverage runs the tests and returns what they have reached of the lines that
// are asked for.
func measureCoverage(ctx context.Context, o coverageOptions) (ruletest.Result, coverage.Result, error) {
	suites, filter, err := loadTests(o.paths, o.filter)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return ruletest.Result{}, coverage.Result{}, err
	}
	run := newCoverage()
	run.Add(suites...)
	tests, err := ruletest.RunWith(ctx, suites, filter, ruletest.Options{Priced: run.Priced})
	if err != nil {
		return tests, coverage.Result{}, err
	}
	result, err := run.Result()
	if err == nil && o.newOnly != "" {
		var changed changedLines
		if changed, err = changedSince(ctx, o.newOnly, result); err == nil {
			result = result.Only(changed.has)
		}
	}
	return tests, result, err
}

// newCoverage returns a run that reads rule files where they are.
func newCoverage() *coverage.Run {
	return coverage.New(func(folder string) ([]compile.File, error) { return compile.Read(os.DirFS(folder)) })
}

// belowMinimum reports a percentage that is less than it has to be.
func belowMinimum(what string, percent, least float64) error {
	if percent >= least {
		return nil
	}
	return codedError{exitFindings, fmt.Errorf("%s is %.1f %%, below the minimum of %g %%", what, float64(int(percent*10))/10, least)}
}

func checkPercent(flag string, percent float64) error {
	if percent < 0 || percent > 100 {
		return usageError{error: fmt.Errorf("%s %g: want a percentage from 0 to 100", flag, percent)}
	}
	return nil
}

// wantsColour reports whether the output is a terminal whose user did not refuse
// colours.
func wantsColour(s Streams) bool {
	refused := slices.ContainsFunc(s.Env, func(v string) bool { return strings.HasPrefix(v, "NO_COLOR=") && v != "NO_COLOR=" })
	return !refused && isTerminal(s.Out)
}

// coverFlag is --cover[=MIN].
type coverFlag struct {
	given bool
	least float64
}

// String implements pflag.Value.
func (f *coverFlag) String() string {
	if !f.given {
		return ""
	}
	return strconv.FormatFloat(f.least, 'g', -1, 64)
}

// Set implements pflag.Value.
func (f *coverFlag) Set(text string) error {
	least, err := strconv.ParseFloat(text, 64)
	if err != nil || least < 0 || least > 100 {
		return errors.New("want a percentage from 0 to 100")
	}
	f.given, f.least = true, least
	return nil
}

// Type implements pflag.Value.
func (f *coverFlag) Type() string { return "percent" }

// options are those of a run of tests that is measured, where that is asked for.
func (f *coverFlag) options(run *coverage.Run) ruletest.Options {
	if !f.given {
		return ruletest.Options{}
	}
	return ruletest.Options{Priced: run.Priced}
}

// report writes how much was reached.
func (f *coverFlag) report(w io.Writer, run *coverage.Run) error {
	result, err := run.Result()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, report.CoverageLine(result))
	return belowMinimum("coverage", result.Share().Percent(), f.least)
}
