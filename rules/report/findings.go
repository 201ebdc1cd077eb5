package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// FindingsCompact writes a line for each finding.
func FindingsCompact(w io.Writer, found diag.List) error {
	for _, d := range found {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
	}
	return nil
}

// FindingsGitHub writes commands that a workflow on GitHub shows as annotations.
func FindingsGitHub(w io.Writer, found diag.List) error {
	for _, d := range found {
		level := map[diag.Severity]string{diag.SeverityWarning: "warning", diag.SeverityNote: "notice"}[d.Severity]
		if level == "" {
			level = "error"
		}
		properties := []string{"file=" + githubProperty(d.File), "title=" + githubProperty(string(d.Code))}
		if d.Range.Start.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", d.Range.Start.Line), fmt.Sprintf("col=%d", d.Range.Start.Column))
		}
		message := d.Message
		if d.Hint != "" {
			message += ": " + d.Hint
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", level, strings.Join(properties, ","), githubData(message)); err != nil {
			return err
		}
	}
	return nil
}

func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(s))
}

// The parts of SARIF 2.1.0 that are written.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name  string      `json:"name"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string    `json:"id"`
	ShortDescription sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

// FindingsSARIF writes SARIF 2.1.0, which code scanning reads.
func FindingsSARIF(w io.Writer, found diag.List) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "checkout", Rules: []sarifRule{}}
	for _, d := range found {
		id := string(d.Code)
		index := slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == id })
		if index < 0 {
			index = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{id, sarifText{titleOf(d.Code)}})
		}
		level := map[diag.Severity]string{diag.SeverityWarning: "warning", diag.SeverityNote: "note"}[d.Severity]
		if level == "" {
			level = "error"
		}
		message := d.Message
		if d.Hint != "" {
			message += ": " + d.Hint
		}
		run.Results = append(run.Results, sarifResult{id, index, level, sarifText{message}, sarifLocations(d)})
	}
	return writeJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifLocations(d diag.Diagnostic) []sarifLocation {
	if d.File == "" {
		return nil
	}
	var l sarifLocation
	l.Physical.Artifact.URI = strings.ReplaceAll(path.Clean(d.File), " ", "%20")
	if at := d.Range; at.Start.Line > 0 {
		l.Physical.Region = &sarifRegion{at.Start.Line, at.Start.Column, max(at.End.Line, at.Start.Line), max(at.End.Column, 1)}
	}
	return []sarifLocation{l}
}

// titleOf is the title of the code's page.
func titleOf(code diag.Code) string {
	for _, page := range diag.Pages() {
		if page.Code == code {
			return page.Title
		}
	}
	return "A test failed"
}
