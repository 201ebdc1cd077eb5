package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/rules/record"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func newRulesRecord(s Streams) *cobra.Command {
	var file, name string
	cmd := &cobra.Command{
		Use:   "record REF",
		Short: "Make a rule test of an order",
		Long: `Write a rule test that has the cart of an order with all that its price depended on,
and expects what it cost. What the price does not depend on is left out, above all of the
customer, who gets another id; what is left of the customer and the delivery is told, so
that you look at it before you share the test. The test holds for the rules of that time:
beside today's rules it says whether they still price the order alike.

The database is that of checkout run, with the same settings.`,
		Example: `  checkout rules record --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout rules record 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 -f rules/stacking_test.yaml --name 'two carts that stacked'`,
		Args:              arguments("the reference of an order", 1, 1),
		ValidArgsFunction: completeOrders(s, 1),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "write to the new `FILE` beside the rules (default is standard output)")
	cmd.Flags().StringVar(&name, "name", "recorded order", "the `NAME` of the test")
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil {
			return err
		}
		if file != "" && !ruletest.IsTestFile(file) {
			return usageError{error: fmt.Errorf("%s would not be found: tests are files called *_test.yaml", file)}
		}
		return recordOrder(cmd.Context(), s, cfg.Database, args[0], name, file)
	}
	return cmd
}

func recordOrder(ctx context.Context, s Streams, cfg config.Database, reference, name, file string) error {
	request, rules, err := requestOf(ctx, cfg, reference)
	if err != nil {
		return err
	}
	recorded, err := record.Test(rules, request, name)
	if err != nil {
		return codedError{exitFindings, err}
	}
	if len(recorded.Kept) > 0 {
		fmt.Fprintf(s.Err, "checkout: the price depends on %s; look at it before you share the test\n", strings.Join(recorded.Kept, ", "))
	}
	if file == "" {
		_, err := s.Out.Write(recorded.File)
		return environmentError(err)
	}
	return createFile(file, recorded.File)
}

// createFile writes a file that must not be there yet.
func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return environmentError(fmt.Errorf("%s is there already; name a new file", path))
	}
	if err != nil {
		return environmentError(err)
	}
	_, err = f.Write(data)
	return environmentError(errors.Join(err, f.Close()))
}
