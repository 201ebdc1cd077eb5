package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/coverage"
)

//go:embed coverage.html.tmpl
var coveragePage string

type coverageHTML struct {
	Percent         string
	Reached, Points int
	Files           []fileHTML
	Pairs           []coverage.Pair
}

type fileHTML struct {
	File, Anchor, Percent string
	Reached, Points       int
	Lines                 []lineHTML
	Promotions            []promotionHTML
}

// promotionHTML is how a promotion can end.
type promotionHTML struct {
	Name string
	Ends []coverage.Point
}

type lineHTML struct {
	Number            int
	Mark, Text, Title string
	Shade             shade
	Missing           []string
}

// CoverageHTML writes one page that needs no other file: the shares of the files, and
// the source of each with what was reached of every line.
func CoverageHTML(w io.Writer, r coverage.Result) error {
	page, err := template.New("coverage").Parse(coveragePage)
	if err != nil {
		return err
	}
	s := r.Share()
	out := coverageHTML{Percent: tenths(s), Reached: s.Reached, Points: s.Points, Pairs: r.Pairs}
	for i, f := range r.Files() {
		out.Files = append(out.Files, fileHTML{
			File: f.File, Anchor: fmt.Sprintf("file-%d", i+1), Percent: tenths(f.Share),
			Reached: f.Reached, Points: f.Points, Lines: linesHTML(f, r.Sources[f.File]), Promotions: promotionsHTML(f),
		})
	}
	return page.Execute(w, out)
}

func promotionsHTML(f coverage.FileResult) []promotionHTML {
	var all []promotionHTML
	for _, points := range f.Outcomes() {
		all = append(all, promotionHTML{points[0].Owner.Name, points})
	}
	return all
}

func tenths(s coverage.Share) string { return fmt.Sprintf("%.1f", s.Tenths()) }

func linesHTML(f coverage.FileResult, source string) []lineHTML {
	shares, missing := f.Lines(), missingIn(f)
	seen := make(map[int][]string)
	for _, p := range f.All {
		if p.Cases > 0 {
			what := strings.TrimSpace(p.Text + " " + p.Want)
			seen[p.Range.Start.Line] = append(seen[p.Range.Start.Line], fmt.Sprintf("%s: %s", what, counted(p.Cases, "case")))
		}
	}
	var lines []lineHTML
	for i, text := range sourceLines(source) {
		line := lineHTML{Number: i + 1, Text: text, Shade: shadeOf(shares[i+1]), Missing: missing[i+1], Title: strings.Join(seen[i+1], "\n")}
		if s := shares[i+1]; s.Points > 0 {
			line.Mark = fmt.Sprintf("%d/%d", s.Reached, s.Points)
		}
		lines = append(lines, line)
	}
	return lines
}
