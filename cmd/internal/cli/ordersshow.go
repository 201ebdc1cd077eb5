package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
)

func newOrdersShow(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show REF",
		Short: "Show an order: lines, units, promotions, totals",
		Long: `Show an order as it was sold, and what has come back of it. As JSON it has the form of
a line of orders export.` + overServer + ` It tells no JSON.`,
		Example: `  checkout orders show --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout orders show --server http://localhost:8000 --key-file key.txt 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout orders show -o json 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90`,
		Args: arguments("the reference of an order", 1, 1),

		ValidArgsFunction: completeOrders(s, 1),
	}
	books := orderBooks(s)
	books.onlyPretty = true // a server does not tell what a price was made from
	return bothWays(s, cmd, books, func(ctx context.Context, book orderBook, args []string) (rendering, error) {
		order, record, err := book.Order(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return func(w io.Writer, format string) error {
			if format == formatJSON {
				return writeJSON(w, newOrderLine(record))
			}
			_, err := io.WriteString(w, orderText(&order))
			return err
		}, nil
	})
}

// orderText tells an order to people.
func orderText(r *engine.Order) string {
	return quotedText([][2]string{
		{"order", r.Reference},
		{"placed at", r.PlacedAt.Format(time.DateTime) + " UTC"},
		{"ruleset", r.Quote.Ruleset},
		{"currency", r.Quote.Currency.String()},
		{"state", string(r.State)},
	}, &r.Quote, r.Returns, r.Refunded)
}

// quotedText tells what was quoted, and what became of it, below a head of names
// and values.
func quotedText(head [][2]string, q *engine.Quote, returns []engine.Return, refunded engine.Amount) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { fmt.Fprintf(table, format+"\n", args...) } // a Builder has no errors
	money := q.Currency.Format
	for _, field := range head {
		row("%s\t%s", field[0], field[1])
	}
	_ = table.Flush()

	row("\nSKU\tNAME\tUNITS\tPRICE\tDISCOUNT\tTOTAL\tOF WHICH")
	for _, l := range q.Lines {
		row("%s\t%s\t%d\t%s\t%s\t%s\t%s", l.SKU, l.Name, l.Quantity, money(l.UnitPrice), money(l.Discount), money(l.Total), unitsText(q.Currency, l.Units))
	}
	for _, g := range q.Gifts {
		row("%s\t%s\t%d\t%s\t\t%s\tgift of %s", g.SKU, g.Name, g.Quantity, money(g.Worth), money(0), g.Promotion)
	}
	for _, sh := range q.Shipments {
		row("%s\tshipment\t\t%s\t%s\t%s\t", sh.Method, money(sh.Price), money(sh.Discount), money(sh.Total))
	}
	_ = table.Flush()

	promotionsText(row, q)
	_ = table.Flush()

	if len(returns) > 0 {
		row("\nRETURNED AT\tPOLICY\tREFUND\tUNITS")
	}
	for _, back := range returns {
		row("%s\t%s\t%s\t%s", back.At.Format(time.DateTime), back.Policy, money(back.Refund), returnedText(back.Units))
	}
	_ = table.Flush()

	row("\nsubtotal\t%s", money(q.Subtotal))
	row("discount\t%s", money(q.Discount))
	row("total\t%s", money(q.Total))
	if refunded > 0 {
		row("refunded\t%s", money(refunded))
	}
	if len(q.Shipments) > 0 {
		row("shipping\t%s", money(q.ShippingTotal))
		row("payable\t%s", money(q.Payable))
	}
	_ = table.Flush()
	return text.String()
}

func promotionsText(row func(format string, args ...any), q *engine.Quote) {
	first := true
	for _, p := range q.Promotions {
		if p.Reason != engine.Applied {
			continue
		}
		if first {
			row("\nPROMOTION\tNAME\tTIMES\tDISCOUNT\tON")
			first = false
		}
		var on []string
		for _, l := range p.Lines {
			on = append(on, strings.TrimSpace(fmt.Sprintf("%d x %s%s", l.Quantity, l.SKU, l.Shipment)))
		}
		row("%s\t%s\t%d\t%s\t%s", p.Promotion, cmp.Or(p.Name, p.Promotion), p.Applications, q.Currency.Format(p.Discount), strings.Join(on, ", "))
	}
}

// unitsText says what units cost: 2 at 49.99, 1 at 0.00.
func unitsText(c engine.Currency, units []engine.Units) string {
	var runs []string
	for _, u := range units {
		runs = append(runs, fmt.Sprintf("%d at %s", u.Quantity, c.Format(u.Price)))
	}
	return strings.Join(runs, ", ")
}
