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
		Use:   "codes [code]",
		Short: "Explain the codes of faults",
		Long:  "List the codes that faults have, or show the page of one: what to avoid, what to\nprefer, and why.",
		Example: `  checkout rules codes
  checkout rules codes R0103`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, codes []string) error {
			return explainCodes(cmd, codes)
		},
	}
}

func explainCodes(cmd *cobra.Command, codes []string) error {
	if len(codes) == 0 {
		return report.Codes(cmd.OutOrStdout(), diag.Pages())
	}
	for _, code := range codes {
		if err := explainCode(cmd.OutOrStdout(), strings.ToUpper(code)); err != nil {
			return err
		}
	}
	return nil
}

func explainCode(w io.Writer, code string) error {
	for _, page := range diag.Pages() {
		if string(page.Code) == code {
			return report.CodePage(w, page)
		}
	}
	return usageError{error: fmt.Errorf("no fault has the code %q; checkout rules codes lists them", code)}
}

func codeNames() []string {
	var names []string
	for _, page := range diag.Pages() {
		names = append(names, string(page.Code))
	}
	return names
}
