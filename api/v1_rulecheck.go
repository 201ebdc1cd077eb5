package api

import (
	"context"
	"errors"
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
	files, err := checkBundle(body)
	if err != nil {
		return err
	}
	if s.options.CheckRules == nil {
		return errNoRulesets
	}
	found, err := s.options.CheckRules(r.Context(), files)
	if errors.Is(err, ErrRulesBusy) {
		w.Header().Set("Retry-After", "1")
	}
	if err != nil {
		return err
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

// checkBundle reads the files, whose paths stay inside the folder.
func checkBundle(body *v1.RuleBundle) ([]RuleFile, error) {
	var f faults
	switch n := len(body.Files); {
	case body.Files == nil:
		f.at("missing", "files")
	case n < 1 || n > maxRuleFiles:
		f.at(fmt.Sprintf("want 1 to %d, got %d", maxRuleFiles, n), "files")
	}
	files, seen := make([]RuleFile, len(body.Files)), make(map[string]bool)
	for i, file := range body.Files {
		switch {
		case !fs.ValidPath(file.Path) || file.Path == "." || strings.Contains(file.Path, `\`) || strings.Contains(file.Path, "\x00") || tooLong(file.Path, maxText):
			f.at("want the path of a file inside the folder, such as promotions.yaml", "files", i, "path")
		case seen[file.Path]:
			f.at("given twice", "files", i, "path")
		}
		seen[file.Path] = true
		files[i] = RuleFile{file.Path, file.Content}
	}
	return files, f.err()
}
