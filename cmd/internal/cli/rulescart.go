package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// cartOptions say which cart is priced by which rules.
type cartOptions struct {
	rules, catalogue string
	lines, coupons   []string
	customer, at     string
}

const cartHelp = `A cart is a file with the keys of a test's given, and with catalogue, rules and stubs as a
test file has them; - reads it from standard input. Or its lines are given one by one:
--cart 'SKU x3' --cart SKU.`

func addCart(cmd *cobra.Command, o *cartOptions) {
	cmd.Flags().StringVarP(&o.rules, "rules", "r", "", "the `FOLDER` of the rule files (default is what the cart says, then its folder)")
	cmd.Flags().StringVarP(&o.catalogue, "catalogue", "c", "", "the inventory `FILE` (default is what the cart says)")
	cmd.Flags().StringArrayVar(&o.lines, "cart", nil, "a `LINE` of the cart in place of a file, such as 'A304SD x4'; may be repeated")
	cmd.Flags().StringArrayVar(&o.coupons, "coupon", nil, "a coupon `CODE` on such a cart; may be repeated")
	cmd.Flags().StringVar(&o.customer, "customer", "", "the `ID` of the customer of such a cart")
	cmd.Flags().StringVar(&o.at, "at", "", "the `TIME` of such a cart, such as 2026-11-27T10:00:00Z (default now)")
	completeFolder(cmd, "rules")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// read reads the cart from the file, or from the flags.
func (o *cartOptions) read(ctx context.Context, s Streams, files []string) (ruletest.Cart, error) {
	src := ruletest.CartSource{Rules: o.rules, Catalogue: o.catalogue, Now: time.Now()}
	var err error
	if o.rules != "" {
		if err := wantFolder(o.rules); err != nil {
			return ruletest.Cart{}, environmentError(err)
		}
	}
	if src.Name, src.Data, err = o.source(s, files); err != nil {
		return ruletest.Cart{}, err
	}
	cart, err := ruletest.ReadCart(ctx, src)
	if errors.As(err, new(*os.PathError)) {
		return cart, environmentError(err)
	}
	return cart, err
}

func (o *cartOptions) source(s Streams, files []string) (name string, data []byte, err error) {
	byFlags := len(o.lines)+len(o.coupons) > 0 || o.customer != "" || o.at != ""
	switch {
	case byFlags == (len(files) > 0):
		return "", nil, usageError{error: errors.New("name the file of a cart, or its lines with --cart 'SKU x3'")}
	case byFlags:
		return o.written()
	}
	if name, data, err = readInput(s, files[0]); err != nil {
		return "", nil, environmentError(fmt.Errorf("read the cart: %w", err))
	}
	return name, data, nil
}

// written writes the cart of the flags as a file would say it.
func (o *cartOptions) written() (name string, data []byte, err error) {
	given := map[string]any{"cart": o.lines}
	if o.coupons != nil {
		given["coupons"] = o.coupons
	}
	if o.customer != "" {
		given["customer"] = map[string]string{"id": o.customer}
	}
	if o.at != "" {
		given["at"] = o.at
	}
	if o.rules == "" || o.catalogue == "" {
		return "", nil, usageError{error: errors.New("a cart of the command line needs --rules and --catalogue")}
	}
	data, err = json.Marshal(given)
	return "command line", data, err
}

// placed returns a function that says where a promotion of the folder is written.
func placed(folder string, promotion func(string) (source string)) func(string) string {
	return func(id string) string {
		source := promotion(id)
		if source == "" {
			return ""
		}
		return filepath.ToSlash(filepath.Join(folder, source))
	}
}
