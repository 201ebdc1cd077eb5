package report

import (
	"fmt"
	"io"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Codes writes a line for each page: the codes of faults, and the reasons of
// quotes.
func Codes(w io.Writer, pages []diag.Page, reasons []diag.ReasonPage) error {
	for _, page := range pages {
		if _, err := fmt.Fprintf(w, "%s  %s\n", page.Code, page.Title); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	for _, page := range reasons {
		if _, err := fmt.Fprintf(w, "%-17s  %s\n", page.Reason, page.Title); err != nil {
			return err
		}
	}
	return nil
}
