package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

// commands returns all commands below the program's.
func commands(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, child := range cmd.Commands() {
		all = append(append(all, child), commands(child)...)
	}
	return all
}

// table is what checkout help exit-codes lists, by code.
func table(t *testing.T) (lines []string, codes map[string]bool) {
	t.Helper()
	code, out, _ := run(t.Context(), "help", "exit-codes")
	if code != 0 {
		t.Fatalf("got exit code %d for the table of exit codes", code)
	}
	codes = make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^ +(\d+)  .+$`).FindAllStringSubmatch(out, -1) {
		lines, codes[m[1]] = append(lines, strings.TrimPrefix(m[0], "  ")), true
	}
	if len(codes) != 7 {
		t.Fatalf("got %d exit codes, want 7:\n%s", len(codes), out)
	}
	return lines, codes
}

func TestTheReadmeHasTheTableOfExitCodes(t *testing.T) {
	lines, _ := table(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n\n    " + strings.Join(lines, "\n    ") + "\n\n"; !strings.Contains(string(page), want) {
		t.Errorf("README.md lacks the table of exit codes:\n%s", want)
	}
}

// Groups say what their findings are and leave the rest to the table; no help gives
// a code another meaning.
func TestHelpAgreesAboutExitCodes(t *testing.T) {
	_, codes := table(t)
	root := cli.Command(cli.Streams{})
	for _, cmd := range commands(root) {
		if cmd.Name() == "exit-codes" {
			continue
		}
		refers := strings.Contains(cmd.Long, `see "checkout help exit-codes"`)
		if group := cmd.Parent() == root && cmd.HasAvailableSubCommands() && cmd.Name() != "completion"; refers != group {
			t.Errorf("%s: refers to the table of exit codes: %t, want %t", cmd.CommandPath(), refers, group)
		}
		for _, m := range regexp.MustCompile(`(?i)exit(?: |\n)codes?(?: |\n)(?:is(?: |\n))?(\d+)`).FindAllStringSubmatch(cmd.Long, -1) {
			if !codes[m[1]] || m[1] != "1" {
				t.Errorf("%s says %q; only findings, code 1, are a command's own", cmd.CommandPath(), m[0])
			}
		}
		if strings.Contains(strings.ToLower(cmd.Long), "exit codes:") {
			t.Errorf("%s has a table of exit codes of its own", cmd.CommandPath())
		}
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	for _, cmd := range commands(cli.Command(cli.Streams{})) {
		if !cmd.Runnable() || cmd.HasSubCommands() || cmd.Hidden {
			continue
		}
		if without := []string{"checkout help"}; slices.Contains(without, cmd.CommandPath()) {
			continue
		}
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
	}
}
