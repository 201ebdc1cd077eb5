package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/reference"
)

// ReferenceMarkdown writes what rules may use as tables.
func ReferenceMarkdown(w io.Writer, r reference.Reference) error {
	var b strings.Builder
	b.WriteString("# What rules may use\n")
	for _, s := range []struct {
		title string
		words []reference.Word
	}{
		{"Variables of an item: sets, and of in deals", r.Items},
		{"Variables of the cart: when, conditions and numbers", r.Carts},
		{"Variables of each set, here called tvs", r.Sets},
		{"Of a line, in functions, besides what its item has", r.Lines},
		{"Facts of plugins", r.Facts},
		{"Names of these rules", r.Names},
		{"Functions", r.Functions},
		{"Operators", r.Operators},
		{"Deals", r.Deals},
		{"Deals of plugins", r.PluginDeals},
		{"Reasons", r.Reasons},
	} {
		if len(s.words) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n%s", s.title, tableOf(s.words))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tableOf is a table with a column of types where a word has one.
func tableOf(words []reference.Word) string {
	cell := func(text string) string {
		return strings.Join(strings.Fields(strings.ReplaceAll(text, "|", `\|`)), " ")
	}
	var b strings.Builder
	typed := words[0].Type != ""
	if typed {
		b.WriteString("| name | type | |\n|---|---|---|\n")
	} else {
		b.WriteString("| name | |\n|---|---|\n")
	}
	for _, word := range words {
		fmt.Fprintf(&b, "| `%s` ", cell(word.Name))
		if typed {
			fmt.Fprintf(&b, "| %s ", cell(word.Type))
		}
		fmt.Fprintf(&b, "| %s |\n", cell(word.Text))
	}
	return b.String()
}

// ReferenceJSON writes what rules may use for programs.
func ReferenceJSON(w io.Writer, r reference.Reference) error { return writeJSON(w, r) }
