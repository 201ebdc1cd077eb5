package conformance_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/checkout-promotions/checkout/plugins/conformance"
)

func TestExamplesConform(t *testing.T) {
	for _, name := range []string{"loyalty", "spend-challenge", "node-round-down"} {
		t.Run(name, func(t *testing.T) {
			var output bytes.Buffer
			report, err := conformance.Check(t.Context(), build(t, name), conformance.Options{Output: &output})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Results) != 23 {
				t.Errorf("%d checks were made, want 23", len(report.Results))
			}
			for _, r := range report.Results {
				if !r.OK() {
					t.Errorf("%s: %s", r.Name, r.Reason)
				}
			}
			if t.Failed() {
				t.Logf("the plugin wrote:\n%s", &output)
			}
		})
	}
}

// build builds an example plugin and returns its path.
func build(t *testing.T, name string) string {
	t.Helper()
	if name == "node-round-down" {
		cmd := exec.Command("../../tools/node.sh")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return filepath.Join("../../examples/plugins", name, "dist", name)
	}
	path := filepath.Join(t.TempDir(), name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", path, "./examples/plugins/"+name)
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return path
}
