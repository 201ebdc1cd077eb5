package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// benchLines is how many lines the cart of a benchmark has.
const benchLines = 10

func newPluginsBench(s Streams) *cobra.Command {
	var formats []string
	var each time.Duration
	cmd := &cobra.Command{
		Use:   "bench NAME",
		Short: "Measure what a call of a plugin costs",
		Long: `Measure calls of a plugin, with 1, 8 and 64 in flight: the first example of each of its
deals about a cart of 10 lines, and beside it a health check, which does nothing but go
there and back: the rest is what the plugin and its messages take. What Evaluate takes
without them, a benchmark in the tests of a plugin in Go tells. The figures are of this
machine as busy as it is.`,
		Example: `  checkout plugins bench loyalty --plugins plugins
  checkout plugins bench loyalty --for 200ms -o json --plugins plugins`,
		Args: arguments("the name of a plugin", 1, 1),

		ValidArgsFunction: completePlugins(s),
		RunE: func(cmd *cobra.Command, names []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			if each <= 0 {
				return usageError{fmt.Errorf("--for %s: want a duration above zero", each), cmd}
			}
			if err := wantName(cmd, names[0]); err != nil {
				return err
			}
			cfg, err := loadPlugins(cmd, s)
			if err != nil {
				return err
			}
			measured, err := benchPlugin(cmd.Context(), cfg.Plugins, names[0], each)
			if err != nil {
				return err
			}
			return write(outputs, s.Out, func(w io.Writer, format string) error {
				if format == formatJSON {
					return writeJSON(w, struct {
						Version int           `json:"version"`
						Calls   []measurement `json:"calls"`
					}{1, measured})
				}
				return writeMeasurements(w, measured)
			})
		},
	}
	cmd.Flags().DurationVar(&each, "for", time.Second, "how long to measure each")
	addOutput(cmd, &formats)
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// measurement is of calls of one kind, so many in flight.
type measurement struct {
	Call     string  `json:"call"`
	InFlight int     `json:"in_flight"`
	Calls    int     `json:"calls"`
	PerSec   float64 `json:"calls_per_second"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
}

func benchPlugin(ctx context.Context, cfg config.Plugins, name string, each time.Duration) (all []measurement, err error) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		return nil, err
	}
	program, err := openProgram(ctx, host.Path(cfg.Dir, name), cfg, usd)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, environmentError(program.Close())) }()
	if err := program.Prepare(ctx); err != nil {
		return nil, environmentError(fmt.Errorf("start plugin %s: %w", name, err))
	}
	cart, questions := benchCart(usd), benchQuestions(program)
	at := time.Now()
	for _, inFlight := range []int{1, 8, 64} {
		for _, call := range []struct {
			name string
			make func(context.Context) error
		}{
			{"health", program.Check},
			{"evaluate", func(ctx context.Context) error {
				_, err := program.Evaluate(ctx, cart, at, questions)
				return err
			}},
		} {
			m, err := measure(ctx, inFlight, each, call.make)
			if err != nil {
				return nil, codedError{exitFindings, fmt.Errorf("call %s of plugin %s: %w", call.name, name, err)}
			}
			m.Call = call.name
			all = append(all, m)
		}
	}
	return all, nil
}

// benchCart has goods of all that a plugin may ask for.
func benchCart(currency engine.Currency) *engine.Cart {
	cart := &engine.Cart{Currency: currency, Customer: engine.Customer{ID: "c-1", Groups: []string{"gold"}}, Channel: "web", Coupons: []string{"BENCH"}}
	for i := range benchLines {
		n := strconv.Itoa(i)
		cart.Lines = append(cart.Lines, engine.Line{Quantity: 2, Item: &engine.Item{
			SKU: "SKU-" + n, Name: "Item " + n, Price: engine.Amount(1000 + 111*i), Brand: "brand", Categories: []string{"goods"}, Tags: []string{"new"},
		}})
	}
	return cart
}

// benchQuestions asks the first example of each kind of deal.
func benchQuestions(p *host.Program) []engine.Question {
	d := p.Description()
	var questions []engine.Question
	for _, k := range d.Deals {
		var effect engine.Effect
		if effect.UnmarshalText([]byte(k.Effect)) != nil || len(k.Examples) == 0 {
			continue // which the contract does not allow
		}
		questions = append(questions, engine.Question{
			Promotion: "bench-" + k.Name, Plugin: d.Name, Kind: k.Name, Config: string(k.Examples[0]), Effect: effect, Gifts: []string{"SKU-0"},
		})
	}
	return questions
}

// measure makes calls for a while. The first that fails ends it.
func measure(ctx context.Context, inFlight int, each time.Duration, call func(context.Context) error) (measurement, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([][]time.Duration, inFlight)
	began := time.Now()
	var all sync.WaitGroup
	for i := range inFlight {
		all.Go(func() {
			for ctx.Err() == nil && (len(took[i]) == 0 || time.Since(began) < each) {
				start := time.Now()
				if err := call(ctx); err != nil {
					cancel(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	all.Wait()
	span := time.Since(began)
	if err := context.Cause(ctx); err != nil {
		return measurement{}, err
	}
	sorted := slices.Sorted(slices.Values(slices.Concat(took...)))
	micro := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	return measurement{
		InFlight: inFlight, Calls: len(sorted), PerSec: float64(len(sorted)) / span.Seconds(),
		P50: micro(sorted[len(sorted)/2]), P99: micro(sorted[len(sorted)*99/100]),
	}, nil
}

func writeMeasurements(w io.Writer, all []measurement) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "IN FLIGHT\tCALL\tCALLS\tCALLS/S\tP50 µs\tP99 µs\t") // Flush reports its error
	for _, m := range all {
		fmt.Fprintf(table, "%d\t%s\t%d\t%.0f\t%.0f\t%.0f\t\n", m.InFlight, m.Call, m.Calls, m.PerSec, m.P50, m.P99)
	}
	return table.Flush()
}
