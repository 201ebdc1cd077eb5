package syntax_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// styles write a text of words as a YAML scalar in every way an author can.
func styles() map[string]func(words []string, breaks []bool) string {
	joined := func(words []string, breaks []bool, sep string) string {
		var b strings.Builder
		for i, w := range words {
			if i > 0 && breaks[i] {
				b.WriteString(sep)
			} else if i > 0 {
				b.WriteString(" ")
			}
			b.WriteString(w)
		}
		return b.String()
	}
	flat := func(words []string) string { return strings.Join(words, " ") }
	return map[string]func([]string, []bool) string{
		"plain":            func(w []string, _ []bool) string { return "when: " + flat(w) + "\n" },
		"plain over lines": func(w []string, b []bool) string { return "when: " + joined(w, b, "\n     ") + "\n" },
		"single quoted":    func(w []string, _ []bool) string { return "when: '" + strings.ReplaceAll(flat(w), "'", "''") + "'\n" },
		"single over lines": func(w []string, b []bool) string {
			return "when: '" + strings.ReplaceAll(joined(w, b, "\n   "), "'", "''") + "'\n"
		},
		"double quoted": func(w []string, _ []bool) string { return "when: \"" + strings.ReplaceAll(flat(w), `"`, `\"`) + "\"\n" },
		"double over lines": func(w []string, b []bool) string {
			return "when: \"" + strings.ReplaceAll(joined(w, b, "\n\n  "), `"`, `\"`) + "\"\n"
		},
		"double, escaped ends": func(w []string, b []bool) string {
			return "when: \"" + strings.ReplaceAll(joined(w, b, " \\\n  "), `"`, `\"`) + "\"\n"
		},
		"literal":           func(w []string, b []bool) string { return "when: |\n    " + joined(w, b, "\n    ") + "\n" },
		"literal, indented": func(w []string, b []bool) string { return "a: 1\nwhen: |-\n  " + joined(w, b, "\n     ") + "\n" },
		"folded":            func(w []string, b []bool) string { return "when: >\n  " + joined(w, b, "\n  ") + "\n" },
		"folded, indented":  func(w []string, b []bool) string { return "when: >-\n  " + joined(w, b, "\n\n    ") + "\n" },
		"in a flow mapping": func(w []string, _ []bool) string {
			return "a: {b: 1, when: \"" + strings.ReplaceAll(flat(w), `"`, `\"`) + "\"}\n"
		},
		"after unicode text": func(w []string, _ []bool) string {
			return "naïve: {größe: “ü”, when: '" + strings.ReplaceAll(flat(w), "'", "''") + "'}\n"
		},
	}
}

func find(v syntax.Value) syntax.Value {
	for _, e := range v.Entries() {
		if e.Name == "when" {
			return e.Value
		}
		if e.Value.Kind() == syntax.Mapping {
			return find(e.Value)
		}
	}
	return syntax.Value{}
}

func textAt(source string, r diag.Range) string {
	lines := strings.Split(source, "\n")
	line := []rune(lines[r.Start.Line-1])
	return string(line[r.Start.Column-1 : r.End.Column-1])
}

func TestPositionsOfWordsPointAtTheWordsInTheFile(t *testing.T) {
	for style, write := range styles() {
		t.Run(style, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				words := rapid.SliceOfN(rapid.SampledFrom([]string{
					"cart.quantity", ">", "3", "and", "not", "vip", `"tv"`, "sku", "in", "größe", "'x'", "==",
				}), 2, 12).Draw(t, "words")
				words[0] = "first"
				breaks := rapid.SliceOfN(rapid.Bool(), len(words), len(words)).Draw(t, "breaks")
				source := write(words, breaks)
				doc := syntax.Parse("f.yaml", []byte(source))
				if err := doc.Faults().Err(); err != nil {
					t.Fatalf("parse:\n%s\n%v", source, err)
				}
				checkWords(t, source, find(doc.Root()))
			})
		})
	}
}

// checkWords demands that the range of every word of the scalar covers that
// word in the source, with quotes as YAML writes them.
func checkWords(t *rapid.T, source string, v syntax.Value) {
	offset := 0
	for _, word := range strings.FieldsFunc(v.Text(), func(r rune) bool { return r == ' ' || r == '\n' }) {
		runes := []rune(v.Text())
		for string(runes[offset:offset+len([]rune(word))]) != word {
			offset++
		}
		got := textAt(source, v.RangeOf(offset, offset+len([]rune(word))))
		plain := strings.NewReplacer(`\"`, `"`, "''", "'").Replace(got)
		if word != plain {
			t.Fatalf("%q of\n%s\nis said to stand at %q", word, source, got)
		}
		offset += len([]rune(word))
	}
}
