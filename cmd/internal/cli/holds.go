package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func newHolds(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "holds",
		Short: "List, show and release what is held for customers",
		Long: `List, show and release holds: units that are set aside for a customer at a quoted price,
with the limits, budgets and codes that the price used. A hold becomes an order, is
released, or expires; then what it held is free again.

The database is that of checkout run, with the same settings, which may be running
meanwhile. Only release changes something in it.

With --server URL a running server is asked over its API, with a key of the scope
orders:read, or orders:write to release.` + findingsAre("a hold is over or is not there"),
	}
	asGroup(cmd)
	cmd.AddCommand(newHoldsList(s), newHoldsRelease(s), newHoldsShow(s))
	return cmd
}

// holdStates are the values of --state.
func holdStates() []string {
	var all []string
	for _, state := range persistence.HoldStates() {
		all = append(all, string(state))
	}
	return all
}

func newHoldsList(s Streams) *cobra.Command {
	var state string
	listing := persistence.HoldListing{Limit: defaultListed}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List holds, the newest first",
		Long: `List holds, the newest first. A hold whose time is over is expired, also where what it
held has not been given back yet.` + overServer,
		Example: `  checkout holds list --sqlite data/db --state held
  checkout holds list --limit 20 --after 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90`,
		Args: noArguments,
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `STATE`: held, committed, released or expired")
	cmd.Flags().IntVar(&listing.Limit, "limit", defaultListed, fmt.Sprintf("list at most `N` holds, up to %d", persistence.MaxHolds))
	cmd.Flags().StringVar(&listing.After, "after", "", "go on after the hold `REF`, the last one of the page before")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(holdStates(), cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
	return bothWays(s, cmd, holdBooks(s), func(ctx context.Context, book holdBook, _ []string) (rendering, error) {
		listing.State = persistence.HoldState(state)
		switch {
		case state != "" && !slices.Contains(holdStates(), state):
			return nil, usageError{error: fmt.Errorf("--state %q: want one of %s", state, strings.Join(holdStates(), ", "))}
		case listing.Limit < 1 || listing.Limit > persistence.MaxHolds:
			return nil, usageError{error: fmt.Errorf("--limit %d: want 1 to %d", listing.Limit, persistence.MaxHolds)}
		}
		page, err := listHolds(ctx, book, listing)
		return page.report(), err
	})
}

// holdPage is a page of holds.
type holdPage struct {
	Version int         `json:"version"`
	Holds   []holdBrief `json:"holds"`
	// Next is what --after wants for the next page, "" when there is none.
	Next string `json:"next,omitempty"`
}

// holdBrief is what a list tells of a hold. Amounts are smallest units.
type holdBrief struct {
	Reference string                `json:"reference"`
	State     persistence.HoldState `json:"state"`
	CreatedAt time.Time             `json:"created_at"`
	ExpiresAt time.Time             `json:"expires_at"`
	Ruleset   string                `json:"ruleset"`
	Currency  engine.Currency       `json:"currency"`
	Units     int                   `json:"units"`
	Discount  engine.Amount         `json:"discount"`
	Total     engine.Amount         `json:"total"`
}

func newHoldBrief(h *persistence.Hold) holdBrief {
	q := &h.Quote
	return holdBrief{
		Reference: h.Reference, State: h.State, CreatedAt: h.CreatedAt, ExpiresAt: h.ExpiresAt, Ruleset: q.Ruleset,
		Currency: q.Currency, Units: len(h.SKUs), Discount: q.Discount, Total: q.Total,
	}
}

func listHolds(ctx context.Context, book holdBook, l persistence.HoldListing) (holdPage, error) {
	page := holdPage{Version: 1, Holds: []holdBrief{}}
	holds, err := book.Holds(ctx, l)
	if err != nil {
		return page, err
	}
	for i := range holds {
		page.Holds = append(page.Holds, newHoldBrief(&holds[i]))
	}
	if len(holds) < l.Limit {
		return page, nil
	}
	last := holds[len(holds)-1].Reference
	more, err := book.Holds(ctx, persistence.HoldListing{State: l.State, After: last, Limit: 1})
	if len(more) > 0 {
		page.Next = last
	}
	return page, err
}

func (p holdPage) report() rendering {
	return inPages(p, len(p.Holds), "no holds", p.Next, p.table)
}

// table writes a line for each hold.
func (p holdPage) table(w io.Writer) error {
	_, err := fmt.Fprintln(w, "REFERENCE\tHELD AT\tUNTIL\tUNITS\tTOTAL\tSAVED\tSTATE\tRULESET")
	for _, h := range p.Holds {
		_, printed := fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s %s\t%s\t%s\t%.12s\n", h.Reference, h.CreatedAt.Format(time.DateTime),
			h.ExpiresAt.Format(time.DateTime), h.Units, h.Currency.Format(h.Total), h.Currency, h.Currency.Format(h.Discount), h.State, h.Ruleset)
		err = errors.Join(err, printed)
	}
	return err
}

