package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// shade is how much of a line was reached.
type shade string

const (
	unmarked shade = ""
	reached  shade = "reached"
	partly   shade = "partly"
	missed   shade = "missed"
)

func shadeOf(s coverage.Share) shade {
	switch {
	case s.Points == 0:
		return unmarked
	case s.Reached == s.Points:
		return reached
	case s.Reached == 0:
		return missed
	default:
		return partly
	}
}

// paint gives a text the colour of its shade on a terminal.
func (s shade) paint(text string) string {
	colour, coloured := map[shade]string{reached: "32", partly: "33", missed: "31"}[s]
	if !coloured {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// CoveragePretty writes a line for each file and, of the files in which something was
// not reached, the source: each line with how many of its points were reached, and
// below it what was not. With colours a line is green, yellow or red; without them
// what is missing is marked all the same.
func CoveragePretty(w io.Writer, r coverage.Result, colours bool) error {
	var b strings.Builder
	for _, f := range r.Files() {
		fmt.Fprintf(&b, "%s  %s\n", f.File, share(f.Share))
		if f.Reached < f.Points {
			writeHeat(&b, f, r.Sources[f.File], colours)
			writeOutcomes(&b, f, colours)
		}
	}
	if len(r.Pairs) > 0 {
		fmt.Fprintf(&b, "%s of promotions took something off one line\n", counted(len(r.Pairs), "pair"))
	}
	fmt.Fprintf(&b, "%s\n", CoverageLine(r))
	_, err := io.WriteString(w, b.String())
	return err
}

// CoverageLine writes the whole in one line: coverage 98.2 % (54 of 55 points).
func CoverageLine(r coverage.Result) string {
	s := r.Share()
	return fmt.Sprintf("coverage %.1f %% (%d of %s)", s.Tenths(), s.Reached, counted(s.Points, "point"))
}

func share(s coverage.Share) string {
	return fmt.Sprintf("%.1f %% (%d of %d)", s.Tenths(), s.Reached, s.Points)
}

// CoverageReport returns a report with a note for each part that no test reaches.
func CoverageReport(name string, r coverage.Result) Report {
	report := Report{Name: name, Summary: CoverageLine(r)}
	for _, p := range r.Points {
		if p.Cases == 0 {
			report.Findings = append(report.Findings, diag.Diagnostic{Code: notReached, Severity: diag.SeverityNote, File: p.File, Range: p.Range, Message: p.Missing()})
		}
	}
	return report
}

func writeHeat(b *strings.Builder, f coverage.FileResult, source string, colours bool) {
	lines, missing := f.Lines(), missingIn(f)
	for i, text := range sourceLines(source) {
		s, marked := lines[i+1]
		mark := ""
		if marked {
			mark = fmt.Sprintf("%d/%d", s.Reached, s.Points)
		}
		line := strings.TrimRight(fmt.Sprintf("%5d %5s | %s", i+1, mark, text), " ")
		if colours {
			line = shadeOf(s).paint(line)
		}
		fmt.Fprintln(b, line)
		for _, what := range missing[i+1] {
			what = fmt.Sprintf("%11s ! %s", "", what)
			if colours {
				what = missed.paint(what)
			}
			fmt.Fprintln(b, what)
		}
	}
	b.WriteByte('\n')
}

// writeOutcomes writes how the promotions of the file can end, with the cases in which
// they did.
func writeOutcomes(b *strings.Builder, f coverage.FileResult, colours bool) {
	t := textTable{left: 2}
	var shades []shade
	for _, points := range f.Outcomes() {
		var s coverage.Share
		var ends []string
		for _, p := range points {
			ends = append(ends, fmt.Sprintf("%s %d", p.Want, p.Cases))
			s.Points++
			s.Reached += min(1, p.Cases)
		}
		t.row(points[0].Owner.Name, strings.Join(ends, ", "))
		shades = append(shades, shadeOf(s))
	}
	if len(shades) == 0 {
		return
	}
	var table strings.Builder
	t.write(&table)
	for i, line := range strings.Split(strings.TrimSuffix(table.String(), "\n"), "\n") {
		if line = "  " + line; colours {
			line = shades[i].paint(line)
		}
		fmt.Fprintln(b, line)
	}
	b.WriteByte('\n')
}

// missingIn lists what was not reached, by line.
func missingIn(f coverage.FileResult) map[int][]string {
	missing := make(map[int][]string)
	for _, p := range f.All {
		if p.Cases == 0 {
			missing[p.Range.Start.Line] = append(missing[p.Range.Start.Line], p.Missing())
		}
	}
	return missing
}

func sourceLines(source string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(source, "\r\n", "\n"), "\n"), "\n")
}

