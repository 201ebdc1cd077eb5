package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
)

func newRulesCheck(s Streams) *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "check [folder...]",
		Short: "Find the faults of rule files",
		Long: `Compile the rule files of each folder, by default of the folder rules, and report
every fault.`,
		Example: `  checkout rules check examples/quickstart/rules
  checkout rules check -o json examples/quickstart/rules`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, folders []string) error {
			if len(folders) == 0 {
				folders = []string{"rules"}
			}
			return checkRules(cmd.Context(), s, folders, formats)
		},
	}
	addOutput(cmd, &formats)
	return cmd
}

func checkRules(ctx context.Context, s Streams, folders, formats []string) error {
	outputs, err := parseOutputs(formats)
	if err != nil {
		return err
	}
	var found findings
	for _, folder := range folders {
		found.add(checkFolder(folder))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := write(outputs, s.Out, found.report); err != nil {
		return err
	}
	for _, err := range found.unread {
		writeError(s.Err, err)
	}
	return found.err()
}

// findings are what a check of several folders found.
type findings struct {
	good   []report.Checked
	faults diag.List
	unread []error // folders that could not be checked
}

func (f *findings) add(checked report.Checked, err error) {
	var faults diag.List
	switch {
	case errors.As(err, &faults):
		f.faults = append(f.faults, faults...).Sorted()
	case err != nil:
		f.unread = append(f.unread, err)
	default:
		f.good = append(f.good, checked)
	}
}

func (f *findings) report(w io.Writer, format string) error {
	switch {
	case format == formatJSON:
		return report.CheckJSON(w, f.good, f.faults)
	case len(f.faults) > 0:
		return report.FaultsPretty(w, f.faults)
	default:
		return report.CheckPretty(w, f.good)
	}
}

// err returns how the check ended. Folders without rules are nothing to do,
// unless there is worse.
func (f *findings) err() error {
	isFault := func(d diag.Diagnostic) bool { return d.Code != diag.NothingToLoad }
	switch {
	case len(f.unread) > 0:
		return silentError{exitEnvironment}
	case slices.ContainsFunc(f.faults, isFault):
		return silentError{exitRules}
	case len(f.faults) > 0:
		return silentError{exitNothing}
	default:
		return nil
	}
}

// checkFolder compiles one folder. Faults name files from where the user
// stands.
func checkFolder(folder string) (report.Checked, error) {
	if err := wantFolder(folder); err != nil {
		return report.Checked{}, err
	}
	files, err := compile.Read(os.DirFS(folder))
	if err != nil {
		return report.Checked{}, fmt.Errorf("check %s: %w", folder, err)
	}
	ruleset, err := compile.Compile(files)
	var faults diag.List
	if errors.As(err, &faults) {
		return report.Checked{}, faults.InFolder(filepath.ToSlash(folder))
	}
	return report.Checked{Folder: folder, Files: len(files), Ruleset: ruleset}, err
}

func wantFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; name the folder of the rule files", path)
	case err != nil:
		return fmt.Errorf("check rules: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file; name its folder, because rule files share their sets and conditions", path)
	default:
		return nil
	}
}
