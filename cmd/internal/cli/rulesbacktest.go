package cli

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/backtest"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func backtestFormats() []string { return append(reportFormats(), formatHTML) }

// backtestOptions say what rules backtest does.
type backtestOptions struct {
	old, from, format, inventory string
	columns, countries           map[string]string
	span                         persistence.Span
	sample                       int
	seed                         uint64
	limit                        int64
	usage, failIf                string
	unpriced                     int64
	jobs                         int
	always                       []string
	noAlways                     bool
	permute                      int64
	formats                      []string
	schema                       bool
}

func newRulesBacktest(s Streams) *cobra.Command {
	var o backtestOptions
	cmd := &cobra.Command{
		Use:   "backtest [OLD] NEW",
		Short: "Tell what rules would have done to recorded orders",
		Long: `Price recorded orders by two versions of rules, and tell what differs: orders, discount
and revenue, what each promotion costs, which of them stack, how budgets burn, the orders
that change most, and those that cannot be priced.

` + versionHelp + `
Without OLD, it is the folder NEW as it was committed, at HEAD or at --old REF.

Orders are JSON Lines of checkout orders export, or a table (CSV) with a row for each line
of an order, both also in gzip; - reads standard input. Without --from they are those of
the database. Limits and budgets are counted over the orders as they come, from nothing,
by each version for itself. Days are those of UTC.

What the tests of NEW say under always must be true of every order as well: it is taken
from the test files of its folder, or with --always from other ones, and checked under
both versions. Whether the order of lines or coupons makes a difference is tried on each
tenth order, or with --permute 1 on all, which takes three times as long.

The exit code is 1 if --fail-if holds, if more orders than --unpriced cannot be priced,
or if orders break under NEW what must always be true, which --fail-if decides where it
names invariants_broken; it is 5 if there were no orders. These names can stand in
--fail-if, amounts in whole units of the currency; it holds when it does for one of the
currencies:

` + measuresHelp(),
		Example: `  checkout rules backtest HEAD:rules rules --from november.jsonl.gz
  checkout rules backtest rules --since 2026-11-01 -o html=backtest.html --fail-if 'discount_delta_pct > 2'
  checkout rules backtest old new --from orders.csv --columns order=invoice,at=ordered_at,price=unit_price`,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.from, "from", "", "read orders from `FILE`, - for standard input (default is the database)")
	flags.StringVar(&o.format, "format", "", "the `FORMAT` of the orders: jsonl or csv (default by the name of the file, else jsonl)")
	flags.StringVar(&o.old, "old", "HEAD", "the commit of git that NEW is compared with where there is no OLD, as `REF`")
	flags.StringToStringVar(&o.columns, "columns", nil, "columns of a table as `FIELD=NAME`; fields are "+tableFields())
	flags.StringToStringVar(&o.countries, "countries", nil, "codes of countries as a table writes them, as `NAME=CODE`, such as 'United Kingdom=GB'")
	flags.StringVar(&o.inventory, "inventory", "", "an inventory `FILE` with the facts of the items of a table, and with gifts")
	spanFlags(flags, &o.span)
	flags.IntVar(&o.sample, "sample", 0, "price `N` orders only, chosen at random")
	flags.Uint64Var(&o.seed, "seed", 1, "the `SEED` that --sample chooses with")
	flags.Int64Var(&o.limit, "limit", 0, "price only the first `N` orders")
	flags.StringVar(&o.usage, "usage", "counted", "what limits are checked against, as `WAY`: counted, or recorded with each order")
	flags.StringVar(&o.failIf, "fail-if", "", "exit with code 1 if `CONDITION` holds, such as 'discount_delta_pct > 2'")
	flags.StringArrayVar(&o.always, "always", nil, "take what must always be true from the test files at `PATH`, a file or a folder (default is the folder NEW)")
	flags.BoolVar(&o.noAlways, "no-always", false, "check nothing that must always be true")
	flags.Int64Var(&o.permute, "permute", backtest.DefaultPermute, "put lines or coupons into another order on each `N`th order, where that must make no difference")
	flags.Int64Var(&o.unpriced, "unpriced", 0, "`N` orders may be impossible to price")
	flags.IntVar(&o.jobs, "jobs", 0, "price `N` orders at once (default is the number of cores)")
	flags.BoolVar(&o.schema, "schema", false, "print the JSON Schema of -o json and do nothing else")
	addOutput(cmd, &o.formats, backtestFormats()...)
	for _, name := range []string{"columns", "countries"} {
		flags.Lookup(name).DefValue = "" // instead of []
	}
	config.BindDatabaseFlags(flags)
	flags.SortFlags = false
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if o.schema {
			return noArguments(cmd, args)
		}
		return arguments("one or two versions of rules", 1, 2)(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, versions []string) error {
		if o.schema {
			return writeSchema(s, "backtest-report")
		}
		return o.run(cmd.Context(), s, cmd.Flags(), versions)
	}
	return cmd
}

