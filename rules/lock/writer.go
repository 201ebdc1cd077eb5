package lock

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Format writes the file: the same lock, with its lists in any order, gives the
// same bytes. What Parse would refuse is the error, a diag.List; a schema that is
// not JSON is one of its own.
func Format(l Lock) ([]byte, error) {
	w := &writer{}
	w.line(0, "# Written by checkout plugins lock, not by hand: it says which plugins these rules were made for.")
	w.line(0, "version: "+strconv.Itoa(Version))
	plugins := slices.SortedFunc(slices.Values(l.Plugins), func(a, b Plugin) int { return cmp.Compare(a.Name, b.Name) })
	w.key(0, "plugins", len(plugins))
	for _, p := range plugins {
		if err := w.plugin(p); err != nil {
			return nil, err
		}
	}
	if _, err := Parse(File, w.text.Bytes()); err != nil {
		return nil, err
	}
	return w.text.Bytes(), nil
}

// writer writes YAML in blocks, two blanks a level.
type writer struct{ text bytes.Buffer }

func (w *writer) line(level int, text string) {
	w.text.WriteString(strings.Repeat("  ", level) + text + "\n")
}

// key begins a mapping of n entries.
func (w *writer) key(level int, key string, n int) {
	if n == 0 {
		w.line(level, quoted(key)+": {}")
		return
	}
	w.line(level, quoted(key)+":")
}

func (w *writer) plugin(p Plugin) error {
	w.line(1, quoted(p.Name)+":")
	w.line(2, "version: "+quoted(p.Version))
	w.line(2, "api: "+strconv.Itoa(p.API))
	w.texts(2, "sha256", p.SHA256)
	w.key(2, "deals", len(p.Deals))
	for _, d := range slices.SortedFunc(slices.Values(p.Deals), func(a, b Deal) int { return cmp.Compare(a.Kind, b.Kind) }) {
		if err := w.deal(d); err != nil {
			return fmt.Errorf("write %s: plugin %s: %w", File, p.Name, err)
		}
	}
	w.key(2, "facts", len(p.Facts))
	for _, f := range slices.SortedFunc(slices.Values(p.Facts), func(a, b Fact) int { return cmp.Compare(a.Name, b.Name) }) {
		w.line(3, quoted(f.Name)+":")
		w.line(4, "type: "+TypeName(f.Type))
		w.doc(4, f.Doc)
		w.texts(4, "fields", f.Fields)
	}
	return nil
}

func (w *writer) deal(d Deal) error {
	w.line(3, quoted(d.Kind)+":")
	w.line(4, "effect: "+d.Effect.String())
	w.doc(4, d.Doc)
	if d.Schema != "" {
		var schema any
		decoder := json.NewDecoder(strings.NewReader(d.Schema))
		decoder.UseNumber()
		if err := decoder.Decode(&schema); err != nil {
			return fmt.Errorf("the schema of %s is not JSON: %w", d.Kind, err)
		}
		w.value(4, "schema:", schema)
	}
	w.texts(4, "fields", d.Fields)
	return nil
}

func (w *writer) doc(level int, doc string) {
	if doc != "" {
		w.line(level, "doc: "+quoted(doc))
	}
}

// texts writes a list of texts, sorted.
func (w *writer) texts(level int, key string, list []string) {
	if len(list) == 0 {
		w.line(level, key+": []")
		return
	}
	w.line(level, key+":")
	for _, text := range slices.Sorted(slices.Values(list)) {
		w.line(level+1, "- "+quoted(text))
	}
}

// value writes a JSON value after its key or dash.
func (w *writer) value(level int, before string, value any) {
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 0 {
			w.line(level, before+" {}")
			return
		}
		w.line(level, before)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			w.value(level+1, quoted(key)+":", value[key])
		}
	case []any:
		if len(value) == 0 {
			w.line(level, before+" []")
			return
		}
		w.line(level, before)
		for _, element := range value {
			w.value(level+1, "-", element)
		}
	case string:
		w.line(level, before+" "+quoted(value))
	case nil:
		w.line(level, before+" null")
	default: // a number, true or false
		w.line(level, fmt.Sprintf("%s %v", before, value))
	}
}

// quoted writes a text, in quotes unless it is a plain word.
func quoted(text string) string {
	plain := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*( [A-Za-z][A-Za-z0-9_-]*)*$`).MatchString(text)
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(text)) {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r >= 0xfff0 && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
