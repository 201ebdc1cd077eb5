package compile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// TestFaults compiles the rule files of each archive in testdata/faults and
// compares all that is said about them with its last file, want.txt, which
// UPDATE_GOLDEN=1 rewrites.
func TestFaults(t *testing.T) {
	for _, path := range archives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rules, want := split(t, archive)
			got := faultsOf(t, rules)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				rewrite(t, path, archive, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs; UPDATE_GOLDEN=1 rewrites it (-want +got):\n%s", path, diff)
			}
		})
	}
}

func archives(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	return paths
}

// split takes the wanted text off the rule files.
func split(t *testing.T, archive *txtar.Archive) (rules []compile.File, want string) {
	t.Helper()
	last := len(archive.Files) - 1
	if last < 0 || archive.Files[last].Name != "want.txt" {
		t.Fatal("the last file is not want.txt")
	}
	for _, f := range archive.Files[:last] {
		rules = append(rules, compile.File{Name: f.Name, Data: f.Data})
	}
	return rules, string(archive.Files[last].Data)
}

// faultsOf returns the whole text that a user sees.
func faultsOf(t *testing.T, files []compile.File) string {
	t.Helper()
	_, err := compile.Compile(files)
	var list diag.List
	if !errors.As(err, &list) {
		t.Fatalf("got %v, want a list of faults", err)
	}
	return list.Render()
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, got string) {
	t.Helper()
	archive.Files[len(archive.Files)-1].Data = []byte(got)
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
