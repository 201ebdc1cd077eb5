package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/rules/difference"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func newRulesDiff(s Streams) *cobra.Command {
	var cases, formats []string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what two versions of rules do otherwise",
		Long: `Compare two versions of rules by what they mean: promotions that are new or gone, and
the keys of others that mean something else. Order, comments, blanks, and the names of
sets and conditions mean nothing. With --cases, the carts of rule tests are priced by
both, and those that come out otherwise are listed. The exit code is 1 if anything
differs.

` + versionHelp,
		Example: `  checkout rules diff examples/promotions/coupons/rules examples/promotions/gifts/rules
  checkout rules diff HEAD:rules rules --cases rules`,
		Args: arguments("two versions of rules", 2, 2),
	}
	cmd.Flags().StringArrayVar(&cases, "cases", nil, "price the carts of the rule tests at `PATH` by both; may be repeated")
	addOutput(cmd, &formats, noteFormats()...)
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, versions []string) error {
		database := func() (config.Database, error) {
			cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
			return cfg.Database, err
		}
		old, err := openVersion(cmd.Context(), versions[0], database)
		if err != nil {
			return err
		}
		now, err := openVersion(cmd.Context(), versions[1], database)
		if err != nil {
			return err
		}
		return diffVersions(cmd.Context(), s, old, now, cases, formats)
	}
	return cmd
}

func diffVersions(ctx context.Context, s Streams, old, now ruleVersion, cases, formats []string) error {
	outputs, err := parseReports(s, formats, noteFormats()...)
	if err != nil {
		return err
	}
	d := report.Differences{Difference: difference.Between(old.files, now.files)}
	if len(cases) > 0 {
		if err := checkPaths(cases); err != nil {
			return err
		}
		suites, err := ruletest.Load(cases)
		if err != nil {
			return err
		}
		if d.Outcomes, d.Cases, err = difference.Outcomes(ctx, suites, old.rules, now.rules); err != nil {
			return err
		}
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		switch format {
		case formatPretty:
			return d.Pretty(w)
		case formatJSON:
			return d.JSON(w)
		default:
			return d.Report(commandLine("checkout rules diff", []string{old.name, now.name}), old.folder(), now.folder()).Write(w, format)
		}
	})
	if err == nil && (!d.Empty() || len(d.Outcomes) > 0) {
		return silentError{exitFindings}
	}
	return err
}
