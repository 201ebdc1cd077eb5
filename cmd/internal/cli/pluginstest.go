package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// testCall is how long a call of a plugin may take while rules are tested.
const testCall = 5 * time.Second

func newPluginsTest(s Streams) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test PATH [test path...]",
		Short: "Run rule tests with a plugin in place of its stubs",
		Long: `Run the rule tests at the paths, by default below this folder, twice: with stubs, and
with the program at PATH in place of the stubs of its name, over gRPC as a server does. A
stub that is a fault stays one. Cases that fail with the program are reported; one that
passes with stubs says that they are not what the plugin does. Tests that never ask the
plugin are no tests of it. Settings are those of plugins.settings.

Only the tests of its author call a plugin in Go within their process (package plugintest).`,
		Example: `  checkout plugins test plugins/loyalty examples/loyalty
  checkout plugins test plugins/loyalty --run 'test=points*' --config checkout.yaml examples/loyalty`,
		Args: func(cmd *cobra.Command, args []string) error {
			return arguments("the path of a program, and then those of tests", 1, -1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, paths []string) error {
			if o.paths = paths[1:]; len(o.paths) == 0 {
				o.paths = []string{"."}
			}
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			if err != nil {
				return err
			}
			command := commandLine("checkout plugins test", paths)
			if file := cmd.Flags().Lookup("config"); file.Changed {
				command = commandLine(command+" --config", []string{file.Value.String()})
			}
			return testPlugin(cmd.Context(), s, cfg.Plugins, paths[0], o, command)
		},
	}
	cmd.Flags().StringVar(&o.filter, "run", "", "only the cases that match `FILTER`, such as 'file=tv_test.yaml;test=third*;qty=3'")
	addOutput(cmd, &o.formats, reportFormats()...)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

func testPlugin(ctx context.Context, s Streams, cfg config.Plugins, program string, o testOptions, command string) error {
	outputs, err := parseReports(s, o.formats, reportFormats()...)
	if err != nil {
		return err
	}
	suites, filter, err := loadTests(o.paths, o.filter)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	stubbed, err := ruletest.RunWith(ctx, suites, filter, ruletest.Options{})
	if err != nil {
		return err
	}
	result, err := runWithPlugin(ctx, cfg, program, suites, filter)
	if err != nil {
		return err
	}
	differing := differingCases(stubbed, result)
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		if format == formatPretty {
			return writePluginTests(w, result, differing, command)
		}
		return writeTests(w, format, differingMarked(stubbed, result), command)
	})
	if err == nil && result.Failed > 0 {
		return silentError{exitFindings}
	}
	return err
}

// runWithPlugin runs the tests with the program, in the currency of their rules.
func runWithPlugin(ctx context.Context, cfg config.Plugins, path string, suites []ruletest.Suite, filter ruletest.Filter) (result ruletest.Result, err error) {
	currency, err := currencyOf(suites)
	if err != nil {
		return result, err
	}
	program, err := openProgram(ctx, path, cfg, currency) // says what is wrong with one that does not start
	if err != nil {
		return result, err
	}
	err = program.Prepare(ctx)
	if err = errors.Join(err, program.Close()); err != nil {
		return result, environmentError(fmt.Errorf("start plugin %s: %w", pluginName(path), err))
	}
	options := hostOptions(cfg, currency, quiet())
	options.Dir, options.Dev, options.Timeout = filepath.Dir(path), true, max(testCall, cfg.Timeout)
	running, err := host.New(options)
	if err != nil {
		return result, environmentError(err)
	}
	defer func() { err = errors.Join(err, environmentError(running.Close())) }()
	running.Use([]host.Pin{{Name: pluginName(path)}})
	if err := running.Ready(ctx); err != nil {
		return result, err
	}
	result, err = ruletest.RunWith(ctx, suites, filter, ruletest.Options{Plugins: running, Real: []string{pluginName(path)}})
	if err == nil && result.Failed == 0 && running.Status()[0].Calls == 0 {
		err = codedError{exitNothing, fmt.Errorf("no test asks plugin %s: none of the rules of the tests has a deal or fact of it", pluginName(path))}
	}
	return result, err
}

// currencyOf returns the currency that all suites are in.
func currencyOf(suites []ruletest.Suite) (engine.Currency, error) {
	var currency engine.Currency
	for _, suite := range suites {
		if c := suite.Rules.Currency(); currency != (engine.Currency{}) && c != currency {
			return currency, usageError{error: fmt.Errorf("tests in %s and in %s: a plugin has one currency; name the paths of tests of one shop", currency, c)}
		}
		currency = suite.Rules.Currency()
	}
	return currency, nil
}

// pluginName is the name of the program at the path.
func pluginName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }

// differingCases are those that pass with stubs and fail with the plugin.
func differingCases(stubbed, real ruletest.Result) []ruletest.CaseResult {
	var differing []ruletest.CaseResult
	for i, c := range real.Cases {
		if stubbed.Cases[i].Passed && !c.Passed {
			differing = append(differing, c)
		}
	}
	return differing
}

// differingMarked is the result in which cases that pass with stubs say so.
func differingMarked(stubbed, real ruletest.Result) ruletest.Result {
	real.Cases = slices.Clone(real.Cases)
	for i, c := range real.Cases {
		if stubbed.Cases[i].Passed && !c.Passed {
			real.Cases[i].Mismatches = append(slices.Clone(c.Mismatches), ruletest.Mismatch{Field: "stubs", Want: "what the plugin says", Got: "something else, with which the case passes"})
		}
	}
	return real
}

func writePluginTests(w io.Writer, result ruletest.Result, differing []ruletest.CaseResult, command string) error {
	if err := report.TestsPretty(w, result, command); err != nil || len(differing) == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "pass with stubs, which say something else than the plugin: %d\n", len(differing))
	for _, c := range differing {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %s:%d  %s\n", c.File, c.Line, strings.TrimSpace(c.Name+" "+c.Row))
		}
	}
	return err
}
