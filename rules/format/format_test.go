package format_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/format"
)

func TestSource(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"what is formatted stays", "a:\n  - b: 1\n    c: 2\n", "a:\n  - b: 1\n    c: 2\n"},
		{"items are indented", "a:\n- b: 1\n  c: 2\n", "a:\n  - b: 1\n    c: 2\n"},
		{"deep blocks are indented by two", "a:\n    b:\n        - c:\n              d: 1\n", "a:\n  b:\n    - c:\n        d: 1\n"},
		{"blanks after a dash", "a:\n  -   b: 1\n      c: 2\n", "a:\n  - b: 1\n    c: 2\n"},
		{"blanks after a colon", "a:   1\nbb: 2\n", "a: 1\nbb: 2\n"},
		{"values that are aligned stay aligned", "a:   1\nbbb: 2\nc: 3\n", "a:   1\nbbb: 2\nc: 3\n"},
		{"brackets", "a: { b: 1,c: [ x,y ] ,d: {} }\n", "a: {b: 1, c: [x, y], d: {}}\n"},
		{"a comma at the end stays", "a: [ x,  y, ]\n", "a: [ x,  y, ]\n"},
		{"a key without a value stays", "a: { b,  c: 1 }\n", "a: { b,  c: 1 }\n"},
		{"brackets over lines move", "a:\n    b: [x,\n        y]\n", "a:\n  b: [x,\n      y]\n"},
		{"tables that were aligned are", "t:\n  - {q: 1, total: 49.99, applied: []}\n  - {q: 10,  total: 4.99,  applied: [x]}\n",
			"t:\n  - {q: 1,  total: 49.99, applied: []}\n  - {q: 10, total: 4.99,  applied: [x]}\n"},
		{"tables that were not aligned are not", "t:\n  - {q: 1, total: 49.99}\n  - {q: 10, total: 4.99}\n", "t:\n  - {q: 1, total: 49.99}\n  - {q: 10, total: 4.99}\n"},
		{"rows are aligned as far as they have the same keys", "t:\n  - {q: 1,   a: 1, z: 1}\n  - {q: 10, b: 1}\n", "t:\n  - {q: 1,  a: 1, z: 1}\n  - {q: 10, b: 1}\n"},
		{"a comment between rows parts tables", "t:\n  - {q: 1, b: 1}\n  # ten\n  - {q: 10,  b: 1}\n", "t:\n  - {q: 1, b: 1}\n  # ten\n  - {q: 10, b: 1}\n"},
		{"empty lines", "\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n"},
		{"the end of a line", "a: 1   \nb: 2\t\n# c  \n", "a: 1\nb: 2\n# c\n"},
		{"no line end at the end", "a: 1", "a: 1\n"},
		{"line ends of Windows", "a: 1\r\nb:\r\n- 2\r\n", "a: 1\nb:\n  - 2\n"},
		{"an empty file", "", ""},
		{"nothing but a comment", "  # nothing\n", "# nothing\n"},
		{"a comment goes with what follows", "a:\n    # about b\n    b: 1 # why\n", "a:\n  # about b\n  b: 1 # why\n"},
		{"a comment at the end of a block stays in it", "a:\n    b: 1\n    # c: 2\nd: 3\n", "a:\n  b: 1\n  # c: 2\nd: 3\n"},
		{"a comment before a key stays with it", "a:\n    b: 1\n# about d\nd: 3\n", "a:\n  b: 1\n# about d\nd: 3\n"},
		{"the last comment", "a:\n    b: 1\n    # end\n", "a:\n  b: 1\n  # end\n"},
		{"an expression over lines", "a:\n    when: x and\n      y  and\n        z\n", "a:\n  when: x and\n    y  and\n      z\n"},
		{"an expression below its key", "a:\n    when:\n        x and\n        y\n", "a:\n  when:\n    x and\n    y\n"},
		{"a block of text", "a:\n    text: |\n        x  \n          y\n\n\n        z\n    b: 1\n", "a:\n  text: |\n      x  \n        y\n\n\n      z\n  b: 1\n"},
		{"a folded text that keeps its end", "a:\n    text: >+\n        x\n\n\n    b: 1\n", "a:\n  text: >+\n      x\n\n\n  b: 1\n"},
		{"a # in a text is no comment", "a: \"x # y\"\nb:   'it''s # z'\n", "a: \"x # y\"\nb: 'it''s # z'\n"},
		{"texts outside of ASCII", "a:\n    ö: { 名: \"é\",x: 1 }\n", "a:\n  ö: {名: \"é\", x: 1}\n"},
		{"a list in a list", "a:\n- - x\n  - y\n", "a:\n  - - x\n    - y\n"},
		{"a byte order mark", "\uFEFFa:  1\n", "a: 1\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := format.Source("x.yaml", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSourceLeavesAloneWhatItCannotFormat(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"a dash on a line of its own", "a:\n  -\n    b: 1\n", "format x.yaml: line 3: an item does not stand beside its dash; nothing was changed, so please format it by hand"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := format.Source("x.yaml", []byte(test.source))
			if unsafe, ok := errors.AsType[*format.UnsafeError](err); !ok || unsafe.Error() != test.want {
				t.Errorf("got %q, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestSourceReportsFaults(t *testing.T) {
	_, err := format.Source("x.yaml", []byte("a: [1\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1:4: R0001 ") {
		t.Errorf("got %v, want the place of the bracket", err)
	}
}

// TestSourceOfTheExamples formats the files of the examples, as they are and
// disfigured.
func TestSourceOfTheExamples(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../../examples", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		got, err := format.Source(path, data)
		if err != nil {
			t.Error(err)
			return nil
		}
		wide := strings.ReplaceAll(strings.ReplaceAll(string(data), "\n  ", "\n      "), "\n", " \n")
		again, err := format.Source(path, []byte(wide))
		if err != nil {
			t.Errorf("indented deeper: %v", err)
			return nil
		}
		if diff := cmp.Diff(string(got), string(again)); diff != "" {
			t.Errorf("%s comes out otherwise when it was indented deeper (-as it is +deeper):\n%s", path, diff)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("got %d files, %v; want those of the examples", files, err)
	}
}
