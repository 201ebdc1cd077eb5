package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// output is one FORMAT[=FILE] of a command that reports.
type output struct{ format, file string }

// parseOutputs reads the values of -o. Without any, the format is the first of
// known, on standard output.
func parseOutputs(values []string, known ...string) ([]output, error) {
	if len(values) == 0 {
		return []output{{format: known[0]}}, nil
	}
	var outputs []output
	toStdout := 0
	for _, value := range values {
		format, file, hasFile := strings.Cut(value, "=")
		switch {
		case !slices.Contains(known, format):
			return nil, usageError{fmt.Errorf("output format %q: want %s", format, strings.Join(known, " or "))}
		case hasFile && file == "":
			return nil, usageError{fmt.Errorf("output %q: the file has no name", value)}
		case !hasFile:
			toStdout++
		}
		outputs = append(outputs, output{format, file})
	}
	if toStdout > 1 {
		return nil, usageError{errors.New("two output formats for standard output: give all but one a file, such as -o json=result.json")}
	}
	return outputs, nil
}

// write opens each output in turn and lets report write its format to it.
func write(outputs []output, stdout io.Writer, report func(w io.Writer, format string) error) error {
	for _, o := range outputs {
		if err := o.write(stdout, report); err != nil {
			return environmentError(err)
		}
	}
	return nil
}

func (o output) write(stdout io.Writer, report func(w io.Writer, format string) error) error {
	if o.file == "" {
		return report(stdout, o.format)
	}
	f, err := os.Create(o.file)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report(f, o.format), f.Close())
}