func newHoldsShow(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show REF",
		Short: "Show a hold: lines, units, promotions, totals",
		Long: `Show a hold as it was quoted. An order that it became has the same reference:
checkout orders show REF.` + overServer + ` It tells no JSON.`,
		Example: `  checkout holds show --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout holds show --server http://localhost:8000 --key-file key.txt 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout holds show -o json 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90`,
		Args: arguments("the reference of a hold", 1, 1),
	}
	books := holdBooks(s)
	books.onlyPretty = true // a server does not tell what a price was made from
	return bothWays(s, cmd, books, func(ctx context.Context, book holdBook, args []string) (rendering, error) {
		hold, err := book.HoldByReference(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return inFull(newHoldReport(&hold), holdText(&hold)), nil
	})
}

// holdReport is a hold in full. It is version 1 of the JSON form, to which fields
// are only added.
type holdReport struct {
	Version   int                   `json:"version"`
	Reference string                `json:"reference"`
	State     persistence.HoldState `json:"state"`
	CreatedAt time.Time             `json:"created_at"`
	ExpiresAt time.Time             `json:"expires_at"`
	SKUs      []string              `json:"skus"` // every unit, gifts last
	Quote     engine.Quote          `json:"quote"`
}

func newHoldReport(h *persistence.Hold) holdReport {
	return holdReport{
		Version: 1, Reference: h.Reference, State: h.State, CreatedAt: h.CreatedAt, ExpiresAt: h.ExpiresAt, SKUs: h.SKUs, Quote: h.Quote,
	}
}

// holdText tells a hold to people.
func holdText(h *persistence.Hold) string {
	return quotedText([][2]string{
		{"hold", h.Reference},
		{"held at", h.CreatedAt.Format(time.DateTime) + " UTC"},
		{"until", h.ExpiresAt.Format(time.DateTime) + " UTC"},
		{"ruleset", h.Quote.Ruleset},
		{"currency", h.Quote.Currency.String()},
		{"state", string(h.State)},
	}, &h.Quote, nil, 0)
}

func newHoldsRelease(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release REF",
		Short: "Give up a hold: its units go back",
		Long: `Give up a hold before its time is over. Its units and gifts go back into the stock, and
limits, budgets and codes that it used are free again.` + overServer + onceMore + `
It tells no JSON.`,
		Example: `  checkout holds release --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90`,
		Args:    arguments("the reference of a hold", 1, 1),
	}
	desks := holdDesks(s)
	desks.onlyPretty = true // as with show
	return bothWays(s, cmd, desks, func(ctx context.Context, desk holdDesk, args []string) (rendering, error) {
		hold, err := desk.Release(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return func(w io.Writer, format string) error {
			if format == formatJSON {
				return writeJSON(w, newHoldReport(&hold))
			}
			_, err := fmt.Fprintf(w, "hold %s is %s: units given back: %d\n", hold.Reference, hold.State, len(hold.SKUs))
			return err
		}, nil
	})
}
