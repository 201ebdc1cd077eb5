package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/plugins/host"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func newPluginsSchema(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema NAME [KIND]",
		Short: "Print the JSON Schema of the config of a deal",
		Long: `Print the JSON Schema of the config of a kind of deal, as the plugin has it: what rules
may say under config. A plugin with one kind needs no name of it.`,
		Example: `  checkout plugins schema loyalty spend_points --plugins plugins
  checkout plugins schema stamps --plugins plugins >stamps.schema.json`,
		Args: arguments("the name of a plugin, and of a kind of deal", 1, 2),

		ValidArgsFunction: completePlugins(s),
		RunE: func(cmd *cobra.Command, names []string) error {
			return withInstalled(cmd, s, names[0], func(p *host.Program) error {
				kind, err := kindOf(p.Description(), names[1:])
				if err != nil {
					return usageError{err, cmd}
				}
				var text bytes.Buffer
				if err := json.Indent(&text, []byte(kind.ConfigSchema), "", "  "); err != nil {
					return err // which the description was checked for
				}
				_, err = fmt.Fprintln(s.Out, text.String())
				return environmentError(err)
			})
		},
	}
	config.BindPluginFlags(cmd.Flags())
	return cmd
}

// kindOf returns the kind of deal with the name, of one kind without.
func kindOf(d sdk.Description, name []string) (sdk.DealKind, error) {
	var kinds []string
	for _, k := range d.Deals {
		if len(name) == 0 && len(d.Deals) == 1 || slices.Contains(name, k.Name) {
			return k, nil
		}
		kinds = append(kinds, k.Name)
	}
	switch {
	case len(kinds) == 0:
		return sdk.DealKind{}, fmt.Errorf("the plugin %s has facts alone", d.Name)
	case len(name) == 0:
		return sdk.DealKind{}, fmt.Errorf("the plugin %s has the kinds of deals %s; name one", d.Name, strings.Join(kinds, ", "))
	default:
		return sdk.DealKind{}, fmt.Errorf("the plugin %s has no kind of deal %q; it has %s", d.Name, name[0], strings.Join(kinds, ", "))
	}
}
