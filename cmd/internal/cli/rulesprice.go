package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/cmd/internal/readback"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func newRulesPrice(s Streams) *cobra.Command {
	var o cartOptions
	cmd := &cobra.Command{
		Use:   "price [CART]",
		Short: "Price a cart",
		Long: `Price a cart by rule files. As JSON it is the quote, whose amounts are whole smallest
units, as in the orders of orders export.

` + cartHelp + `

With --server URL the cart is priced by the rules in force and the items of a running
server, over its API, with the key of ` + keyVariable + ` or --key-file, of the scope quotes:read, and
quotes:preview for --at. The cart is that of the command line. It tells no JSON.`,
		Example: `  checkout rules price -r examples/quickstart/rules -c examples/quickstart/inventory.yaml --cart '120P90 x3'
  checkout rules price -o json cart.yaml
  checkout rules price --server http://localhost:8000 --key-file key.txt --cart '120P90 x3'`,
		Args: arguments("the file of a cart", 0, 1),
	}
	addCart(cmd, &o)
	return bothWays(s, cmd, pricers(s), func(ctx context.Context, by pricer, files []string) (rendering, error) {
		quote, err := by.Price(ctx, o, files)
		if err != nil {
			return nil, err
		}
		return func(w io.Writer, format string) error {
			if format == formatJSON {
				return writeJSON(w, quote)
			}
			_, err := io.WriteString(w, strings.TrimPrefix(quotedText(nil, &quote, nil, 0), "\n"))
			return err
		}, nil
	})
}

// pricer prices a cart: by rule files, or by those in force at a server.
type pricer interface {
	Price(ctx context.Context, cart cartOptions, files []string) (engine.Quote, error)
}

// pricers are the ways to price a cart.
func pricers(s Streams) ways[pricer] {
	return ways[pricer]{
		settings: func(*pflag.FlagSet) {},
		database: func(cmd *cobra.Command, run func(context.Context, pricer) error) error {
			return run(cmd.Context(), filePrices{s})
		},
		server: func(c *caller) pricer { return serverPrices{c} },
		only:   []string{"rules", "catalogue"}, onlyPretty: true, // a server does not tell what was not applied in all detail
	}
}

// filePrices prices by rule files.
type filePrices struct{ streams Streams }

// Price implements pricer.
func (f filePrices) Price(ctx context.Context, o cartOptions, files []string) (engine.Quote, error) {
	cart, err := o.read(ctx, f.streams, files)
	if err != nil {
		return engine.Quote{}, err
	}
	cart.Request.Explain = false
	quote, err := cart.Rules.Price(cart.Request)
	if err != nil {
		return quote, codedError{exitFindings, err}
	}
	return quote, nil
}

// serverPrices prices by the rules and the items of a server.
type serverPrices struct{ *caller }

// Price implements pricer.
func (p serverPrices) Price(ctx context.Context, o cartOptions, files []string) (engine.Quote, error) {
	if len(files) > 0 || len(o.lines) == 0 {
		return engine.Quote{}, usageError{error: errors.New("name the lines of the cart with --cart 'SKU x3': a server has rules and items of its own, and takes no file")}
	}
	body := v1.QuoteRequest{Coupons: o.coupons, Customer: v1.Customer{ID: o.customer}}
	for _, line := range o.lines {
		sku, quantity, ok := ruletest.SplitLine(line)
		n, err := strconv.ParseInt(quantity, 10, 64)
		if !ok || err != nil || n < 1 {
			return engine.Quote{}, usageError{error: fmt.Errorf("--cart %q: want a SKU and a quantity, such as 'A304SD x4'", line)}
		}
		body.Lines = append(body.Lines, v1.CartLine{Sku: sku, Quantity: n})
	}
	if o.at != "" {
		at, err := time.Parse(time.RFC3339, o.at)
		if err != nil {
			return engine.Quote{}, usageError{error: fmt.Errorf("--at %q: want an instant such as 2026-11-27T10:00:00Z", o.at)}
		}
		body.At = &at
	}
	r, err := p.CreateQuoteWithResponse(ctx, body)
	if err != nil {
		return engine.Quote{}, unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return engine.Quote{}, err
	}
	quote, money, err := readback.Quote(told)
	return quote, environmentError(errors.Join(err, money.Err))
}
