package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// updateTests writes into test files what the engine says, and tells what it changed
// and what it did not.
func updateTests(ctx context.Context, s Streams, o testOptions, options ruletest.Options) error {
	suites, filter, err := loadTests(o.paths, o.filter)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	updated, err := ruletest.Update(ctx, ruletest.Disk(), suites, filter, options)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(updated.Files)) {
		info, err := os.Stat(path)
		if err != nil {
			return environmentError(err)
		}
		if err := replaceFile(path, info.Mode().Perm(), func(w io.Writer) error {
			_, err := w.Write(updated.Files[path])
			return err
		}); err != nil {
			return err
		}
	}
	for _, c := range updated.Changed {
		fmt.Fprintf(s.Err, "%s: updated: %s\n", caseOf(c), changesOf(c))
	}
	for _, c := range updated.Refused {
		fmt.Fprintf(s.Err, "%s: not updated: %s\n", caseOf(c.CaseResult), c.Why)
	}
	return nil
}

// caseOf names a case on one line.
func caseOf(c ruletest.CaseResult) string {
	name := fmt.Sprintf("%s:%d: %s", c.File, c.Line, c.Name)
	if c.Row != "" {
		name += " [" + c.Row + "]"
	}
	return name
}

// changesOf tells what was expected and what is now, one text of several lines as such.
func changesOf(c ruletest.CaseResult) string {
	var changes []string
	for _, m := range c.Mismatches {
		if strings.Contains(m.Want+m.Got, "\n") {
			changes = append(changes, m.Field)
			continue
		}
		changes = append(changes, fmt.Sprintf("%s %s -> %s", m.Field, m.Want, m.Got))
	}
	return strings.Join(changes, "; ")
}
