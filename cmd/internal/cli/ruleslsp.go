package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/lsp"
)

// debounce is how long the language server waits for further keystrokes before it
// looks for faults.
const debounce = 100 * time.Millisecond

func newRulesLSP(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Help an editor with rule files and tests",
		Long: `Run a language server on standard input and output, for editors that speak the
Language Server Protocol. It shows faults while you type, completes, explains,
renames and formats, runs tests, explains their carts and shows what they do not
reach. rules/editors.md says how to set up VS Code, Neovim and Helix.`,
		Example: `  checkout rules lsp`,
		Args:    noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveEditor(cmd.Context(), s)
		},
	}
}

// serveEditor answers an editor until it goes. One that goes without a word is a
// finding, as the protocol has it.
func serveEditor(ctx context.Context, s Streams) error {
	err := lsp.New(lsp.Options{Version: version(), Debounce: debounce}).Serve(ctx, s.In, s.Out)
	if errors.Is(err, lsp.ErrNoShutdown) {
		return codedError{exitFindings, err}
	}
	return err
}
