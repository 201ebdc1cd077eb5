package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func newOrdersCancel(s Streams) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "cancel REF",
		Short: "Cancel an order: its units go back, its price is refunded",
		Long: `Cancel an order of which nothing has come back. Its units and gifts go back into the
stock, limits, budgets and codes that it used are free again, and all of its price is
refunded but shipping. An order is cancelled once. The refund is recorded and told to
webhooks; paying it out is up to you.` + overServer + onceMore,
		Example: `  checkout orders cancel --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 --reason "never paid"`,
		Args:    arguments("the reference of an order", 1, 1),

		ValidArgsFunction: completeOrders(s, 1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for people, `TEXT` that is kept with the movements of stocks")
	return bothWays(s, cmd, orderDesks(s), func(ctx context.Context, desk orderDesk, args []string) (rendering, error) {
		order, err := desk.CancelOrder(ctx, args[0], reason)
		if err != nil {
			return nil, err
		}
		return newReversal(&order, order.Refunded).write, nil
	})
}

func newOrdersReturn(s Streams) *cobra.Command {
	var policy string
	var noRestock, dryRun bool
	cmd := &cobra.Command{
		Use:   "return REF SKU=N...",
		Short: "Take back units of an order",
		Long: `Take back units of an order, gifts too, and refund what they are worth:

  pro_rata      the share that they have in what their line cost
  reprice_kept  what was paid, less what was refunded, less what the kept units cost by
                themselves, by the rules of the order

Refunds never add up to more than was paid; gifts and shipping refund nothing. Of units
that are both bought and given the bought ones come back first. Limits, budgets and codes
are free again when nothing of the order is left with the customer. The refund is recorded
and told to webhooks; paying it out is up to you.` + overServer + onceMore,
		Example: `  checkout orders return --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 120P90=1
  checkout orders return 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 120P90=1 --policy reprice_kept --dry-run
  checkout orders return 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 120P90=1 --server http://localhost:8000 --key-file key.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return nil
			}
			return usageError{fmt.Errorf("%q takes an order reference and units such as 120P90=1", cmd.CommandPath()), cmd}
		},

		ValidArgsFunction: completeOrders(s, 1),
	}
	cmd.Flags().StringVar(&policy, "policy", string(engine.ProRata), "how much is refunded, `POLICY` pro_rata or reprice_kept")
	cmd.Flags().BoolVar(&noRestock, "no-restock", false, "leave the units out of the stock, because they cannot be sold again")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only tell what would be refunded")
	desks := orderDesks(s)
	desks.only = []string{"dry-run"}
	return bothWays(s, cmd, desks, func(ctx context.Context, desk orderDesk, args []string) (rendering, error) {
		back, err := unitsOf(args[1:], engine.ReturnPolicy(policy))
		if err != nil {
			return nil, err
		}
		back.noRestock, back.dryRun = noRestock, dryRun
		order, err := desk.Return(ctx, args[0], back)
		if err != nil {
			return nil, err
		}
		made := order.Returns[len(order.Returns)-1]
		reversal := newReversal(&order, made.Refund)
		reversal.Return, reversal.Units, reversal.DryRun = made.Reference, newReversedUnits(made.Units), dryRun
		return reversal.write, nil
	})
}

// dryReturn is the order as a return would make it.
func dryReturn(ctx context.Context, data *persistence.Store, reference string, request engine.ReturnRequest) (engine.Order, error) {
	order, err := data.Order(ctx, reference)
	if err != nil {
		return order, err
	}
	made, state, err := order.Return(request)
	order.State, order.Refunded, order.Returns = state, order.Refunded+made.Refund, append(order.Returns, made)
	return order, err
}

// unitsOf reads the units of a return, such as 120P90=1.
func unitsOf(args []string, policy engine.ReturnPolicy) (unitsBack, error) {
	back := unitsBack{units: make(map[string]int64), policy: policy}
	for _, arg := range args {
		at := strings.LastIndex(arg, "=")
		n, err := strconv.ParseInt(arg[at+1:], 10, 64)
		if at < 1 || err != nil || n < 1 || n > persistence.MaxUnits {
			return back, usageError{error: fmt.Errorf("%q: want units of a SKU, such as 120P90=1", arg)}
		}
		if back.units[arg[:at]] > 0 {
			return back, usageError{error: fmt.Errorf("%q: the SKU is named twice", arg)}
		}
		back.units[arg[:at]] = n
	}
	if policy != engine.ProRata && policy != engine.RepriceKept {
		return back, usageError{error: fmt.Errorf("--policy %q: want %s or %s", string(policy), engine.ProRata, engine.RepriceKept)}
	}
	return back, nil
}

// keptPrice prices units of the order by its own rules.
func keptPrice(ctx context.Context, a *persistence.Archive, reference string) (func(map[string]int64) (engine.Amount, error), error) {
	record, err := a.Record(ctx, reference)
	if err != nil {
		return nil, err
	}
	price, err := archiveReplayer(a).KeptPrice(ctx, orderOf(&record))
	if err != nil && !errors.As(err, new(*persistence.Error)) {
		return nil, codedError{exitFindings, fmt.Errorf("order %s: %w; --policy pro_rata needs no rules", reference, err)}
	}
	return price, err
}

// reversalReport is what a cancel or a return did. It is version 1 of the JSON
// form, to which fields are only added. Amounts are smallest units.
type reversalReport struct {
	Version   int               `json:"version"`
	Reference string            `json:"reference"`
	Return    string            `json:"return,omitempty"` // reference of the return
	State     engine.OrderState `json:"state"`
	Currency  engine.Currency   `json:"currency"`
	Refund    engine.Amount     `json:"refund"`
	Refunded  engine.Amount     `json:"refunded"` // all refunds of the order
	Total     engine.Amount     `json:"total"`
	Units     []reversedUnits   `json:"units,omitempty"`
	DryRun    bool              `json:"dry_run,omitempty"`
}

type reversedUnits struct {
	SKU      string        `json:"sku"`
	Quantity int64         `json:"quantity"`
	Gift     bool          `json:"gift"`
	Refund   engine.Amount `json:"refund"`
}

func newReversal(o *engine.Order, refund engine.Amount) reversalReport {
	return reversalReport{
		Version: 1, Reference: o.Reference, State: o.State, Currency: o.Quote.Currency,
		Refund: refund, Refunded: o.Refunded, Total: o.Quote.Total,
	}
}

func newReversedUnits(units []engine.ReturnedUnits) []reversedUnits {
	all := make([]reversedUnits, len(units))
	for i, u := range units {
		all[i] = reversedUnits(u)
	}
	return all
}

func (r reversalReport) write(w io.Writer, format string) error {
	if format == formatJSON {
		return writeJSON(w, r)
	}
	verb := ""
	if r.DryRun {
		verb = "dry run: "
	}
	money := r.Currency.Format
	_, err := fmt.Fprintf(w, "%sorder %s is %s: %s %s refunded, %s of %s in all\n",
		verb, r.Reference, r.State, money(r.Refund), r.Currency, money(r.Refunded), money(r.Total))
	return err
}

// returnedText says what came back: 2 x 120P90, 1 x 234234 (gift).
func returnedText(units []engine.ReturnedUnits) string {
	var all []string
	for _, u := range units {
		text := fmt.Sprintf("%d x %s", u.Quantity, u.SKU)
		if u.Gift {
			text += " (gift)"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
