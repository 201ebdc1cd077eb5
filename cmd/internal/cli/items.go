package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/catalogue"
)

func newItems(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "items",
		Short: "Import, export and change the items of the shop",
		Long: `Import, export and change the items of the shop, in the database that checkout run
uses with the same settings, whether it runs meanwhile or not. Prices are in the
currency of the rules.

With --server URL, all but import ask a running server over its API, with a key of the
scope inventory:read, or inventory:write to change an item.` + findingsAre("a file has faults, or the change is refused"),
	}
	asGroup(cmd)
	cmd.AddCommand(newItemsImport(s), newItemsExport(s), newItemsShow(s), newItemsAdjust(s), newItemsMovements(s),
		newItemsDelete(s), newItemsRestore(s))
	return cmd
}

// shopTool makes run the action of a command on the catalogue. A database file that is
// not there is made.
func shopTool(s Streams, cmd *cobra.Command, run func(ctx context.Context, data *persistence.Store, args []string) error) *cobra.Command {
	config.BindShopFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		data, err := openShop(cmd, s, true)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, environmentError(data.Close())) }()
		return refusal(run(cmd.Context(), data, args))
	}
	return cmd
}

// openShop opens the database that the settings name, in the currency of the
// rules that they name.
func openShop(cmd *cobra.Command, s Streams, create bool) (*persistence.Store, error) {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err != nil {
		return nil, err
	}
	check := existing
	if create {
		check = lasting
	}
	if err := check(cfg.Database); err != nil {
		return nil, err
	}
	rules, err := checkFolder(cfg.Rules)
	if err != nil {
		return nil, fmt.Errorf("read the currency of the shop: %w", err)
	}
	return openMigrated(cmd.Context(), cfg.Database, persistence.Options{Currency: rules.Ruleset.Currency()})
}

// afterFlags puts the negative number of "items adjust SKU -3" behind the flags,
// because it would be taken for one.
func afterFlags(args []string) []string {
	if len(args) < 2 || args[0] != "items" || args[1] != "adjust" || slices.Contains(args, "--") {
		return args
	}
	negative := regexp.MustCompile(`^-[0-9]+$`)
	var others, numbers []string
	for i, arg := range args {
		valueOfFlag := strings.HasPrefix(args[max(0, i-1)], "--") && !strings.Contains(args[max(0, i-1)], "=")
		if negative.MatchString(arg) && !valueOfFlag {
			numbers = append(numbers, arg)
			continue
		}
		others = append(others, arg)
	}
	if len(numbers) == 0 {
		return args
	}
	return slices.Concat(others, []string{"--"}, numbers)
}

func newItemsExport(s Streams) *cobra.Command {
	var format, file string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all items to a file that import reads",
		Long: `Write all items, by SKU, to standard output or a file, as CSV or as JSON Lines.
Importing the file again makes every item what it was. Deleted items are left out.` + overServer,
		Example: `  checkout items export -o items.csv
  checkout items export --server http://localhost:8000 --key-file key.txt -o items.csv
  checkout items export --format jsonl >items.jsonl`,
		Args: noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&format, "format", string(catalogue.CSV), "write as `FORMAT`: csv or jsonl")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write to `FILE` instead of standard output")
	return bothWaysTo(cmd, s, stockrooms(s, false), func(ctx context.Context, data stockroom, _ []string) error {
		if format != string(catalogue.CSV) && format != string(catalogue.JSONL) {
			return usageError{error: fmt.Errorf("format %q: want csv or jsonl", format)}
		}
		items, err := data.Items(ctx)
		if err != nil {
			return err
		}
		return writeWhole(s.Out, file, 0o644, func(w io.Writer) error {
			return catalogue.Write(w, catalogue.Format(format), items, data.Currency())
		})
	})
}

