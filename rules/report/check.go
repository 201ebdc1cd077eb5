package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
)

// FaultsPretty writes the faults with excerpts.
func FaultsPretty(w io.Writer, faults diag.List) error {
	_, err := io.WriteString(w, faults.Render())
	return err
}

// Checked is a folder of rules that compiled.
type Checked struct {
	Folder   string
	Files    []string // from where the user stands
	Ruleset  *engine.Ruleset
	Findings []lint.Finding
}

// CheckPretty writes the findings that are at least as grave as the level, and a
// line for each folder.
func CheckPretty(w io.Writer, checked []Checked, level diag.Severity) error {
	var b strings.Builder
	for _, c := range checked {
		hidden := 0
		for _, f := range c.Findings {
			if !f.Severity.AtLeast(level) {
				hidden++
				continue
			}
			b.WriteString(finding(f) + "\n")
		}
		b.WriteString(folderLine(c, hidden))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// folderLine tells of a folder as a whole. Hidden is how many findings are not shown.
func folderLine(c Checked, hidden int) string {
	return fmt.Sprintf("%s: %s in %s, ruleset %.12s%s\n", c.Folder,
		counted(len(c.Ruleset.PromotionIDs()), "promotion"), counted(len(c.Files), "file"), c.Ruleset.Digest(), summary(c.Findings, hidden))
}

// CheckChange is what a check finds otherwise than the one before.
type CheckChange struct {
	// NewFaults and New were not there before, and Gone was.
	NewFaults diag.List
	New       []lint.Finding
	Gone      diag.List
	// Faults counts all faults. Checked are the folders that compile, of which
	// findings below the Level are not shown.
	Faults  int
	Checked []Checked
	Level   diag.Severity
}

// CheckChangedPretty writes what is gone and what is new, and how things are.
func CheckChangedPretty(w io.Writer, change CheckChange) error {
	var b strings.Builder
	for _, d := range change.Gone {
		fmt.Fprintf(&b, "gone %s: %s %s\n", d.Location(), d.Code, d.Message)
	}
	for _, d := range change.NewFaults {
		b.WriteString(d.Render() + "\n")
	}
	for _, f := range change.New {
		b.WriteString(finding(f) + "\n")
	}
	if change.Faults > 0 {
		b.WriteString(counted(change.Faults, "fault") + "\n")
	}
	for _, c := range change.Checked {
		hidden := 0
		for _, f := range c.Findings {
			if !f.Severity.AtLeast(change.Level) {
				hidden++
			}
		}
		b.WriteString(folderLine(c, hidden))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// finding writes a finding with its witness.
func finding(f lint.Finding) string {
	text := f.Render()
	if f.Witness != nil {
		text += fmt.Sprintf("     = seen on %s: %s\n", f.Witness.Cart(), f.Witness.Shows)
	}
	if f.Fix != nil {
		text += fmt.Sprintf("     = --fix does: %s\n", f.Fix.Title)
	}
	return text
}

// summary counts the findings of each severity.
func summary(findings []lint.Finding, hidden int) string {
	counts := make(map[diag.Severity]int)
	for _, f := range findings {
		counts[f.Severity]++
	}
	var text string
	for _, s := range []diag.Severity{diag.SeverityError, diag.SeverityWarning, diag.SeverityNote} {
		if counts[s] > 0 {
			text += ", " + counted(counts[s], s.String())
		}
	}
	if hidden > 0 {
		text += ", which --fail-level note shows"
	}
	return text
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// CheckReport returns the report of a check: every file that was read, and the faults
// and findings that are at least as grave as the level.
func CheckReport(name string, checked []Checked, faults diag.List, level diag.Severity) Report {
	r := Report{Name: name, Findings: faults}
	clean := make(map[string]bool)
	for _, c := range checked {
		for _, file := range c.Files {
			clean[file] = true
		}
		for _, f := range c.Findings {
			if f.Severity.AtLeast(level) {
				r.Findings = append(r.Findings, f.Diagnostic)
			}
		}
	}
	for _, d := range r.Findings {
		delete(clean, d.File)
	}
	for _, file := range slices.Sorted(maps.Keys(clean)) {
		r.Cases = append(r.Cases, Case{File: file, Name: "nothing to find"})
	}
	r.Cases = append(r.Cases, FailedCases(r.Findings)...)
	r.Summary = counted(len(r.Findings), "finding")
	return r
}

// checkJSON is version 1 of the format. Fields are only ever added.
type checkJSON struct {
	Version  int           `json:"version"`
	Folders  []folderJSON  `json:"folders"`
	Faults   diag.List     `json:"faults"`
	Findings []findingJSON `json:"findings"`
}

type folderJSON struct {
	Folder     string   `json:"folder"`
	Files      int      `json:"files"`
	Promotions []string `json:"promotions"`
	Ruleset    string   `json:"ruleset"`
	Currency   string   `json:"currency"`
}

type findingJSON struct {
	diag.Diagnostic
	Promotions []string     `json:"promotions,omitempty"`
	Witness    *witnessJSON `json:"witness,omitempty"`
}

// witnessJSON is a cart that shows a finding. Test is a rule test that has it.
type witnessJSON struct {
	Shows string `json:"shows"`
	Cart  string `json:"cart"`
	Test  string `json:"test"`
}

// CheckJSON writes the folders that compiled with all findings, and the faults of
// the others.
func CheckJSON(w io.Writer, checked []Checked, faults diag.List) error {
	out := checkJSON{Version: 1, Folders: []folderJSON{}, Faults: orEmpty(faults), Findings: []findingJSON{}}
	for _, c := range checked {
		out.Folders = append(out.Folders, folderJSON{
			Folder: c.Folder, Files: len(c.Files), Promotions: c.Ruleset.PromotionIDs(),
			Ruleset: c.Ruleset.Digest(), Currency: c.Ruleset.Currency().Code(),
		})
		for _, f := range c.Findings {
			found := findingJSON{Diagnostic: f.Diagnostic, Promotions: f.Promotions}
			if f.Witness != nil {
				test, err := f.Test(c.Ruleset)
				if err != nil {
					return err
				}
				found.Witness = &witnessJSON{Shows: f.Witness.Shows, Cart: f.Witness.Cart(), Test: string(test)}
			}
			out.Findings = append(out.Findings, found)
		}
	}
	return writeJSON(w, out)
}
