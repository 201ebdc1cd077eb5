package lock

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// anew is the advice for what nobody should have written by hand.
const anew = "write the file anew: checkout plugins lock"

// maxVersion is how long a version may be, in bytes.
const maxVersion = 64

// nameForm is the form of a name: a lower-case letter, and after it lower-case letters,
// digits and the others; at most so many characters.
type nameForm struct {
	others string
	most   int
}

// fits reports whether a text has the form.
func (n nameForm) fits(text string) bool {
	for i, c := range []byte(text) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || strings.IndexByte(n.others, c) >= 0)) {
			return false
		}
	}
	return text != "" && len(text) <= n.most
}

// isChecksum reports whether a text is a SHA-256 in lower-case hexadecimal.
func isChecksum(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// reader reads a document.
type reader struct{ places Places }

func (r *reader) lock(v syntax.Value) Lock {
	var l Lock
	for _, e := range v.Entries() {
		if wantName(e.Key, e.Name, nameForm{"-", 40}, "a plugin", "1 to 40 lower-case letters, digits and -, the first a letter") {
			r.places[e.Name] = e.Key
			l.Plugins = append(l.Plugins, plugin(e))
		}
	}
	slices.SortFunc(l.Plugins, func(a, b Plugin) int { return cmp.Compare(a.Name, b.Name) })
	return l
}

func wantName(v syntax.Value, name string, form nameForm, what, want string) bool {
	if form.fits(name) {
		return true
	}
	v.Report(diag.WrongValue, "use "+want, "%.70q cannot be the name of %s", name, what)
	return false
}

func plugin(e syntax.Entry) Plugin {
	m := e.Value.Map("version", "api", "sha256", "deals", "facts")
	if e.Value.Kind() == syntax.Null {
		e.Key.Report(diag.MissingKey, anew, "plugin %s is empty", e.Name)
	}
	p := Plugin{Name: e.Name, Version: versionText(m.Require("version")), SHA256: checksums(m.Get("sha256"))}
	api := m.Require("api")
	p.API, _ = strconv.Atoi(api.Text())
	if api.Present() && (p.API != API || api.Quoted()) {
		api.Report(diag.WrongValue, "use a version of the plugin, or of checkout, that fits the other", "this version speaks version %d of the contract with plugins, not %s", API, api.Describe())
	}
	for _, d := range m.Get("deals").Entries() {
		if wantName(d.Key, d.Name, nameForm{"_-", 64}, "a kind of deal", "1 to 64 lower-case letters, digits, _ and -, the first a letter") {
			p.Deals = append(p.Deals, deal(d))
		}
	}
	for _, f := range m.Get("facts").Entries() {
		if wantName(f.Key, f.Name, nameForm{"_", 64}, "a fact", "1 to 64 lower-case letters, digits and _, the first a letter") {
			p.Facts = append(p.Facts, fact(f))
		}
	}
	slices.SortFunc(p.Deals, func(a, b Deal) int { return cmp.Compare(a.Kind, b.Kind) })
	slices.SortFunc(p.Facts, func(a, b Fact) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

// versionText reads a version, of which nothing is asked but to be short.
func versionText(v syntax.Value) string {
	t, ok := v.WantText()
	if ok && (len(t) > maxVersion || t == "" || strings.ContainsFunc(t, unicode.IsControl)) {
		v.Report(diag.WrongValue, anew, "want a text of one line and 1 to %d bytes", maxVersion)
	}
	return t
}

// docText reads what a plugin says of a thing, in any number of lines.
func docText(v syntax.Value) string {
	t, _ := v.WantText()
	if len(t) > MaxDoc {
		v.Report(diag.WrongValue, anew, "want a text of at most %d bytes", MaxDoc)
	}
	return t
}

func checksums(v syntax.Value) []string {
	var sums []string
	for _, s := range v.Texts() {
		switch {
		case !isChecksum(s.Text()):
			s.Report(diag.WrongValue, anew, "a checksum is 64 digits of lower-case hexadecimal, got %.70q", s.Text())
		case slices.Contains(sums, s.Text()):
			s.Report(diag.Duplicate, "", "the checksum stands in the list already")
		default:
			sums = append(sums, s.Text())
		}
	}
	slices.Sort(sums)
	return sums
}

func deal(e syntax.Entry) Deal {
	m := e.Value.Map("effect", "doc", "schema", "fields")
	if e.Value.Kind() == syntax.Null {
		e.Key.Report(diag.MissingKey, anew, "the kind of deal %s is empty", e.Name)
	}
	d := Deal{Kind: e.Name, Doc: docText(m.Get("doc")), Schema: schemaText(m.Get("schema")), Fields: fields(m.Get("fields"))}
	effects := make(map[string]engine.Effect)
	for _, effect := range engine.Effects() {
		effects[effect.String()] = effect
	}
	d.Effect, _ = word(m.Require("effect"), "effect", effects)
	return d
}

// word reads one of a few words.
func word[T any](v syntax.Value, what string, words map[string]T) (T, bool) {
	t, ok := v.WantText()
	chosen, known := words[t]
	if ok && !known {
		v.Report(diag.WrongValue, diag.Suggest(t, slices.Collect(maps.Keys(words))), "unknown %s %.40q", what, t)
	}
	return chosen, known
}

func fields(v syntax.Value) []string {
	var list []string
	for _, f := range v.Texts() {
		switch {
		case !wantName(f, f.Text(), nameForm{"_.", 64}, "a field of the cart", "lower-case letters, digits, _ and ."):
		case slices.Contains(list, f.Text()):
			f.Report(diag.Duplicate, "", "%q stands in the list already", f.Text())
		default:
			list = append(list, f.Text())
		}
	}
	slices.Sort(list)
	return list
}

// schemaText returns a schema as JSON, and reports one that cannot be used.
func schemaText(v syntax.Value) string {
	if !v.Present() {
		return ""
	}
	data, ok := v.Data()
	if !ok {
		return ""
	}
	schema, err := Canonical(data)
	if err == nil {
		_, err = NewSchema(schema)
	}
	if err != nil {
		v.Report(diag.PluginSchema, "tell the plugin's author", "the schema cannot be used: %v", err)
		return ""
	}
	return schema
}

// Canonical writes what syntax.Value.Data returns as JSON with sorted keys, each
// number with the digits it has.
func Canonical(data any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(data); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func fact(e syntax.Entry) Fact {
	m := e.Value.Map("type", "doc", "fields")
	if e.Value.Kind() == syntax.Null {
		e.Key.Report(diag.MissingKey, anew, "the fact %s is empty", e.Name)
	}
	f := Fact{Name: e.Name, Doc: docText(m.Get("doc")), Fields: fields(m.Get("fields"))}
	f.Type, _ = word(m.Require("type"), "type", typeNames())
	return f
}
