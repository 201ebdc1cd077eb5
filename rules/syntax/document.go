package syntax

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Document is a parsed YAML file together with the faults found in it. It is
// not safe for concurrent use.
type Document struct {
	name    string
	lines   []string
	root    *yaml.Node
	faults  diag.List
	current sourceLine // the line that was looked at last
	before  int        // lines of the file before the first of lines
	built   bool       // made by NewDocument: each scalar is on one line
}

// Parse reads one YAML document. Faults of syntax are in Faults, and the root
// is then absent.
func Parse(name string, data []byte) *Document {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	d := &Document{name: name, lines: splitLines(string(data))}
	if !utf8.Valid(data) {
		d.report(diag.Syntax, diag.Range{}, "save the file as UTF-8", "the file is not UTF-8 text")
		return d
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return d
	}
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil && strings.Contains(err.Error(), "no documents") {
		return d // nothing but comments
	} else if err != nil {
		d.reportLoad(err)
		return d
	}
	if len(root.Content) > 0 {
		d.root = d.refuse(root.Content[0])
	}
	return d
}

// splitLines cuts the text where YAML sees a line end, so that lines count as
// the YAML library counts them.
func splitLines(text string) []string {
	starts := LineStarts(text)
	lines := make([]string, len(starts))
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1]
			_, last := utf8.DecodeLastRuneInString(text[start:end])
			if crlf := strings.HasSuffix(text[start:end], "\r\n"); crlf {
				last = 2
			}
			end -= last
		}
		lines[i] = text[start:end]
	}
	return lines
}

// LineStarts returns where each line of a text begins, in bytes. Besides \n, \r and
// the two together, lines end where YAML says that they do.
func LineStarts(text string) []int {
	starts := []int{0}
	for i, r := range text {
		if !isBreak(r) || r == '\r' && strings.HasPrefix(text[i+1:], "\n") {
			continue
		}
		starts = append(starts, i+utf8.RuneLen(r))
	}
	return starts
}

// refuse reports anchors, aliases and tags. It takes out what would mean
// something else without them.
func (d *Document) refuse(n *yaml.Node) *yaml.Node {
	v := Value{d, n}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		v.Report(diag.NotSupported, "give the thing a name under sets or conditions, and quote a text that begins with * or &",
			"anchors and aliases cannot be used here")
	}
	tagged := d.character(v.Position()) == '!'
	if tagged {
		v.Report(diag.NotSupported, "write not for the opposite of a condition, and quote a text that begins with !",
			"YAML reads a ! here as a tag, which cannot be used")
	}
	if n.Kind == yaml.AliasNode || tagged && n.Kind == yaml.ScalarNode {
		return nil
	}
	for i, child := range n.Content {
		n.Content[i] = d.refuse(child)
	}
	return n
}

// Name returns the file's name as given to Parse.
func (d *Document) Name() string { return d.name }

// Root returns the document's value, absent for an empty or broken file.
func (d *Document) Root() Value { return Value{d, d.root} }

// Faults returns what has been found so far.
func (d *Document) Faults() diag.List { return d.faults }

func (d *Document) report(code diag.Code, at diag.Range, hint, format string, args ...any) {
	d.faults = append(d.faults, d.diagnostic(code, at, hint, format, args...))
}

// line returns the text of line n of the file, counted from 1.
func (d *Document) line(n int) string {
	n -= d.before
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// sourceLine is a line taken apart into characters.
type sourceLine struct {
	n     int
	runes []rune
	end   int // the column of the last character that is no blank, 0 without one
}

// sourceLine returns line n. It keeps the last one, because a file may be a
// single long line with any number of faults.
func (d *Document) sourceLine(n int) *sourceLine {
	if d.current.n == n {
		return &d.current
	}
	text := d.line(n)
	end := utf8.RuneCountInString(strings.TrimRightFunc(text, isBlank))
	d.current = sourceLine{n: n, runes: []rune(text), end: end}
	return &d.current
}
