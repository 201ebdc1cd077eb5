package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/surface"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// surfaceHTTP is the API over HTTP.
const surfaceHTTP = "http"

func surfaceNames() []string { return []string{ruletest.EngineSurface, surfaceHTTP} }

// addSurfaces adds --surface.
func addSurfaces(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "surface", nil, "price each case by the `SURFACES` too, which have to agree with the engine: "+orList(surfaceNames())+"; several with commas")
	_ = cmd.RegisterFlagCompletionFunc("surface", cobra.FixedCompletions(surfaceNames(), cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is not there
}

// openSurfaces starts the surfaces with the names, each once, and adds them to the
// options. The engine is one that every run has.
func openSurfaces(ctx context.Context, names []string, options *ruletest.Options) (closeAll func() error, err error) {
	closeAll = func() error { return nil }
	for _, name := range names {
		if !slices.Contains(surfaceNames(), name) {
			return closeAll, usageError{error: fmt.Errorf("surface %q: want %s", name, orList(surfaceNames()))}
		}
	}
	if !slices.Contains(names, surfaceHTTP) {
		return closeAll, nil
	}
	http, err := surface.NewV0(ctx)
	if err != nil {
		return closeAll, environmentError(err)
	}
	options.Surfaces = append(options.Surfaces, http)
	return http.Close, nil
}
