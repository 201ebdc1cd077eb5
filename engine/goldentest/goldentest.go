// Package goldentest compares what tests get with golden files. It serves the
// tests of every package; none of the program imports it.
package goldentest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare compares got with the text of a file, and reports where they differ.
// With UPDATE_GOLDEN in the environment it writes the file instead.
func Compare(t testing.TB, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; UPDATE_GOLDEN=1 rewrites it (-want +got):\n%s", path, diff)
	}
}
