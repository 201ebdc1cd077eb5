package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Codes writes a line for each page.
func Codes(w io.Writer, pages []diag.Page) error {
	for _, page := range pages {
		if _, err := fmt.Fprintf(w, "%s  %s\n", page.Code, page.Title); err != nil {
			return err
		}
	}
	return nil
}

// CodePage writes one page in full.
func CodePage(w io.Writer, page diag.Page) error {
	_, err := fmt.Fprintf(w, "%s  %s\n\navoid\n%s\nprefer\n%s\nwhy\n%s\n",
		page.Code, page.Title, indented(page.Avoid), indented(page.Prefer), indented(page.Why))
	return err
}

func indented(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n" }