func measuresHelp() string {
	var b strings.Builder
	for _, m := range backtest.MeasureNames() {
		fmt.Fprintf(&b, "  %-19s %s\n", m[0], m[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func tableFields() string {
	var names []string
	for _, f := range backtest.Fields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func (o *backtestOptions) run(ctx context.Context, s Streams, flags *pflag.FlagSet, versions []string) error {
	outputs, err := parseReports(s, o.formats, backtestFormats()...)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	var condition *backtest.Condition
	if o.failIf != "" {
		if condition, err = backtest.ParseCondition(o.failIf); err != nil {
			return usageError{error: fmt.Errorf("--fail-if: %w", err)}
		}
	}
	database := func() (config.Database, error) {
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: flags})
		return cfg.Database, err
	}
	if len(versions) == 1 {
		versions = []string{o.old + ":" + filepath.ToSlash(versions[0]), versions[0]}
	}
	var rules [2]ruleVersion
	for i, name := range versions {
		if rules[i], err = openVersion(ctx, name, database); err != nil {
			return err
		}
	}
	result, err := o.price(ctx, s, rules, database)
	if err != nil {
		return err
	}
	result.Old.Name, result.New.Name = versions[0], versions[1]
	if result.Orders.Priced+result.Orders.Failed == 0 {
		return codedError{exitNothing, errors.New("there are no orders to price")}
	}
	failed, judged := false, condition != nil && condition.Names("invariants_broken")
	if condition != nil {
		if failed, err = condition.Judge(result); err != nil {
			return usageError{error: err}
		}
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		switch format {
		case formatPretty:
			return report.BacktestPretty(w, result)
		case formatJSON:
			return writeJSON(w, result)
		case formatHTML:
			return report.BacktestHTML(w, result)
		default:
			return report.BacktestReport(commandLine("checkout rules backtest", versions), result, o.unpriced, judged).Write(w, format)
		}
	})
	if err != nil {
		return err
	}
	return o.verdict(s, result, failed, judged)
}

// check judges flags that go together.
func (o *backtestOptions) check() error {
	for _, fault := range []struct {
		is   bool
		text string
	}{
		{o.usage != "counted" && o.usage != "recorded", fmt.Sprintf("--usage %q: want counted or recorded", o.usage)},
		{o.format != "" && o.format != "jsonl" && o.format != "csv", fmt.Sprintf("--format %q: want jsonl or csv", o.format)},
		{o.format != "" && o.from == "", "--format goes with --from"},
		{(o.columns != nil || o.countries != nil) && !o.table(), "--columns and --countries go with a table: --from FILE.csv, or --format csv"},
		{o.noAlways && o.always != nil, "--no-always and --always exclude each other"},
		{o.permute < 1, "--permute is at least 1"},
		{o.sample < 0 || o.limit < 0 || o.unpriced < 0 || o.jobs < 0, "--sample, --limit, --unpriced and --jobs cannot be negative"},
	} {
		if fault.is {
			return usageError{error: errors.New(fault.text)}
		}
	}
	return nil
}

// table tells whether the orders are CSV.
func (o *backtestOptions) table() bool {
	return o.format == "csv" || o.format == "" && strings.HasSuffix(strings.TrimSuffix(o.from, ".gz"), ".csv")
}

// invariants are those that the orders are checked for.
func (o *backtestOptions) invariants(candidate ruleVersion) ([]invariant.Invariant, error) {
	switch {
	case o.noAlways:
		return nil, nil
	case o.always == nil:
		return ruletest.Always(candidate.tests, candidate.name, candidate.rules.Currency())
	}
	all, err := ruletest.AlwaysIn(o.always, candidate.rules.Currency())
	switch {
	case errors.Is(err, ruletest.ErrNoInvariants):
		return nil, usageError{error: fmt.Errorf("--always: %w", err)}
	case errors.As(err, new(diag.List)):
		return nil, err
	}
	return all, environmentError(err)
}

// price prices the orders of the file or of the database.
func (o *backtestOptions) price(ctx context.Context, s Streams, rules [2]ruleVersion, database func() (config.Database, error)) (result *backtest.Result, err error) {
	options := backtest.Options{
		Old: rules[0].rules, New: rules[1].rules, Since: o.span.Since, Until: o.span.Until,
		Sample: o.sample, Seed: o.seed, Limit: o.limit, Recorded: o.usage == "recorded", Workers: o.jobs, Permute: o.permute,
	}
	if options.Invariants, err = o.invariants(rules[1]); err != nil {
		return nil, err
	}
	if o.inventory != "" {
		if options.Catalog, err = readInventory(o.inventory, rules[1].rules.Currency()); err != nil {
			return nil, err
		}
	}
	if o.from != "" {
		file, closeFile, err := o.open(s, options.Catalog, rules[1].rules.Currency())
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, environmentError(closeFile())) }()
		return replayed(ctx, s, file, o.from, options)
	}
	cfg, err := database()
	if err != nil {
		return nil, err
	}
	err = withArchive(ctx, cfg, func(a *persistence.Archive) error {
		records, stop, err := openRecords(ctx, a, o.span)
		if err != nil {
			return environmentError(err)
		}
		defer stop()
		result, err = replayed(ctx, s, records, "the database", options)
		return err
	})
	return result, err
}

