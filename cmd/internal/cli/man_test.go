package cli_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestManualPagesAreRendered has groff, by which man shows pages, read all of them
// with all of its warnings.
func TestManualPagesAreRendered(t *testing.T) {
	folder := t.TempDir()
	if code, _, err := run(t.Context(), "man", folder); code != 0 {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(folder, "checkout*.1"))
	if err != nil || len(pages) < 60 {
		t.Fatalf("got %d pages and %v, want one for each command", len(pages), err)
	}
	output, err := exec.CommandContext(t.Context(), "groff", append([]string{"-man", "-ww", "-Tutf8", "-z"}, pages...)...).CombinedOutput()
	if err != nil || len(output) > 0 {
		t.Errorf("groff (make groff installs it): %v\n%s", err, output)
	}
}
