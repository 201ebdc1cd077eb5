package lint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// maxFixes bounds how many changes Fix makes.
const maxFixes = 1000

// Fix makes the changes that put findings and faults right, one after the other,
// and looks again after each. A change is kept only where the rules compile then
// or, if they have not compiled before, where the fault is gone. It returns the files, changed or not, and what has been
// fixed. What a file says otherwise, comments included, stays. The error is what
// is left of the faults, with the files as far as they could be put right.
func Fix(files []compile.File, o Options) (fixed []compile.File, done []diag.Diagnostic, err error) {
	files = slices.Clone(files)
	failed := make(map[string]bool)
	for range maxFixes {
		found, faults, err := fixable(files, o)
		if err != nil {
			return files, done, err
		}
		i := slices.IndexFunc(found, func(d diag.Diagnostic) bool { return !failed[key(d)] })
		if i < 0 {
			return files, done, faults.Err()
		}
		changed, better := withFix(files, found[i])
		if !better {
			failed[key(found[i])] = true
			continue
		}
		files, done = changed, append(done, found[i])
		clear(failed)
	}
	return files, done, nil
}

func key(d diag.Diagnostic) string {
	return fmt.Sprint(d.Code, d.File, d.Range, d.Message)
}

// fixable returns what has a fix: faults, or findings where there are no faults.
func fixable(files []compile.File, o Options) (fixable []diag.Diagnostic, faults diag.List, err error) {
	found, err := Check(files, o)
	if err != nil && !errors.As(err, &faults) {
		return nil, nil, err
	}
	for _, d := range faults {
		if d.Fix != nil {
			fixable = append(fixable, d)
		}
	}
	for _, f := range found {
		if f.Fix != nil {
			fixable = append(fixable, f.Diagnostic)
		}
	}
	return fixable, faults, nil
}

// withFix makes one change, and reports whether it did good.
func withFix(files []compile.File, d diag.Diagnostic) ([]compile.File, bool) {
	changed := slices.Clone(files)
	differs := false
	for i, f := range changed {
		data, err := diag.Apply(f.Name, f.Data, d.Fix.Edits)
		if err != nil {
			return files, false
		}
		differs = differs || !bytes.Equal(data, f.Data)
		changed[i].Data = data
	}
	_, err := compile.Configure(changed)
	var faults diag.List
	if err != nil && !errors.As(err, &faults) {
		return files, false
	}
	left := slices.ContainsFunc(faults, func(f diag.Diagnostic) bool {
		return f.Code == d.Code && f.File == d.File && f.Range.Start == d.Range.Start
	})
	return changed, differs && !left && (err == nil || d.Severity == diag.SeverityError)
}
