package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/schema"
)

func newRulesSchema(s Streams) *cobra.Command {
	var install bool
	cmd := &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of files and reports",
		Long: `Print the JSON Schema of a kind of files, by default of rule files, for editors. An editor
that reads # yaml-language-server: $schema=FILE in the first line of a file then completes
and explains the keys. Expressions and names are beyond a schema: rules check knows them.

With --install the name is that of a folder, by default rules: the schemas of its files
are written into its folder .schemas, and such a line before each of its YAML files that
has none. Nothing else is changed, and what was done is told; do it again when there are
new files, or a new version of this program.

Files: ` + strings.Join(schema.Names(), ", ") + `. What -o json writes:
` + strings.Join(report.SchemaNames(), ", ") + `.`,
		Example: `  checkout rules schema >rules.schema.json
  checkout rules schema policy
  checkout rules schema test-report
  checkout rules schema --install rules`,
		Args:      arguments("a schema, or with --install a folder", 0, 1),
		ValidArgs: schemaNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := append(args, "rules")[0]
			if install {
				return installSchemas(s, name)
			}
			if !slices.Contains(schemaNames(), name) {
				return usageError{fmt.Errorf("there is no schema %q; there is %s", name, strings.Join(schemaNames(), ", ")), cmd}
			}
			return writeSchema(s, name)
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "write the schemas into a folder of rules, and name them in its files")
	return cmd
}

// schemaNames are those of files, and then those of what is written as JSON.
func schemaNames() []string { return append(schema.Names(), report.SchemaNames()...) }

// writeSchema prints the schema with the name.
func writeSchema(s Streams, name string) error {
	text, err := schema.Of(name)
	if slices.Contains(report.SchemaNames(), name) {
		text, err = report.Schema(name)
	}
	if err != nil {
		return err
	}
	_, err = s.Out.Write(text)
	return environmentError(err)
}
