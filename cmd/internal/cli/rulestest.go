package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func newRulesTest(s Streams) *cobra.Command {
	var run string
	var formats []string
	var allowEmpty bool
	cmd := &cobra.Command{
		Use:   "test [path...]",
		Short: "Run the rule tests (*_test.yaml) at the paths, by default below this folder",
		Example: `  checkout rules test examples/quickstart
  checkout rules test --run 'test=every third*;qty=3' examples
  checkout rules test -o pretty -o json=result.json examples`,
		RunE: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{"."}
			}
			outputs, err := parseOutputs(formats, "pretty", "json")
			if err != nil {
				return err
			}
			err = testRules(s, paths, run, outputs)
			if errors.Is(err, ruletest.ErrNoTests) && allowEmpty {
				return nil
			}
			return err
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "only the cases that match, such as 'file=tv_test.yaml;test=third*;qty=3'")
	cmd.Flags().StringArrayVarP(&formats, "output", "o", nil, "`FORMAT[=FILE]`: pretty or json; may be repeated")
	cmd.Flags().BoolVar(&allowEmpty, "allow-empty", false, "succeed when there are no tests")
	return cmd
}

func testRules(s Streams, paths []string, run string, outputs []output) error {
	filter, err := ruletest.ParseFilter(run)
	if err != nil {
		return usageError{err}
	}
	suites, err := ruletest.Load(paths)
	if err != nil {
		return err
	}
	result, err := ruletest.Run(suites, filter)
	if err != nil {
		return err
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		if format == "json" {
			return report.TestsJSON(w, result)
		}
		return report.TestsPretty(w, result, commandLine("checkout rules test", paths))
	})
	if err == nil && result.Failed > 0 {
		return silentError{exitFindings}
	}
	return err
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
