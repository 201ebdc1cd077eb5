package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func newOrders(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "orders",
		Short: "Show, export, replay, cancel and return orders",
		Long: `Show, export, replay, cancel and return the orders of a shop. Every order is kept with the rules and
with all else that its price was made from, so that it can be priced again as it was.

The database is that of checkout run, with the same settings, which may be running
meanwhile. Only cancel and return change something in it.

With --server URL, list, show, cancel and return ask a running server over its API, with a
key of the scope orders:read, or orders:write to change an order.` + findingsAre("an order is priced otherwise, cannot be replayed, is in another state or\nis not there"),
	}
	asGroup(cmd)
	cmd.AddCommand(newOrdersCancel(s), newOrdersExport(s), newOrdersList(s), newOrdersReplay(s), newOrdersReturn(s), newOrdersRules(s), newOrdersShow(s))
	return cmd
}

// onArchive makes run the action of the command, on the archive of the configured
// database.
func onArchive(s Streams, cmd *cobra.Command, run func(ctx context.Context, a *persistence.Archive, args []string) error) *cobra.Command {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return onArchiveOf(cmd, s, func(ctx context.Context, a *persistence.Archive) error { return refusal(run(ctx, a, args)) })
	}
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	return cmd
}

// onArchiveOf runs something on the archive of the database that the flags of the command
// and the environment name.
func onArchiveOf(cmd *cobra.Command, s Streams, run func(context.Context, *persistence.Archive) error) error {
	cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
	if err != nil {
		return err
	}
	return withArchive(cmd.Context(), cfg.Database, func(a *persistence.Archive) error { return run(cmd.Context(), a) })
}

// reportArchive is onArchive for an action that returns what -o writes.
func reportArchive(s Streams, cmd *cobra.Command, run func(ctx context.Context, a *persistence.Archive, args []string) (rendering, error)) *cobra.Command {
	var formats []string
	addOutput(cmd, &formats)
	return onArchive(s, cmd, func(ctx context.Context, a *persistence.Archive, args []string) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		result, err := run(ctx, a, args)
		if err != nil {
			return err
		}
		return write(outputs, s.Out, result)
	})
}

// inFull writes one thing, as JSON or as the text.
func inFull(asJSON any, text string) rendering {
	return func(w io.Writer, format string) error {
		if format == formatJSON {
			return writeJSON(w, asJSON)
		}
		_, err := io.WriteString(w, text)
		return err
	}
}

// inPages writes a page of a list, as JSON or as the table; next is what --after wants
// for the page after it, "" for the last one.
func inPages(page any, rows int, none, next string, table func(w io.Writer) error) rendering {
	return func(w io.Writer, format string) error {
		if format == formatJSON {
			return writeJSON(w, page)
		}
		if rows == 0 {
			_, err := fmt.Fprintln(w, none)
			return err
		}
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		err := errors.Join(table(columns), columns.Flush())
		if next != "" {
			_, printed := fmt.Fprintf(w, "more: --after %s\n", next)
			err = errors.Join(err, printed)
		}
		return err
	}
}

// withArchive does something with a database that exists, and closes it.
func withArchive(ctx context.Context, cfg config.Database, do func(*persistence.Archive) error) (err error) {
	a, err := openArchive(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, environmentError(a.Close())) }()
	return do(a)
}

// openArchive opens a database that exists.
func openArchive(ctx context.Context, cfg config.Database) (*persistence.Archive, error) {
	if err := existing(cfg); err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, environmentError(err)
	}
	a, err := persistence.OpenArchive(ctx, db)
	return a, environmentError(err)
}

// spanFlags adds --since and --until.
func spanFlags(flags *pflag.FlagSet, span *persistence.Span) {
	flags.Var(&instant{&span.Since}, "since", "only orders placed at or after `TIME`, such as 2026-11-01 or 2026-11-01T08:00:00Z")
	flags.Var(&instant{&span.Until}, "until", "only orders placed before `TIME`; days begin at midnight UTC")
}

// instant is a flag for an instant.
type instant struct{ at *time.Time }

// String implements pflag.Value.
func (i *instant) String() string {
	if i.at == nil || i.at.IsZero() {
		return ""
	}
	return i.at.Format(time.RFC3339Nano)
}

// Set implements pflag.Value.
func (i *instant) Set(text string) error {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			*i.at = at
			return nil
		}
	}
	return fmt.Errorf("want a day such as 2026-11-01 or an instant such as 2026-11-01T08:00:00Z")
}

// Type implements pflag.Value.
func (i *instant) Type() string { return "time" }

// orderLine is one line of an export, and what show writes as JSON. Its form is
// that of orders.schema.json: version 1, to which fields are only added.
type orderLine struct {
	Version   int             `json:"version"`
	Reference string          `json:"reference"`
	PlacedAt  time.Time       `json:"placed_at"`
	Ruleset   string          `json:"ruleset"`
	Request   json.RawMessage `json:"request"` // null for orders from before the archive
	Quote     json.RawMessage `json:"quote"`
	// State and Refunded, in smallest units, are as they are now.
	State    engine.OrderState `json:"state"`
	Refunded engine.Amount     `json:"refunded"`
}

func newOrderLine(r *persistence.Record) orderLine {
	line := orderLine{Version: 1, Reference: r.Reference, PlacedAt: r.PlacedAt, Ruleset: r.Ruleset, Quote: json.RawMessage(r.Quote), State: r.State, Refunded: r.Refunded}
	if r.Request != "" {
		line.Request = json.RawMessage(r.Request)
	}
	return line
}

// writeOrderLine writes the order on one line. Texts keep the bytes that they are
// stored with.
func writeOrderLine(w io.Writer, r *persistence.Record) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(newOrderLine(r)); err != nil {
		return fmt.Errorf("order %s is damaged: %w", r.Reference, err)
	}
	_, err := w.Write(text.Bytes())
	return err
}
