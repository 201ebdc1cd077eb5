package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
)

func newRulesCheck(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "check [folder...]",
		Short: "Compile the rule files of each folder and report every fault, by default of the folder rules",
		Example: `  checkout rules check examples/quickstart/rules
  checkout rules check -o json examples/quickstart/rules`,
		RunE: func(_ *cobra.Command, folders []string) error {
			if len(folders) == 0 {
				folders = []string{"rules"}
			}
			outputs, err := parseOutputs(formats, "pretty", "json")
			if err != nil {
				return err
			}
			return checkRules(s, folders, outputs)
		},
	}
	cmd.Flags().StringArrayVarP(&formats, "output", "o", nil, "`FORMAT[=FILE]`: pretty or json; may be repeated")
	return cmd
}

func checkRules(s Streams, folders []string, outputs []output) error {
	var checked []report.Checked
	var faults diag.List
	for _, folder := range folders {
		c, err := checkFolder(folder)
		var own diag.List
		switch {
		case errors.As(err, &own):
			faults = append(faults, own...)
		case err != nil:
			return environmentError(err)
		default:
			checked = append(checked, c)
		}
	}
	faults = faults.Sorted()
	err := write(outputs, s.Out, func(w io.Writer, format string) error {
		switch {
		case format == "json":
			return report.CheckJSON(w, checked, faults)
		case len(faults) > 0:
			return report.FaultsPretty(w, faults)
		default:
			return report.CheckPretty(w, checked)
		}
	})
	if err == nil && len(faults) > 0 {
		return silentError{exitRules}
	}
	return err
}

// checkFolder compiles one folder. Faults name files from where the user
// stands.
func checkFolder(folder string) (report.Checked, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return report.Checked{}, fmt.Errorf("check rules: %w", err)
	}
	if !info.IsDir() {
		return report.Checked{}, fmt.Errorf("check rules: %s is a file; name the folder, because rule files share their sets and conditions", folder)
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return report.Checked{}, err
	}
	ruleset, err := compile.Compile(files)
	var faults diag.List
	if errors.As(err, &faults) {
		return report.Checked{}, faults.InFolder(filepath.ToSlash(folder))
	}
	return report.Checked{Folder: folder, Files: len(files), Ruleset: ruleset}, err
}
