package config_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden compares got with the text of a file, or writes the file when UPDATE_GOLDEN is set.
func golden(t *testing.T, path, got string) {
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
