package format_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/format"
)

// FuzzSource formats what nobody would write: it may be refused, but not change what
// a file says, which Source proves itself, nor panic.
func FuzzSource(f *testing.F) {
	files, err := filepath.Glob("../../examples/*/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"a:\n- - b: 1 # c\n", "a: |2+\n    x\n\n", "? a\n: b\n", "a: \"x\n  y\"\n", "- {a: [x, y,], b}\n", "#\n\n# x\na: >-\n x\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := format.Source("x.yaml", data)
		if err != nil && !errors.As(err, new(diag.List)) && !errors.As(err, new(*format.UnsafeError)) {
			t.Errorf("got %v, want faults or a refusal", err)
		}
	})
}
