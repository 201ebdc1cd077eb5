package syntax

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Document is a parsed YAML file together with the faults found in it. It is
// not safe for concurrent use.
type Document struct {
	name   string
	lines  []string
	root   *yaml.Node
	faults diag.List
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
	if err := yaml.Load(data, &root); err != nil {
		d.reportLoad(err)
		return d
	}
	if len(root.Content) > 0 && d.refuseAliases(&root) {
		d.root = root.Content[0]
	}
	return d
}

func splitLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// reportLoad turns the YAML library's error into a diagnostic.
func (d *Document) reportLoad(err error) {
	var load *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		load = many.Errors[0]
	}
	if load == nil && !errors.As(err, &load) {
		d.report(diag.Syntax, diag.Range{}, "", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	message := strings.TrimPrefix(load.Message, "yaml: ")
	at := diag.Position{Line: max(1, load.Mark.Line), Column: max(1, load.Mark.Column)}
	d.report(diag.Syntax, diag.Range{Start: at, End: at}, syntaxHint(message), "%s", message)
}

func syntaxHint(message string) string {
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		return "quote an expression that contains a colon"
	case strings.Contains(message, "tab"), strings.Contains(message, "cannot start any token"):
		return "indent with blanks, and quote text that begins with a special character"
	default:
		return ""
	}
}

// refuseAliases reports anchors and aliases, and whether there are none.
func (d *Document) refuseAliases(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		Value{d, n}.Report(diag.NotSupported, "give the thing a name under sets or conditions", "anchors and aliases cannot be used here")
		return false
	}
	for _, child := range n.Content {
		if !d.refuseAliases(child) {
			return false
		}
	}
	return true
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

// line returns the text of line n, counted from 1.
func (d *Document) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}
