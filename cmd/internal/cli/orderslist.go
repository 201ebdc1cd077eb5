package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

const defaultListed = 50

func newOrdersList(s Streams) *cobra.Command {
	listing := persistence.Listing{Newest: true, Limit: defaultListed}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List orders, the newest first",
		Long:  `List orders, the newest first.` + overServer,
		Example: `  checkout orders list --sqlite data/db --since 2026-11-01
  checkout orders list --server http://localhost:8000 --key-file key.txt
  checkout orders list --limit 20 --after 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90`,
		Args: noArguments,
	}
	spanFlags(cmd.Flags(), &listing.Span)
	cmd.Flags().IntVar(&listing.Limit, "limit", defaultListed, "list at most `N` orders")
	cmd.Flags().StringVar(&listing.After, "after", "", "go on after the order `REF`, the last one of the page before")
	return bothWays(s, cmd, orderBooks(s), func(ctx context.Context, book orderBook, _ []string) (rendering, error) {
		if listing.Limit < 1 {
			return nil, usageError{error: fmt.Errorf("--limit %d: want 1 or more", listing.Limit)}
		}
		page, err := listOrders(ctx, book, listing)
		return page.report(), err
	})
}

// orderPage is a page of orders.
type orderPage struct {
	Version int          `json:"version"`
	Orders  []orderBrief `json:"orders"`
	// Next is what --after wants for the next page, "" when there is none.
	Next string `json:"next,omitempty"`
}

// orderBrief is what a list tells of an order. Amounts are smallest units.
type orderBrief struct {
	Reference string          `json:"reference"`
	PlacedAt  time.Time       `json:"placed_at"`
	Ruleset   string          `json:"ruleset"`
	Currency  engine.Currency `json:"currency"`
	Units     int64           `json:"units"`
	Subtotal  engine.Amount   `json:"subtotal"`
	Discount  engine.Amount   `json:"discount"`
	Total     engine.Amount   `json:"total"`
	Refunded  engine.Amount   `json:"refunded"`

	State engine.OrderState `json:"state"`
}

func listOrders(ctx context.Context, book orderBook, l persistence.Listing) (orderPage, error) {
	page := orderPage{Version: 1, Orders: []orderBrief{}}
	limit := l.Limit
	l.Limit++ // one more tells whether there is a next page
	for order, err := range book.Orders(ctx, l) {
		if err != nil {
			return page, err
		}
		if len(page.Orders) == limit {
			page.Next = page.Orders[limit-1].Reference
			break
		}
		quote := &order.Quote
		brief := orderBrief{Reference: order.Reference, PlacedAt: order.PlacedAt, Ruleset: quote.Ruleset,
			Currency: quote.Currency, Subtotal: quote.Subtotal, Discount: quote.Discount, Total: quote.Total,
			State: order.State, Refunded: order.Refunded}
		for _, line := range quote.Lines {
			brief.Units += line.Quantity
		}
		for _, gift := range quote.Gifts {
			brief.Units += gift.Quantity
		}
		page.Orders = append(page.Orders, brief)
	}
	return page, nil
}

func quoteOf(r *persistence.Record) (engine.Quote, error) {
	var quote engine.Quote
	if err := json.Unmarshal([]byte(r.Quote), &quote); err != nil {
		return quote, environmentError(fmt.Errorf("read order %s: quote: %w", r.Reference, err))
	}
	return quote, nil
}

func (p orderPage) report() rendering {
	return inPages(p, len(p.Orders), "no orders", p.Next, p.table)
}

// table writes a line for each order.
func (p orderPage) table(w io.Writer) error {
	_, err := fmt.Fprintln(w, "REFERENCE\tPLACED AT\tUNITS\tTOTAL\tSAVED\tREFUNDED\tSTATE\tRULESET")
	for _, o := range p.Orders {
		_, printed := fmt.Fprintf(w, "%s\t%s\t%d\t%s %s\t%s\t%s\t%s\t%.12s\n", o.Reference, o.PlacedAt.Format(time.DateTime), o.Units,
			o.Currency.Format(o.Total), o.Currency, o.Currency.Format(o.Discount),
			o.Currency.Format(o.Refunded), o.State, o.Ruleset)
		err = errors.Join(err, printed)
	}
	return err
}
