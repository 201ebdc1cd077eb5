package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/difference"
)

// Differences are what two versions of rules do otherwise.
type Differences struct {
	difference.Difference
	// Outcomes are the cases that come out otherwise, of Cases; nil where no tests
	// were looked at.
	Outcomes []difference.Outcome
	Cases    int
}

// Pretty writes a block for each promotion that is new, gone or changed, then the
// policy and the plugins, and the cases.
func (d *Differences) Pretty(w io.Writer) error {
	var b strings.Builder
	for _, c := range d.Promotions {
		sign := map[difference.Kind]string{difference.Added: "+", difference.Removed: "-", difference.Changed: "~"}[c.Kind]
		fmt.Fprintf(&b, "%s %s  %s  (%s)\n", sign, c.Promotion, c.Kind, c.Source)
		writeFields(&b, c.Fields)
	}
	for _, part := range []struct {
		name   string
		fields []difference.Field
	}{{"policy.yaml", d.Policy}, {"plugins", d.Plugins}} {
		if len(part.fields) > 0 {
			fmt.Fprintf(&b, "~ %s  changed\n", part.name)
			writeFields(&b, part.fields)
		}
	}
	if d.Empty() {
		b.WriteString("no promotion means anything else\n")
	}
	d.writeOutcomes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFields(b *strings.Builder, fields []difference.Field) {
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, f := range fields {
		switch {
		case f.Through != nil:
			fmt.Fprintf(table, "    %s\t%s\tthrough %s\n", f.Name, f.New, strings.Join(f.Through, ", "))
		case f.Old == "":
			fmt.Fprintf(table, "    %s\t+ %s\n", f.Name, f.New)
		case f.New == "":
			fmt.Fprintf(table, "    %s\t- %s\n", f.Name, f.Old)
		default:
			fmt.Fprintf(table, "    %s\t%s -> %s\n", f.Name, f.Old, f.New)
		}
	}
	_ = table.Flush() // a Builder has no errors
}

func (d *Differences) writeOutcomes(b *strings.Builder) {
	if d.Outcomes == nil {
		return
	}
	b.WriteString("\n")
	for _, o := range d.Outcomes {
		fmt.Fprintf(b, "%s:%d  %s%s\n", o.File, o.Line, o.Name, rowLabel(o.Row))
		fmt.Fprintf(b, "    old  %s\n    new  %s\n", pricedText(o.Old), pricedText(o.New))
	}
	fmt.Fprintf(b, "%d of %s come out otherwise\n", len(d.Outcomes), counted(d.Cases, "case"))
}

func pricedText(p difference.Priced) string {
	if p.Error != "" {
		return p.Error
	}
	text := p.Total
	if p.Payable != p.Total {
		text += ", payable " + p.Payable
	}
	if len(p.Applied) == 0 {
		return text + "  nothing applied"
	}
	text += "  " + strings.Join(p.Applied, ", ")
	if len(p.Gifts) > 0 {
		text += ", gifts " + strings.Join(p.Gifts, ", ")
	}
	return text
}

// Report returns a report with a note for each promotion that means something else,
// and for each case that comes out otherwise. The folders are those of the rules, from
// where the user stands.
func (d *Differences) Report(name, old, now string) Report {
	r := Report{Name: name}
	for _, c := range d.Promotions {
		folder := now
		if c.Kind == difference.Removed {
			folder = old
		}
		found := note(meansOtherwise, fmt.Sprintf("promotion %s is %s%s", c.Promotion, c.Kind, fieldNames(c.Fields)))
		found.File, found.Range = placeIn(folder, c.Source)
		r.Findings = append(r.Findings, found)
	}
	if len(d.Policy) > 0 {
		found := note(meansOtherwise, "the policy is changed"+fieldNames(d.Policy))
		found.File = path.Join(now, "policy.yaml")
		r.Findings = append(r.Findings, found)
	}
	if len(d.Plugins) > 0 {
		r.Findings = append(r.Findings, note(meansOtherwise, "plugins are changed"+fieldNames(d.Plugins)))
	}
	for _, o := range d.Outcomes {
		found := note(costsOtherwise, fmt.Sprintf("%s%s: old %s; new %s", o.Name, rowLabel(o.Row), pricedText(o.Old), pricedText(o.New)))
		found.File, found.Range.Start = o.File, diag.Position{Line: o.Line, Column: 1}
		found.Range.End = found.Range.Start
		r.Findings = append(r.Findings, found)
	}
	r.Summary = counted(len(r.Findings), "difference")
	return r
}

func note(code diag.Code, message string) diag.Diagnostic {
	return diag.Diagnostic{Code: code, Severity: diag.SeverityNote, Message: message}
}

// fieldNames lists what is changed.
func fieldNames(fields []difference.Field) string {
	if len(fields) == 0 {
		return ""
	}
	var b strings.Builder
	writeFields(&b, fields)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i, line := range lines {
		lines[i] = oneLine(line)
	}
	return ": " + strings.Join(lines, "; ")
}

// placeIn reads file:line:column of a folder.
func placeIn(folder, source string) (file string, at diag.Range) {
	file, rest, _ := strings.Cut(source, ":")
	if _, err := fmt.Sscanf(rest, "%d:%d", &at.Start.Line, &at.Start.Column); err != nil {
		at = diag.Range{} // a place without a line
	}
	at.End = at.Start
	return path.Join(folder, file), at
}

// differencesJSON is version 1 of the format. Fields are only ever added.
type differencesJSON struct {
	Version int `json:"version"`
	difference.Difference
	Cases    int                  `json:"cases,omitempty"`
	Outcomes []difference.Outcome `json:"outcomes,omitempty"`
}

// JSON writes the differences for programs.
func (d *Differences) JSON(w io.Writer) error {
	out := differencesJSON{Version: 1, Difference: d.Difference, Cases: d.Cases, Outcomes: slices.Clone(d.Outcomes)}
	out.Promotions, out.Policy, out.Plugins = orEmpty(out.Promotions), orEmpty(out.Policy), orEmpty(out.Plugins)
	for i := range out.Outcomes {
		o := &out.Outcomes[i]
		o.Old.Applied, o.New.Applied = orEmpty(o.Old.Applied), orEmpty(o.New.Applied)
	}
	return writeJSON(w, out)
}
