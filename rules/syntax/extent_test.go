package syntax_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

func TestTheExtentOfAValue(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		path       []string
		want       [4]int
	}{
		{"a plain text", "a: x y # z", []string{"a"}, [4]int{1, 4, 1, 7}},
		{"a text in double quotes", `a: "ä\n" `, []string{"a"}, [4]int{1, 4, 1, 9}},
		{"a text in single quotes", "a: 'it''s'", []string{"a"}, [4]int{1, 4, 1, 11}},
		{"a text of nothing", `a: ""`, []string{"a"}, [4]int{1, 4, 1, 6}},
		{"a plain text over lines", "a: x\n  y\nb: 1", []string{"a"}, [4]int{1, 4, 2, 4}},
		{"a block", "a: |\n  x\n  yz\n\nb: 1", []string{"a"}, [4]int{1, 4, 3, 5}},
		{"null", "a: ~", []string{"a"}, [4]int{1, 4, 1, 5}},
		{"no value", "{a: , b: 1}", []string{}, [4]int{1, 1, 1, 12}},
		{"a list in brackets", "a: [1, 'x' ,] # ]", []string{"a"}, [4]int{1, 4, 1, 14}},
		{"an empty list", "a: [ ]", []string{"a"}, [4]int{1, 4, 1, 7}},
		{"brackets over lines", "a: [1, # one ]\n  {b: [2]}\n]\nb: 1", []string{"a"}, [4]int{1, 4, 3, 2}},
		{"a list of lines", "a:\n  - x\n  - {b: 1}\n", []string{"a"}, [4]int{2, 3, 3, 11}},
		{"a mapping of lines", "a:\n  b: x\n  c:\n    d: yz\ne: 1", []string{"a"}, [4]int{2, 3, 4, 10}},
		{"CRLF", "a:\r\n  b: x\r\n  c: {d: 1}\r\n", []string{"a"}, [4]int{2, 3, 3, 12}},
		{"what has been refused", "a: [x, !z y]", []string{"a"}, [4]int{1, 4, 1, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := syntax.Parse("f.yaml", []byte(tt.text)).Root()
			want := diag.Range{Start: diag.Position{Line: tt.want[0], Column: tt.want[1]}, End: diag.Position{Line: tt.want[2], Column: tt.want[3]}}
			if got := root.At(tt.path).Extent(); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	if got := (syntax.Value{}).Extent(); got != (diag.Range{}) {
		t.Errorf("got %v for nothing", got)
	}
}
