package syntax

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// complaint says in an author's words what the YAML library reports.
type complaint struct {
	library       string // a part of the library's message
	message, hint string
	open          string // the message where the file ends before the thing does
}

func complaints() []complaint {
	return []complaint{
		{library: "mapping values are not allowed", message: "a colon cannot stand here",
			hint: "check the indentation, and quote an expression that contains a colon"},
		{library: "did not find expected key", message: "this does not belong to what stands before it",
			hint: `check the indentation; where a text begins with quotes, quote the whole: "'vip' in customer.groups"`},
		{library: "did not find expected ',' or '}'", message: "a comma or } is missing here", open: "this { is not closed",
			hint: "quote an expression inside { } that has a bracket, a comma or a #"},
		{library: "did not find expected ',' or ']'", message: "a comma or ] is missing here", open: "this [ is not closed",
			hint: "quote an expression inside [ ] that has a bracket, a comma or a #"},
		{library: "did not find expected '-' indicator", message: "an item of the list has to begin with - here",
			hint: "indent all items of a list alike"},
		{library: "could not find expected ':'", message: "a key without a colon", hint: "write key: value"},
		{library: "block sequence entries are not allowed", message: "a list cannot begin here", hint: "begin it on a line of its own"},
		{library: "tab", message: "a tab cannot indent", hint: "indent with blanks"},
		{library: "found unexpected end of stream", message: "the quotes are not closed", open: "these quotes are not closed"},
		{library: "found unknown escape character", message: `an unknown character after \`, hint: `use single quotes, in which \ has no meaning`},
		{library: "cannot start any token", message: "no value can begin with this character", hint: "quote the text"},
		{library: "unknown anchor", message: "* begins an alias, which cannot be used here", hint: "quote a text that begins with *"},
		{library: "multiple", message: "a second document begins here", hint: "remove the line ---, or make it a file of its own"},
	}
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
	library := strings.TrimPrefix(load.Message, "yaml: ")
	at, open := d.placeOf(load)
	if d.character(at) == '\t' {
		library = "tab"
	}
	message, hint := library, ""
	for _, c := range complaints() {
		if strings.Contains(library, c.library) {
			message, hint = c.message, c.hint
			if open && c.open != "" {
				message = c.open
			}
			break
		}
	}
	d.report(diag.Syntax, diag.Range{Start: at, End: at}, hint, "%s", message)
}

// placeOf returns where the library found the fault, or, when it only noticed
// at the end of the file, where the thing began that is open there.
func (d *Document) placeOf(load *yaml.LoadError) (at diag.Position, open bool) {
	if strings.Contains(load.Message, "multiple") {
		return d.secondDocument(), false
	}
	end := len(d.lines)
	for end > 1 && strings.TrimSpace(d.lines[end-1]) == "" {
		end--
	}
	mark := load.Mark
	if open = mark.Line > end && load.ContextMark.Line > 0; open {
		mark = load.ContextMark
	}
	return diag.Position{Line: max(1, mark.Line), Column: max(1, mark.Column)}, open
}

// secondDocument is the line that ends the first document.
func (d *Document) secondDocument() diag.Position {
	begun := false
	for i, line := range d.lines {
		if begun && strings.HasPrefix(line, "---") {
			return diag.Position{Line: i + 1, Column: 1}
		}
		text := strings.TrimSpace(line)
		begun = begun || text != "" && text[0] != '#' && text[0] != '%'
	}
	return diag.Position{Line: 1, Column: 1}
}

// character returns the character at the position, 0 when there is none.
func (d *Document) character(at diag.Position) rune {
	line := d.sourceLine(at.Line).runes
	if at.Column < 1 || at.Column > len(line) {
		return 0
	}
	return line[at.Column-1]
}
