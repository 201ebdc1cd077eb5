package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/explain"
	"github.com/checkout-promotions/checkout/rules/replay"
	"github.com/checkout-promotions/checkout/rules/report"
)

// explainOptions say what is explained.
type explainOptions struct {
	cart       cartOptions
	order      string
	promotions []string
	whyNot     bool
	parts      bool
	formats    []string
}

func newRulesExplain(s Streams) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [CART]",
		Short: "Tell what each promotion does to a cart, or why it does nothing",
		Long: `Price a cart and tell of each promotion what it did, step by step, or why it did
nothing: which part of its condition was false, what the cart lacks, and what the
customer could add. With --order it is an order as it was priced, by the rules of its
time; the database is then that of checkout run, with the same settings.

` + cartHelp,
		Example: `  checkout rules explain -r examples/quickstart/rules -c examples/quickstart/inventory.yaml --cart '120P90 x2'
  checkout rules explain --why-not --promotion tv-3-for-2 cart.yaml
  checkout rules explain --order 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 --sqlite data/db`,
		Args: arguments("the file of a cart", 0, 1),
	}
	addCart(cmd, &o.cart)
	cmd.Flags().StringVar(&o.order, "order", "", "explain the order with the reference `REF`")
	cmd.Flags().StringArrayVarP(&o.promotions, "promotion", "p", nil, "only the promotion `ID`; may be repeated")
	cmd.Flags().BoolVar(&o.whyNot, "why-not", false, "only promotions that were not applied")
	cmd.Flags().BoolVar(&o.parts, "parts", false, "also show the parts of conditions and selections, and whether each was true")
	_ = cmd.RegisterFlagCompletionFunc("promotion", completePromotions) // fails only for a flag that is not there
	_ = cmd.RegisterFlagCompletionFunc("order", completeOrders(s, -1))  // the same
	addOutput(cmd, &o.formats)
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		if o.order == "" {
			return explainQuote(s, o, func() (explained, error) { return explainCart(cmd.Context(), s, o, files) })
		}
		if len(files) > 0 || len(o.cart.lines) > 0 || o.cart.rules != "" || o.cart.catalogue != "" {
			return usageError{errors.New("--order has its own cart, rules and items; leave the others out"), cmd}
		}
		cfg, err := config.Load(config.Sources{Env: s.Env, Flags: cmd.Flags()})
		if err != nil {
			return err
		}
		return explainQuote(s, o, func() (explained, error) { return explainOrder(cmd.Context(), cfg.Database, o.order) })
	}
	return cmd
}

// explained is a quote with the rules that made it.
type explained struct {
	request engine.Request
	quote   engine.Quote
	rules   *engine.Ruleset
	folder  string // "" for rules of the archive
	files   func() ([]compile.File, error)
}

// parts prices once more by rules that note what their conditions see.
func (e *explained) parts() (explain.Parts, error) {
	files, err := e.files()
	if err != nil {
		return nil, err
	}
	observed, err := compile.Observe(files)
	if err != nil {
		return nil, err
	}
	request := e.request
	request.Hints = false // they would ask of other carts
	if _, err := observed.Rules.Price(request); err != nil {
		return nil, err
	}
	return explain.PartsOf(observed.Probes, observed.Take()), nil
}

func explainQuote(s Streams, o explainOptions, price func() (explained, error)) error {
	outputs, err := parseOutputs(o.formats)
	if err != nil {
		return err
	}
	e, err := price()
	if err != nil {
		return err
	}
	for _, id := range o.promotions {
		if !slices.Contains(e.rules.PromotionIDs(), id) {
			return codedError{exitNothing, fmt.Errorf("the rules have no promotion %q", id)}
		}
	}
	text := explain.Explanation{Quote: e.quote, Promotions: o.promotions, WhyNot: o.whyNot, Source: placed(e.folder, func(id string) string {
		p, _ := e.rules.Promotion(id)
		return p.Source
	})}
	if o.parts {
		if text.Parts, err = e.parts(); err != nil {
			return err
		}
	}
	return write(outputs, s.Out, func(w io.Writer, format string) error {
		if format == formatJSON {
			return report.ExplanationJSON(w, &text)
		}
		return text.Pretty(w)
	})
}

// explainCart prices the cart of the command line.
func explainCart(ctx context.Context, s Streams, o explainOptions, files []string) (explained, error) {
	cart, err := o.cart.read(ctx, s, files)
	if err != nil {
		return explained{}, err
	}
	cart.Request.Hints = true
	quote, err := cart.Rules.Price(cart.Request)
	if err != nil {
		return explained{}, codedError{exitFindings, err}
	}
	return explained{cart.Request, quote, cart.Rules, cart.Folder, func() ([]compile.File, error) {
		return compile.Read(os.DirFS(cart.Folder))
	}}, nil
}

// explainOrder prices a stored order again.
func explainOrder(ctx context.Context, cfg config.Database, reference string) (explained, error) {
	request, rules, err := requestOf(ctx, cfg, reference)
	if err != nil {
		return explained{}, err
	}
	request.Explain, request.Hints = true, true
	quote, err := rules.Price(request)
	return explained{request: request, quote: quote, rules: rules, files: func() ([]compile.File, error) {
		return archivedFiles(ctx, rules.Digest(), func() (config.Database, error) { return cfg, nil })
	}}, err
}

// requestOf returns what an order was priced from, and the rules of that time.
func requestOf(ctx context.Context, cfg config.Database, reference string) (request engine.Request, rules *engine.Ruleset, err error) {
	err = withArchive(ctx, cfg, func(a *persistence.Archive) error {
		record, err := a.Record(ctx, reference)
		if err != nil {
			return refusal(err)
		}
		if request, rules, err = archiveReplayer(a).Request(ctx, orderOf(&record)); err != nil {
			return codedError{exitFindings, err}
		}
		return nil
	})
	return request, rules, err
}

// archiveReplayer prices orders of the archive again.
func archiveReplayer(a *persistence.Archive) *replay.Replayer {
	return replay.New(func(ctx context.Context, digest string) ([]byte, error) {
		kept, err := a.Ruleset(ctx, digest)
		return kept.Files, err
	})
}

func orderOf(record *persistence.Record) replay.Order {
	return replay.Order{Ruleset: record.Ruleset, Request: record.Request, Quote: record.Quote}
}