func newItemsShow(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SKU|NAME",
		Short: "Show an item",
		Long: `Show the item that has the SKU or else exactly the name.` + overServer + ` It finds
items by SKU alone.`,
		Example: `  checkout items show 120P90
  checkout items show -o json "Google TV"`,
		Args: arguments("a SKU or a name", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	return bothWays(s, cmd, stockrooms(s, false), func(ctx context.Context, data stockroom, args []string) (rendering, error) {
		item, err := data.ItemByKey(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return either(func(w io.Writer) error {
			return catalogue.Write(w, catalogue.JSONL, []engine.Item{item}, data.Currency())
		}, func(w io.Writer) error { return showItem(w, &item, data.Currency()) }), nil
	})
}

// either is what writes one thing in the two formats of every command.
func either(asJSON, pretty func(io.Writer) error) rendering {
	return func(w io.Writer, format string) error {
		if format == formatJSON {
			return asJSON(w)
		}
		return pretty(w)
	}
}

// reportTo writes a report to where -o says.
func reportTo(s Streams, formats []string, asJSON, pretty func(io.Writer) error) error {
	outputs, err := parseOutputs(formats)
	if err != nil {
		return err
	}
	return write(outputs, s.Out, either(asJSON, pretty))
}

func showItem(w io.Writer, item *engine.Item, currency engine.Currency) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	field("sku", item.SKU)
	field("name", item.Name)
	field("price", currency.Format(item.Price)+" "+currency.Code())
	if item.MinPrice > 0 {
		field("min_price", currency.Format(item.MinPrice)+" "+currency.Code())
	}
	field("stock", strconv.FormatInt(item.Stock, 10))
	field("categories", strings.Join(item.Categories, ", "))
	field("brand", item.Brand)
	field("tags", strings.Join(item.Tags, ", "))
	for _, name := range slices.Sorted(maps.Keys(item.Attributes)) {
		field("attributes."+name, item.Attributes[name].String())
	}
	return t.Flush()
}

func newItemsAdjust(s Streams) *cobra.Command {
	var reason, note string
	cmd := &cobra.Command{
		Use:   "adjust SKU DELTA",
		Short: "Add units to the stock of an item, or take them",
		Long: `Add so many units to the stock of the item, or take them when the number is
negative, and record why. A stock never goes below zero: then nothing changes.` + overServer + onceMore,
		Example: `  checkout items adjust 120P90 24 --reason receipt --note "delivery 4711"
  checkout items adjust 120P90 -1 --reason correction --server http://localhost:8000 --key-file key.txt
  checkout items adjust 120P90 -1 --reason correction --note broken`,
		Args: arguments("a SKU and a number of units", 2, 2),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`REASON` of the change: "+manualReasons())
	cmd.Flags().StringVar(&note, "note", "", "`TEXT` that says more, for people")
	return bothWays(s, cmd, stockrooms(s, true), func(ctx context.Context, data stockroom, args []string) (rendering, error) {
		delta, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return nil, usageError{error: fmt.Errorf("number of units %q: want a whole number such as 24 or -1", args[1])}
		}
		if reason == "" {
			return nil, usageError{error: fmt.Errorf("--reason is missing: say %s", manualReasons())}
		}
		stock, err := data.AdjustStock(ctx, args[0], delta, persistence.Reason(reason), note)
		if err != nil {
			return nil, err
		}
		return either(func(w io.Writer) error {
			return writeJSON(w, struct {
				SKU   string `json:"sku"`
				Delta int64  `json:"delta"`
				Stock int64  `json:"stock"`
			}{args[0], delta, stock})
		}, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s: %+d, stock %d\n", args[0], delta, stock)
			return err
		}), nil
	})
}

// manualReasons lists the reasons that a person can give.
func manualReasons() string {
	var words []string
	for _, reason := range persistence.ManualReasons() {
		words = append(words, string(reason))
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func newItemsMovements(s Streams) *cobra.Command {
	var limit int
	var from int64
	cmd := &cobra.Command{
		Use:   "movements SKU",
		Short: "Show what changed the stock of an item",
		Long: `Show the changes of the stock of the item, newest first, also of a deleted one. To
see older ones, give the id of the last one shown as --from.` + overServer,
		Example: `  checkout items movements 120P90
  checkout items movements 120P90 --limit 100 --from 4711 -o json`,
		Args: arguments("a SKU", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().IntVar(&limit, "limit", 20, fmt.Sprintf("show at most so many, 1 to %d", persistence.MaxMovements))
	cmd.Flags().Int64Var(&from, "from", 0, "show only those older than the one with this `ID`")
	return bothWays(s, cmd, stockrooms(s, false), func(ctx context.Context, data stockroom, args []string) (rendering, error) {
		movements, err := data.Movements(ctx, args[0], from, limit)
		if err != nil {
			return nil, err
		}
		return either(func(w io.Writer) error {
			return writeJSON(w, struct {
				Version   int                    `json:"version"`
				Movements []persistence.Movement `json:"movements"`
			}{1, movements})
		}, func(w io.Writer) error { return showMovements(w, movements) }), nil
	})
}

func showMovements(w io.Writer, movements []persistence.Movement) error {
	if len(movements) == 0 {
		_, err := fmt.Fprintln(w, "no movements")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\tat\tdelta\tstock\treason\torder or note")
	for _, m := range movements {
		fmt.Fprintf(t, "%d\t%s\t%+d\t%d\t%s\t%s\n", m.ID, m.At.Format("2006-01-02 15:04:05"), m.Delta, m.StockAfter, m.Reason, cmp.Or(m.Order, m.Note))
	}
	return t.Flush()
}

func newItemsDelete(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete SKU...",
		Short: "Take items off sale",
		Long: `Take items off sale, all or none. They keep their history, their names are free, and
restore, or an import of the same SKU, brings them back.` + overServer + onceMore + ` It
takes one item at a time.`,
		Example: `  checkout items delete 120P90 43N23P`,
		Args:    arguments("one SKU or more", 1, -1),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	return bothWaysTo(cmd, s, stockrooms(s, true), func(ctx context.Context, data stockroom, skus []string) error {
		if err := data.DeleteItems(ctx, skus); err != nil {
			return err
		}
		return done(s, "deleted", skus)
	})
}

func newItemsRestore(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore SKU...",
		Short: "Put deleted items back on sale",
		Long: `Put deleted items back on sale as they were, all or none. Where another item has the
name meanwhile, import the item with another name instead.` + overServer + onceMore + ` It
takes one item at a time.`,
		Example: `  checkout items restore 120P90`,
		Args:    arguments("one SKU or more", 1, -1),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	return bothWaysTo(cmd, s, stockrooms(s, true), func(ctx context.Context, data stockroom, skus []string) error {
		if err := data.RestoreItems(ctx, skus); err != nil {
			return err
		}
		return done(s, "restored", skus)
	})
}

func done(s Streams, what string, skus []string) error {
	_, err := fmt.Fprintf(s.Out, "%s %s\n", what, strings.Join(skus, ", "))
	return err
}
