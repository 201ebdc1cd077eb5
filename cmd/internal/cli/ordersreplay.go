package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/replay"
)

// maxReplayed is how many orders a report of a replay tells of one by one.
const maxReplayed = 10_000

func newOrdersReplay(s Streams) *cobra.Command {
	var formats []string
	var span persistence.Span
	var all bool
	cmd := &cobra.Command{
		Use:   "replay REF... | --all",
		Short: "Price orders again with the rules of their time, and compare",
		Long: `Price orders again: each with the rules that were in force when it was placed, and
with the items, customer, coupons and usage as they were. The quote must be the one
that is stored with the order, to the cent and to the byte, but for fields that later
versions have added. With --all only orders that are not identical are listed; those
from before there was an archive are counted and pass.`,
		Example: `  checkout orders replay --sqlite data/db 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90
  checkout orders replay --all --since 2026-11-01 -o json`,
	}
	cmd.Flags().BoolVar(&all, "all", false, "replay all orders, or those of the span")
	spanFlags(cmd.Flags(), &span)
	addOutput(cmd, &formats)
	cmd.ValidArgsFunction = completeOrders(s, -1)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch spanned := !span.Since.IsZero() || !span.Until.IsZero(); {
		case all == (len(args) > 0):
			return usageError{errors.New("name orders by their references, or all with --all"), cmd}
		case spanned && !all:
			return usageError{errors.New("--since and --until go with --all"), cmd}
		default:
			return nil
		}
	}
	return onArchive(s, cmd, func(ctx context.Context, a *persistence.Archive, args []string) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		records := recordsOf(ctx, a, args)
		total := int64(len(args))
		if all {
			records = a.Records(ctx, persistence.Listing{Span: span})
			if total, err = a.Count(ctx, span); err != nil {
				return environmentError(err)
			}
		}
		report, err := replayAll(ctx, s, a, records, total, all)
		if err != nil {
			return err
		}
		if err := write(outputs, s.Out, report.write); err != nil {
			return err
		}
		return report.err(all)
	})
}

// recordsOf reads the orders with the references.
func recordsOf(ctx context.Context, a *persistence.Archive, references []string) iter.Seq2[persistence.Record, error] {
	return func(yield func(persistence.Record, error) bool) {
		for _, reference := range references {
			if record, err := a.Record(ctx, reference); !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// replayReport is what came of a replay. It is version 1 of the JSON form, to
// which fields are only added.
type replayReport struct {
	Version    int `json:"version"`
	Identical  int `json:"identical"`
	Different  int `json:"different"`
	Unrecorded int `json:"unrecorded"`
	Failed     int `json:"failed"`
	// Orders are those asked for by reference, or the first of those that are
	// not identical; Omitted counts the rest of these.
	Orders  []replayedOrder `json:"orders"`
	Omitted int             `json:"omitted,omitempty"`
}

type replayedOrder struct {
	Reference   string               `json:"reference"`
	Ruleset     string               `json:"ruleset"`
	Verdict     replay.Verdict       `json:"verdict"`
	Added       []string             `json:"added,omitempty"` // fields of later versions
	Differences []replayedDifference `json:"differences,omitempty"`
	Error       string               `json:"error,omitempty"`
}

// replayedDifference has the values for people: amounts with their digits.
type replayedDifference struct {
	Field  string `json:"field"`
	Stored string `json:"stored"`
	Now    string `json:"now"`
}

// replayAll replays the orders as they are read.
func replayAll(ctx context.Context, s Streams, a *persistence.Archive, records iter.Seq2[persistence.Record, error], total int64, onlyBad bool) (*replayReport, error) {
	replayer := archiveReplayer(a)
	bar := newProgress(s.Err, "orders")
	defer bar.done()
	report := &replayReport{Version: 1, Orders: []replayedOrder{}}
	done := int64(0)
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		result := replayer.Replay(ctx, orderOf(&record))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if errors.As(result.Err, new(*persistence.Error)) {
			return nil, environmentError(result.Err)
		}
		report.add(&record, result, onlyBad)
		done++
		bar.set(done, max(done, total))
	}
	return report, nil
}

func (r *replayReport) add(record *persistence.Record, result replay.Result, onlyBad bool) {
	switch result.Verdict {
	case replay.Identical:
		r.Identical++
	case replay.Different:
		r.Different++
	case replay.Unrecorded:
		r.Unrecorded++
	default:
		r.Failed++
	}
	pass := result.Verdict == replay.Identical || result.Verdict == replay.Unrecorded
	switch {
	case onlyBad && pass:
		return
	case len(r.Orders) == maxReplayed:
		r.Omitted++
		return
	}
	o := replayedOrder{Reference: record.Reference, Ruleset: record.Ruleset, Verdict: result.Verdict, Added: result.Added}
	for _, d := range result.Differences {
		o.Differences = append(o.Differences, replayedDifference{d.Path, valueText(d, d.Stored, result.Currency), valueText(d, d.Now, result.Currency)})
	}
	switch {
	case result.Err != nil:
		o.Error = result.Err.Error()
	case result.Verdict == replay.Unrecorded:
		o.Error = "it is from before this version kept what orders are priced from, so it cannot be priced again"
	}
	r.Orders = append(r.Orders, o)
}

// valueText writes a value of a quote; amounts have the digits of the currency.
func valueText(d replay.Difference, value string, c engine.Currency) string {
	if value == "" {
		return "nothing"
	}
	if amount, err := strconv.ParseInt(value, 10, 64); err == nil && d.Amount {
		return c.Format(engine.Amount(amount))
	}
	return value
}

// err is how the command ends.
func (r *replayReport) err(all bool) error {
	switch {
	case r.Different+r.Failed > 0, !all && r.Unrecorded > 0:
		return silentError{exitFindings}
	case r.Identical+r.Unrecorded == 0:
		return silentError{exitNothing}
	default:
		return nil
	}
}

func (r *replayReport) write(w io.Writer, format string) error {
	if format == formatJSON {
		return writeJSON(w, r)
	}
	_, err := io.WriteString(w, r.text())
	return err
}

func (r *replayReport) text() string {
	var text strings.Builder
	for _, o := range r.Orders {
		fmt.Fprintf(&text, "%s  %s", o.Reference, o.Verdict)
		if len(o.Added) > 0 {
			fmt.Fprintf(&text, ", but for fields that later versions have added: %s", strings.Join(o.Added, ", "))
		}
		if o.Error != "" {
			fmt.Fprintf(&text, ": %s", o.Error)
		}
		text.WriteString("\n")
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		for _, d := range o.Differences {
			fmt.Fprintf(table, "  %s\tstored %.200s\tnow %.200s\n", d.Field, d.Stored, d.Now)
		}
		_ = table.Flush() // a Builder has no errors
	}
	if r.Omitted > 0 {
		fmt.Fprintf(&text, "… and %d more\n", r.Omitted)
	}
	var counts []string
	for _, c := range []struct {
		n    int
		what string
	}{{r.Identical, "identical"}, {r.Different, "different"}, {r.Failed, "failed"}, {r.Unrecorded, "from before the archive"}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if counts == nil {
		counts = []string{"no orders"}
	}
	fmt.Fprintln(&text, strings.Join(counts, ", "))
	return text.String()
}