// replayed prices the orders of a source with the name.
func replayed(ctx context.Context, s Streams, source backtest.Source, name string, options backtest.Options) (*backtest.Result, error) {
	// What is in memory is small and becomes garbage at once: to collect it less
	// often saves a tenth of the time and costs some megabytes.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	bar := newProgress(s.Err, "orders")
	defer bar.done()
	options.Tick = func(orders, done, total int64) {
		if total > 0 && done > 0 { // as many orders as there are bytes for
			bar.set(orders, max(orders, int64(float64(orders)*float64(total)/float64(done))))
		} else {
			bar.set(orders, -1)
		}
	}
	result, err := backtest.Run(ctx, source, options)
	if err != nil {
		return nil, environmentError(fmt.Errorf("read orders from %s: %w", name, err))
	}
	result.Input.From = name
	return result, nil
}

// open opens the file of orders.
func (o *backtestOptions) open(s Streams, items engine.CatalogMap, currency engine.Currency) (source backtest.Source, closeFile func() error, err error) {
	in, size := s.In, int64(-1)
	closeFile = func() error { return nil }
	if o.from != "-" {
		f, err := os.Open(o.from)
		if err != nil {
			return nil, nil, environmentError(fmt.Errorf("read orders: %w", err))
		}
		closeFile = f.Close
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		in = f
	}
	buffered := bufio.NewReaderSize(in, 1<<16)
	in = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if in, err = gzip.NewReader(buffered); err != nil {
			return nil, nil, environmentError(errors.Join(fmt.Errorf("read orders from %s: %w", o.from, err), closeFile()))
		}
		size = -1 // of what is in it
	}
	if !o.table() {
		return backtest.NewLines(in, size), closeFile, nil
	}
	columns := make(map[backtest.Field]string)
	for _, field := range slices.Sorted(maps.Keys(o.columns)) {
		columns[backtest.Field(field)] = o.columns[field]
	}
	source, err = backtest.NewCSV(in, size, backtest.CSV{Columns: columns, Currency: currency, Items: items, Countries: o.countries})
	if err == nil {
		return source, closeFile, nil
	}
	err = errors.Join(fmt.Errorf("read orders from %s: %w", o.from, err), closeFile())
	if errors.As(err, new(*backtest.ColumnError)) || errors.As(err, new(*backtest.FieldError)) {
		return nil, nil, usageError{error: err}
	}
	return nil, nil, environmentError(err)
}

func readInventory(file string, currency engine.Currency) (engine.CatalogMap, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, environmentError(fmt.Errorf("read the inventory: %w", err))
	}
	items, err := catalogue.Parse(filepath.ToSlash(file), data, currency)
	if errors.As(err, new(diag.List)) {
		return nil, err
	}
	return engine.NewCatalog(items), err
}

// verdict tells on standard error why the exit code is not 0.
// A condition about broken invariants judges them alone.
func (o *backtestOptions) verdict(s Streams, r *backtest.Result, failed, judged bool) error {
	if failed {
		fmt.Fprintf(s.Err, "checkout: --fail-if holds: %s (%s)\n", o.failIf, strings.Join(r.FailIf.Met, ", "))
	}
	unpriced := r.Orders.Failed > o.unpriced
	if unpriced {
		fmt.Fprintf(s.Err, "checkout: %d orders could not be priced; allow so many with --unpriced %d\n", r.Orders.Failed, r.Orders.Failed)
	}
	broken := r.Orders.Broken > 0 && !judged
	if broken {
		fmt.Fprintf(s.Err, "checkout: what must always be true is broken by orders, %d of them; allow so many with --fail-if 'invariants_broken > %d', or check nothing with --no-always\n",
			r.Orders.Broken, r.Orders.Broken)
	}
	if failed || unpriced || broken {
		return silentError{exitFindings}
	}
	return nil
}
