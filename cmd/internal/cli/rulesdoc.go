package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/report"
)

func newRulesDoc(s Streams) *cobra.Command {
	var folder string
	var formats []string
	cmd := &cobra.Command{
		Use:   "doc",
		Short: "Print what rules may use",
		Long: `Print the variables, functions, operators, deals and reasons that rules may use, as
tables in Markdown or, with -o json, for programs. With --rules these are also the facts
and deals of the plugins that plugins.lock.yaml of the folder names, and the sets and
conditions of its files, as far as they can be read.`,
		Example: `  checkout rules doc
  checkout rules doc -r examples/loyalty/rules
  checkout rules doc -o json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			outputs, err := parseOutputs(formats)
			if err != nil {
				return err
			}
			files, err := ruleFiles(folder)
			if err != nil {
				return environmentError(err)
			}
			text := reference.Of(files)
			return write(outputs, s.Out, func(w io.Writer, format string) error {
				if format == formatJSON {
					return report.ReferenceJSON(w, text)
				}
				return report.ReferenceMarkdown(w, text)
			})
		},
	}
	cmd.Flags().StringVarP(&folder, "rules", "r", "", "tell also what the rules in the `FOLDER` have")
	completeFolder(cmd, "rules")
	addOutput(cmd, &formats)
	return cmd
}

// ruleFiles reads a folder, none without a name.
func ruleFiles(folder string) ([]compile.File, error) {
	if folder == "" {
		return nil, nil
	}
	if err := wantFolder(folder); err != nil {
		return nil, err
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	return files, nil
}
