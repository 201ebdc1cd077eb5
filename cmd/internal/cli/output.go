package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/rules/report"
)

// The formats of commands that report.
const (
	formatPretty = "pretty"
	formatJSON   = "json"
)

// output is one FORMAT[=FILE] of a command that reports.
type output struct{ format, file string }

// rendering writes what a command found or did in a format.
type rendering func(w io.Writer, format string) error

// addOutput adds the flag -o, with the formats that every command has and others.
func addOutput(cmd *cobra.Command, formats *[]string, others ...string) {
	known := formatsWith(others)
	cmd.Flags().StringArrayVarP(formats, "output", "o", nil, "write the result as `FORMAT[=FILE]`: "+orList(known)+"; may be repeated")
	complete := cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("output", complete) // fails only for a flag that is not there
}

// formatsWith returns the formats that every command has, and the others.
func formatsWith(others []string) []string {
	return append([]string{formatPretty, formatJSON}, others...)
}

// orList writes "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// parseOutputs reads the values of -o, of a command with other formats too. Without
// any, the format is pretty, on standard output.
func parseOutputs(values []string, others ...string) ([]output, error) {
	if len(values) == 0 {
		return []output{{format: formatPretty}}, nil
	}
	var outputs []output
	toStdout := 0
	for _, value := range values {
		o, err := parseOutput(value, formatsWith(others))
		if err != nil {
			return nil, usageError{error: err}
		}
		if o.file == "" {
			toStdout++
		}
		outputs = append(outputs, o)
	}
	if toStdout > 1 {
		return nil, usageError{error: errors.New("two output formats for standard output; give all but one a file, such as -o json=result.json")}
	}
	return outputs, nil
}

func parseOutput(value string, known []string) (output, error) {
	format, file, hasFile := strings.Cut(value, "=")
	switch {
	case !slices.Contains(known, format):
		return output{}, fmt.Errorf("output format %q: want %s", format, orList(known))
	case hasFile && file == "":
		return output{}, fmt.Errorf("output %q: the file has no name", value)
	}
	return output{format, file}, nil
}

// reportFormats are the formats of commands that check something, besides those that
// every command has.
func reportFormats() []string {
	return []string{report.Compact, report.JUnit, report.TAP, report.SARIF, report.GitHub}
}

// noteFormats are those of commands whose findings are no failures of something that
// could have passed.
func noteFormats() []string { return []string{report.Compact, report.SARIF, report.GitHub} }

// parseReports is parseOutputs of a command that reports findings. On GitHub their
// annotations come by themselves, beside what people read.
func parseReports(s Streams, values []string, others ...string) ([]output, error) {
	outputs, err := parseOutputs(values, others...)
	if err == nil && len(values) == 0 && slices.Contains(s.Env, "GITHUB_ACTIONS=true") {
		outputs = append(outputs, output{format: report.GitHub})
	}
	return outputs, err
}

// write opens each output in turn and lets report write its format to it.
func write(outputs []output, stdout io.Writer, report rendering) error {
	for _, o := range outputs {
		if err := o.write(stdout, report); err != nil {
			return environmentError(err)
		}
	}
	return nil
}

func (o output) write(stdout io.Writer, report rendering) error {
	if o.file == "" {
		return report(stdout, o.format)
	}
	f, err := os.Create(o.file)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report(f, o.format), f.Close())
}

// replaceFile writes a file beside the path and puts it in place once it is
// complete. What fill returns is returned as it is.
func replaceFile(path string, mode fs.FileMode, fill func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return environmentError(fmt.Errorf("write %s: %w", path, err))
	}
	err = fill(file)
	if ending := errors.Join(file.Chmod(mode), file.Close()); err == nil {
		err = environmentError(ending)
	}
	if err == nil {
		err = environmentError(os.Rename(file.Name(), path))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// writeWhole is replaceFile; without a name it writes to out.
func writeWhole(out io.Writer, file string, mode fs.FileMode, write func(io.Writer) error) error {
	if file == "" {
		return write(out)
	}
	return replaceFile(file, mode, write)
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
