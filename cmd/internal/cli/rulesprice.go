package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newRulesPrice(s Streams) *cobra.Command {
	var o cartOptions
	var formats []string
	cmd := &cobra.Command{
		Use:   "price [CART]",
		Short: "Price a cart",
		Long: `Price a cart by rule files. As JSON it is the quote, whose amounts are whole smallest
units, as in the orders of orders export.

` + cartHelp,
		Example: `  checkout rules price -r examples/quickstart/rules -c examples/quickstart/inventory.yaml --cart '120P90 x3'
  checkout rules price -o json cart.yaml`,
		Args: arguments("the file of a cart", 0, 1),
	}
	addCart(cmd, &o)
	addOutput(cmd, &formats)
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		return priceCart(cmd.Context(), s, o, files, formats)
	}
	return cmd
}

func priceCart(ctx context.Context, s Streams, o cartOptions, files, formats []string) error {
	outputs, err := parseOutputs(formats)
	if err != nil {
		return err
	}
	cart, err := o.read(ctx, s, files)
	if err != nil {
		return err
	}
	cart.Request.Explain = false
	quote, err := cart.Rules.Price(cart.Request)
	if err != nil {
		return codedError{exitFindings, err}
	}
	return write(outputs, s.Out, func(w io.Writer, format string) error {
		if format == formatJSON {
			return writeJSON(w, quote)
		}
		_, err := io.WriteString(w, strings.TrimPrefix(quotedText(nil, &quote, nil, 0), "\n"))
		return err
	})
}
