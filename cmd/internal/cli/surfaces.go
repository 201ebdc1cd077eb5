package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/surface"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// surfaceV0 and surfaceV1 are the versions of the API over HTTP.
const (
	surfaceV0 = "v0"
	surfaceV1 = "v1"
)

func surfaceNames() []string { return []string{ruletest.EngineSurface, surfaceV0, surfaceV1} }

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
	if slices.Contains(names, surfaceV0) {
		v0, err := surface.NewV0(ctx)
		if err != nil {
			return closeAll, environmentError(err)
		}
		options.Surfaces, closeAll = append(options.Surfaces, v0), v0.Close
	}
	if slices.Contains(names, surfaceV1) {
		v1, err := surface.NewV1(ctx)
		if err != nil {
			return closeAll, environmentError(errors.Join(err, closeAll()))
		}
		first := closeAll
		options.Surfaces, closeAll = append(options.Surfaces, v1), func() error { return errors.Join(first(), v1.Close()) }
	}
	return closeAll, nil
}