// coverageJSON is version 1 of the format. Fields are only ever added.
type coverageJSON struct {
	Version int                `json:"version"`
	Percent float64            `json:"percent"`
	Reached int                `json:"reached"`
	Points  int                `json:"points"`
	Files   []fileCoverageJSON `json:"files"`
	// Pairs are the promotions that took something off one line in a case.
	Pairs []coverage.Pair `json:"pairs"`
}

type fileCoverageJSON struct {
	File    string           `json:"file"`
	Percent float64          `json:"percent"`
	Reached int              `json:"reached"`
	Points  int              `json:"points"`
	All     []coverage.Point `json:"all"`
}

// CoverageJSON writes every point.
func CoverageJSON(w io.Writer, r coverage.Result) error {
	s := r.Share()
	out := coverageJSON{Version: 1, Percent: s.Tenths(), Reached: s.Reached, Points: s.Points, Files: []fileCoverageJSON{}, Pairs: append([]coverage.Pair{}, r.Pairs...)}
	for _, f := range r.Files() {
		out.Files = append(out.Files, fileCoverageJSON{f.File, f.Tenths(), f.Reached, f.Points, f.All})
	}
	return writeJSON(w, out)
}

// CoverageLCOV writes the form that lcov and editors read: promotions as functions,
// points as branches, and of each line the cases that reached most of it.
func CoverageLCOV(w io.Writer, r coverage.Result) error {
	var b strings.Builder
	for _, f := range r.Files() {
		fmt.Fprintf(&b, "TN:\nSF:%s\n", f.File)
		writeFunctions(&b, f)
		lines := writeBranches(&b, f)
		hit := 0
		for _, line := range slices.Sorted(maps.Keys(lines)) {
			fmt.Fprintf(&b, "DA:%d,%d\n", line, lines[line])
			hit += min(1, lines[line])
		}
		fmt.Fprintf(&b, "LF:%d\nLH:%d\nend_of_record\n", len(lines), hit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeFunctions writes the promotions, with the cases in which they are applied.
func writeFunctions(b *strings.Builder, f coverage.FileResult) {
	var all, hit int
	var hits strings.Builder
	for _, p := range f.All {
		if p.Kind == coverage.Outcome && p.Want == "applied" {
			fmt.Fprintf(b, "FN:%d,%s\n", p.Range.Start.Line, p.Owner.Name)
			fmt.Fprintf(&hits, "FNDA:%d,%s\n", p.Cases, p.Owner.Name)
			all, hit = all+1, hit+min(1, p.Cases)
		}
	}
	fmt.Fprintf(b, "%sFNF:%d\nFNH:%d\n", hits.String(), all, hit)
}

// writeBranches writes the points, numbered on each line, and returns the most cases
// of a point by line.
func writeBranches(b *strings.Builder, f coverage.FileResult) map[int]int {
	numbers, lines := make(map[int]int), make(map[int]int)
	for _, p := range f.All {
		line := p.Range.Start.Line
		taken := "-"
		if p.Cases > 0 {
			taken = fmt.Sprint(p.Cases)
		}
		fmt.Fprintf(b, "BRDA:%d,0,%d,%s\n", line, numbers[line], taken)
		numbers[line]++
		lines[line] = max(lines[line], p.Cases)
	}
	fmt.Fprintf(b, "BRF:%d\nBRH:%d\n", f.Points, f.Reached)
	return lines
}
