package cli

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/persistence"
)

// orderSchema is the JSON Schema of a line of an export.
//
//go:embed orders.schema.json
var orderSchema string

// exportOptions say what orders export does.
type exportOptions struct {
	span   persistence.Span
	file   string
	jsonl  bool
	schema bool
}

func newOrdersExport(s Streams) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write orders with all that their prices were made from",
		Long: `Write the orders, the oldest first, one JSON object a line: reference, placed_at,
ruleset (a digest), request (the cart with its items, the catalogue of gifts, the
customer, what limits were checked against) and quote. Amounts are whole smallest
units. --schema prints the JSON Schema of a line.`,
		Example: `  checkout orders export --sqlite data/db -o orders.jsonl
  checkout orders export --since 2026-11-01 --until 2026-12-01 | gzip >november.jsonl.gz`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&o.jsonl, "jsonl", true, "one JSON object a line, the only form so far")
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "write to `FILE` instead of standard output")
	cmd.Flags().BoolVar(&o.schema, "schema", false, "print the JSON Schema of a line and do nothing else")
	spanFlags(cmd.Flags(), &o.span)
	cmd = onArchive(s, cmd, func(ctx context.Context, a *persistence.Archive, _ []string) error {
		return exportTo(ctx, s, a, o)
	})
	read := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case !o.jsonl:
			return usageError{error: errors.New("--jsonl=false: there is no other form so far")}
		case o.schema:
			_, err := io.WriteString(s.Out, orderSchema)
			return environmentError(err)
		default:
			return read(cmd, args)
		}
	}
	return cmd
}

func exportTo(ctx context.Context, s Streams, a *persistence.Archive, o exportOptions) error {
	if o.file == "" {
		return export(ctx, s, a, o.span, s.Out)
	}
	f, err := os.Create(o.file)
	if err != nil {
		return environmentError(fmt.Errorf("export orders: %w", err))
	}
	return errors.Join(export(ctx, s, a, o.span, f), environmentError(f.Close()))
}

// export writes orders as they are read, a page of them in memory.
func export(ctx context.Context, s Streams, a *persistence.Archive, span persistence.Span, w io.Writer) error {
	total, err := a.Count(ctx, span)
	if err != nil {
		return environmentError(err)
	}
	bar := newProgress(s.Err, "orders")
	defer bar.done()
	out := bufio.NewWriterSize(w, 1<<16)
	done := int64(0)
	for record, err := range a.Records(ctx, persistence.Listing{Span: span}) {
		if err == nil {
			err = writeOrderLine(out, &record)
		}
		if err != nil {
			return environmentError(errors.Join(err, out.Flush()))
		}
		done++
		bar.set(done, max(done, total))
	}
	return environmentError(out.Flush())
}
