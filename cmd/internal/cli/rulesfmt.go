package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/format"
	"github.com/checkout-promotions/checkout/rules/report"
)

// fmtOptions say what becomes of files that are formatted otherwise.
type fmtOptions struct {
	write, diff, list, check bool
	formats                  []string // of what --check finds
}

func newRulesFmt(s Streams) *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [path...]",
		Short: "Format rule files and test files",
		Long: `Format the YAML files at the paths, files or folders, by default below this folder; -
formats standard input. Only blanks and line ends are changed: comments stay, and what
comes out is proved to say the same. Without a flag, the formatted text is written to
standard output. What --check finds is reported with -o, and else told by the exit code.`,
		Example: `  checkout rules fmt -l examples
  checkout rules fmt -w rules
  checkout rules fmt --check --diff examples
  checkout rules fmt --check -o junit=format.xml -o pretty examples`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{"."}
			}
			return formatFiles(cmd.Context(), s, o, paths)
		},
	}
	cmd.Flags().BoolVarP(&o.write, "write", "w", false, "write the files in place")
	cmd.Flags().BoolVarP(&o.diff, "diff", "d", false, "show what would change, as a unified diff")
	cmd.Flags().BoolVarP(&o.list, "list", "l", false, "list the files that would change")
	cmd.Flags().BoolVar(&o.check, "check", false, "exit with 1 if a file would change")
	addOutput(cmd, &o.formats, reportFormats()...)
	return cmd
}

func formatFiles(ctx context.Context, s Streams, o fmtOptions, paths []string) error {
	outputs, err := o.outputs(s)
	if err != nil {
		return err
	}
	files, err := yamlFiles(paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return codedError{exitNothing, fmt.Errorf("there are no YAML files in %s", strings.Join(paths, ", "))}
	}
	var faults diag.List
	var unsafe []error
	var checked []report.Formatted
	changed := false
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := o.format(s, file)
		var found diag.List
		switch {
		case errors.As(err, &found):
			faults = append(faults, found...)
		case errors.As(err, new(*format.UnsafeError)):
			unsafe = append(unsafe, err)
		case err != nil:
			return environmentError(err)
		default:
			checked = append(checked, f)
		}
		changed = changed || !f.Formatted
	}
	err = write(outputs, s.Out, func(w io.Writer, format string) error {
		return writeFormatting(w, format, checked, faults, commandLine("checkout rules fmt --check", paths))
	})
	if err != nil {
		return err
	}
	switch err := faults.Err(); {
	case err != nil:
		return err
	case unsafe != nil:
		return codedError{exitFindings, errors.Join(unsafe...)}
	case o.check && changed:
		return silentError{exitFindings}
	default:
		return nil
	}
}

// outputs returns where what --check finds is written: nowhere, unless it is asked for.
func (o fmtOptions) outputs(s Streams) ([]output, error) {
	outputs, err := parseReports(s, o.formats, reportFormats()...)
	switch {
	case err != nil || len(o.formats) > 0 && o.check:
		return outputs, err
	case len(o.formats) > 0:
		return nil, usageError{error: errors.New("-o goes with --check")}
	case o.check:
		return outputs[1:], nil
	default:
		return nil, nil
	}
}

// writeFormatting writes what --check found in a format.
func writeFormatting(w io.Writer, format string, files []report.Formatted, faults diag.List, command string) error {
	switch format {
	case formatPretty:
		return report.FormattingPretty(w, files, faults)
	case formatJSON:
		return report.FormattingJSON(w, files, faults)
	default:
		return report.FormattingReport(command, files, faults).Write(w, format)
	}
}

// yamlFiles returns the files at the paths, with - for standard input.
func yamlFiles(paths []string) ([]string, error) {
	if err := checkPaths(slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p == "-" })); err != nil {
		return nil, err
	}
	var files []string
	for _, root := range paths {
		if root == "-" {
			files = append(files, root)
			continue
		}
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			hidden := strings.HasPrefix(entry.Name(), ".") && name != root
			switch yaml := slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)); {
			case err != nil:
				return err
			case entry.IsDir() && hidden:
				return fs.SkipDir
			case !entry.IsDir() && (yaml && !hidden || name == root):
				files = append(files, filepath.Clean(name))
			}
			return nil
		})
		if err != nil {
			return nil, environmentError(err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// format formats a file and says whether it was so before.
func (o fmtOptions) format(s Streams, file string) (report.Formatted, error) {
	f := report.Formatted{File: filepath.ToSlash(file), Formatted: true}
	name, data, err := readInput(s, file)
	if err != nil {
		return f, err
	}
	formatted, err := format.Source(filepath.ToSlash(name), data)
	if err != nil {
		return f, err
	}
	differs := !bytes.Equal(data, formatted)
	if differs {
		f.Formatted, f.Line = false, firstDifference(data, formatted)
	}
	if o.list && differs {
		fmt.Fprintln(s.Out, name)
	}
	if o.diff && differs {
		if _, err := s.Out.Write(diff.Diff(name, data, name+" formatted", formatted)); err != nil {
			return f, err
		}
	}
	if o.write && differs && file != "-" {
		return f, rewrite(file, formatted)
	}
	if !o.list && !o.diff && !o.check && (!o.write || file == "-") {
		_, err = s.Out.Write(formatted)
	}
	return f, err
}

// firstDifference returns the number of the first line that differs.
func firstDifference(a, b []byte) int {
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	return 1 + bytes.Count(a[:same], []byte("\n"))
}

// readInput reads a file, or standard input for -.
func readInput(s Streams, file string) (name string, data []byte, err error) {
	if file == "-" {
		data, err = io.ReadAll(s.In)
		return "standard input", data, err
	}
	data, err = os.ReadFile(file)
	return file, data, err
}

// rewrite replaces a file, which keeps its mode.
func rewrite(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return replaceFile(file, info.Mode().Perm(), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
