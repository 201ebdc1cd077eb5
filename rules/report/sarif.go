package report

import (
	"io"
	"net/url"
	"path"
	"slices"

	"github.com/checkout-promotions/checkout/rules/diag"
)

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
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string     `json:"id"`
	ShortDescription sarifText  `json:"shortDescription"`
	Help             *sarifText `json:"help,omitempty"`
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

// sarif writes SARIF 2.1.0, which code scanning reads.
func (r Report) sarif(w io.Writer) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "checkout", InformationURI: "https://github.com/checkout-promotions/checkout", Rules: []sarifRule{}}
	rules := &run.Tool.Driver.Rules
	for _, d := range r.Findings {
		id := string(d.Code)
		index := slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == id })
		if index < 0 {
			index = len(*rules)
			*rules = append(*rules, ruleOf(d.Code))
		}
		level := map[diag.Severity]string{diag.SeverityError: "error", diag.SeverityWarning: "warning", diag.SeverityNote: "note"}[d.Severity]
		run.Results = append(run.Results, sarifResult{id, index, level, sarifText{printable(messageOf(d))}, sarifLocations(d)})
	}
	return writeJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// ruleOf tells what a code means: as its page does, or as kinds of findings have it
// that are no faults of rules.
func ruleOf(code diag.Code) sarifRule {
	for _, page := range diag.Pages() {
		if page.Code == code {
			return sarifRule{string(code), sarifText{page.Title}, &sarifText{page.Why}}
		}
	}
	return sarifRule{string(code), sarifText{kinds()[code]}, nil}
}

func sarifLocations(d diag.Diagnostic) []sarifLocation {
	if d.File == "" {
		return nil
	}
	var l sarifLocation
	l.Physical.Artifact.URI = fileURI(d.File)
	if at := d.Range; at.Start.Line > 0 {
		l.Physical.Region = &sarifRegion{at.Start.Line, max(at.Start.Column, 1), max(at.End.Line, at.Start.Line), max(at.End.Column, 1)}
	}
	return []sarifLocation{l}
}

// fileURI writes a path as a URI: one from where the user stands as a reference.
func fileURI(file string) string {
	file = path.Clean(file)
	if path.IsAbs(file) {
		return (&url.URL{Scheme: "file", Path: file}).String()
	}
	return (&url.URL{Path: file}).String()
}
