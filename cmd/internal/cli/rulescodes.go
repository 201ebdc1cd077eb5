package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
)

func newRulesCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "codes [code or reason]",
		Short: "Explain the codes of faults and the reasons in quotes",
		Long: `List the codes that faults of rules have and the reasons that quotes give, or show
the page of one: of a code what to avoid, what to prefer, and why; of a reason what
it means, and what to do.`,
		Example: `  checkout rules codes
  checkout rules codes R0103
  checkout rules codes displaced`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return pageNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, names []string) error {
			return explainAll(cmd.OutOrStdout(), names)
		},
	}
}

func explainAll(w io.Writer, names []string) error {
	if len(names) == 0 {
		return report.Codes(w, diag.Pages(), diag.ReasonPages())
	}
	for _, name := range names {
		page, ok := pageOf(name)
		if !ok {
			return usageError{error: fmt.Errorf("%q is no code of a fault and no reason; checkout rules codes lists them", name)}
		}
		if _, err := io.WriteString(w, page); err != nil {
			return err
		}
	}
	return nil
}

// pageOf returns the page of a code or a reason, in any case.
func pageOf(name string) (string, bool) {
	for _, page := range diag.Pages() {
		if strings.EqualFold(string(page.Code), name) {
			return page.Render(), true
		}
	}
	for _, page := range diag.ReasonPages() {
		if strings.EqualFold(page.Reason, name) {
			return page.Render(), true
		}
	}
	return "", false
}

func pageNames() []string {
	var names []string
	for _, page := range diag.Pages() {
		names = append(names, string(page.Code))
	}
	for _, page := range diag.ReasonPages() {
		names = append(names, page.Reason)
	}
	return names
}
