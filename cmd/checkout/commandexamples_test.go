package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

// needsMore says what the examples of some commands need that a folder does not have:
// those are run, with it, by the scripts and tests of their group.
func needsMore() map[string]string {
	return map[string]string{
		"checkout run":            "serves until it is stopped",
		"checkout orders":         "needs orders that were placed",
		"checkout holds":          "needs holds that a server made",
		"checkout coupons":        "needs codes of its own pools",
		"checkout items":          "needs files of items in the shop's database",
		"checkout db":             "names a Postgres server",
		"checkout webhooks":       "needs an endpoint that listens",
		"checkout plugins":        "needs programs that were built",
		"checkout rules record":   "needs an order that was placed",
		"checkout rules mutate":   "runs for long; make ci runs it on the examples",
		"checkout rules backtest": "needs recorded orders",
		"checkout rules lsp":      "serves until its input ends",
	}
}

func needs(cmd *cobra.Command) bool {
	for c := cmd; c.HasParent(); c = c.Parent() {
		if _, listed := needsMore()[c.CommandPath()]; listed {
			return true
		}
	}
	return false
}

// TestExamplesOfTheHelpRun runs the examples of every command that is not listed above
// in a folder with the examples, a folder of rules and a cart.
func TestExamplesOfTheHelpRun(t *testing.T) {
	ran := 0
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			each(child)
		}
		if !cmd.HasParent() || cmd.Example == "" || needs(cmd) {
			return
		}
		dir := folderOfExamples(t)
		for line := range strings.Lines(cmd.Example) {
			// Orders that are placed, and commands that do not end, have tests of their own.
			if line = strings.TrimSpace(line); strings.Contains(line, "--sqlite") || strings.Contains(line, "--watch") {
				continue
			}
			if code, output := in(t, dir, line); code > 1 { // findings are an answer too
				t.Errorf("%s: exit code %d\n%s", line, code, output)
			}
			ran++
		}
	}
	each(cli.Command(cli.Streams{}))
	if ran < 15 {
		t.Errorf("ran %d examples, want most", ran)
	}
}

func folderOfExamples(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	folders := map[string]string{"rules": "examples/quickstart/rules"}
	for _, name := range examples(t) {
		folders["examples/"+name] = "examples/" + name
	}
	for to, from := range folders {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join(root, from))); err != nil {
			t.Fatal(err)
		}
	}
	inventory, err := os.ReadFile(quickstart("inventory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cart := "rules: rules\ncatalogue: inventory.yaml\ncart: [120P90]\n"
	for name, text := range map[string]string{"inventory.yaml": string(inventory), "cart.yaml": cart} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if code, output := in(t, dir, "git init -q -b main && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm rules"); code != 0 {
		t.Fatal(output)
	}
	return dir
}
