package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/schema"
)

func newRulesSchema(s Streams) *cobra.Command {
	names := schema.Names()
	return &cobra.Command{
		Use:   "schema [" + strings.Join(names, "|") + "]",
		Short: "Print the JSON Schema of rule files",
		Long: `Print the JSON Schema of a kind of files, by default of rule files, for editors. An editor
that reads # yaml-language-server: $schema=FILE in the first line of a file then completes
and explains the keys. Expressions and names are beyond a schema: rules check knows them.`,
		Example: `  checkout rules schema >rules.schema.json
  checkout rules schema policy`,
		Args:      arguments("a kind of files", 0, 1),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := schema.Of(append(args, "rules")[0])
			if err != nil {
				return usageError{err, cmd}
			}
			_, err = s.Out.Write(text)
			return environmentError(err)
		},
	}
}
