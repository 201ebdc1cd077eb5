package api

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// CheckRules compiles rule files and looks for what they may not mean to say. While it
// checks others, the error is ErrRulesBusy. It returns soon after ctx is done, and is safe
// for concurrent use.
type CheckRules func(ctx context.Context, files []RuleFile) (RuleCheck, error)

// ErrRulesBusy says that other rule files are being checked.
const ErrRulesBusy problem = "other rule files are being checked: try again"

// RuleFile is a file below a folder of rules, with forward slashes in its path.
type RuleFile struct{ Path, Content string }

// RuleCheck is what there is to say of rule files.
type RuleCheck struct {
	Compiles bool
	Digest   string
	Findings []RuleFinding
}

// RuleFinding is a finding, with a cart that shows it where there is one.
type RuleFinding struct {
	diag.Diagnostic
	Promotions  []string
	Shows, Cart string
}

// maxRuleFiles is how many files are checked at once; MaxBody bounds their size.
const maxRuleFiles = 500

// checkRuleset checks rule files.
func (s *Server) checkRuleset(w http.ResponseWriter, r *http.Request) error {
	body, err := readV1[v1.RuleBundle](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	files := f.bundle(body.Files)
	if err := cmp.Or(f.err(), differentFiles(files)); err != nil {
		return err
	}
	if s.options.CheckRules == nil {
		return errNoRulesets
	}
	found, err := s.options.CheckRules(r.Context(), files)
	if err != nil {
		return rulesBusy(w, err)
	}
	answer := &v1.RuleCheck{Compiles: found.Compiles, Digest: found.Digest, Findings: make([]v1.RuleFinding, len(found.Findings))}
	for i, f := range found.Findings {
		answer.Findings[i] = v1.RuleFinding{
			Severity: f.Severity.String(), Code: string(f.Code), File: f.File, Line: f.Range.Start.Line, Column: f.Range.Start.Column,
			Message: f.Message, Hint: f.Hint, Promotions: f.Promotions, Shows: f.Shows, Cart: f.Cart,
		}
	}
	return s.answer(w, http.StatusOK, answer)
}

// bundle reads the files, whose paths stay inside the folder.
func (f *faults) bundle(list []v1.RuleFile) []RuleFile {
	switch n := len(list); {
	case list == nil:
		f.at("missing", "files")
	case n < 1 || n > maxRuleFiles:
		f.at(fmt.Sprintf("want 1 to %d, got %d", maxRuleFiles, n), "files")
	}
	files := make([]RuleFile, len(list))
	for i, file := range list {
		if !validPath(file.Path) {
			f.at("want the path of a file inside the folder, such as promotions.yaml", "files", i, "path")
		}
		files[i] = RuleFile{file.Path, file.Content}
	}
	return files
}

// filesTwiceError names the files whose paths others have, by their indexes.
type filesTwiceError []int

// Error implements error.
func (e filesTwiceError) Error() string {
	return fmt.Sprintf("%d files have the path of another one", len(e))
}

func (e filesTwiceError) places() []v1.ProblemError {
	places := make([]v1.ProblemError, len(e))
	for i, at := range e {
		places[i] = v1.ProblemError{Pointer: pointerTo("files", at, "path"), Detail: "given twice"}
	}
	return places
}

// differentFiles refuses files of which two have one path.
func differentFiles(files []RuleFile) error {
	var twice filesTwiceError
	seen := make(map[string]bool)
	for i, f := range files {
		if seen[f.Path] {
			twice = append(twice, i)
		}
		seen[f.Path] = true
	}
	if len(twice) > 0 {
		return twice
	}
	return nil
}

// validPath reports whether a path names something inside a folder.
func validPath(path string) bool {
	return fs.ValidPath(path) && path != "." && !strings.ContainsAny(path, "\\\x00") && !tooLong(path, maxText)
}
